"""Jobs, as the hub watches them: by their ids or by their owner, with a snapshot of each that has changed.

A tick is one query for each of the two sources, and a second one for the rows of the jobs that did change.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

from progress.live.hub import Source
from progress.models import Job

LOOKING_BACK = timedelta(seconds=1)
"""Each tick looks at what changed in this time. A thorough one looks at all that is watched: jobs may be deleted."""

LATEST = timedelta(seconds=60)
"""A thorough tick for owners looks this far back: a long transaction may commit late."""

AT_ONCE = 10_000
"""How many ids a question may have; SQLite takes 32,766."""


class Snapshot:
    """A job as it was at some version, and what was made of it, so that it is made once for all who watch."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.made: dict[str, bytes] = {}


class Jobs(Source[UUID, Snapshot | None]):
    """The news of a job that is no more are None."""

    def __init__(self) -> None:
        super().__init__()
        self._versions: dict[UUID, int] = {}  # the newest that the watchers of each job have been told

    def changes(self, thorough: bool) -> Iterator[tuple[UUID, Snapshot | None]]:
        if thorough:
            watched = list(self.watching)
            versions = _versions(watched)
            yield from ((job_id, None) for job_id in watched if job_id not in versions)
        else:
            versions = dict(Job.objects.changed_within(LOOKING_BACK).values_list("pk", "version"))
        newer = [job_id for job_id, version in versions.items() if self._is_news(job_id, version)]
        for job in Job.objects.filter(pk__in=newer).defer("arguments", "task") if newer else ():
            yield job.pk, Snapshot(job)

    def mark_reported(self, key: UUID, news: Snapshot | None) -> None:
        if news:
            self._versions[key] = news.job.version

    def discard(self, key: UUID) -> None:
        self._versions.pop(key, None)

    def _is_news(self, job_id: UUID, version: int) -> bool:
        return job_id in self.watching and version > self._versions.get(job_id, -1)


class OwnedJobs(Source[Any, dict[UUID, Snapshot]]):
    """All jobs of the users who watch, by the ids of the users. Deletions are not reported."""

    def __init__(self) -> None:
        super().__init__()
        self._versions: dict[UUID, int] = {}  # of the jobs that have changed lately

    def changes(self, thorough: bool) -> Iterator[tuple[Any, dict[UUID, Snapshot]]]:
        changed = Job.objects.changed_within(LATEST if thorough else LOOKING_BACK)
        versions = dict(changed.filter(owner__in=list(self.watching)).values_list("pk", "version"))
        newer = [job_id for job_id, version in versions.items() if version > self._versions.get(job_id, -1)]
        found: dict[Any, dict[UUID, Snapshot]] = defaultdict(dict)
        for job in Job.objects.filter(pk__in=newer).defer("arguments", "task") if newer else ():
            found[job.owner_id][job.pk] = Snapshot(job)
        self._versions = versions if thorough else self._versions | versions
        yield from found.items()

    def merge(self, older: dict[UUID, Snapshot], newer: dict[UUID, Snapshot]) -> dict[UUID, Snapshot]:
        return older | newer


def _versions(job_ids: list[UUID]) -> dict[UUID, int]:
    """Of those of them that are there."""
    versions: dict[UUID, int] = {}
    for first in range(0, len(job_ids), AT_ONCE):
        some = job_ids[first : first + AT_ONCE]
        versions |= Job.objects.filter(pk__in=some).values_list("pk", "version")
    return versions


def visible_jobs(user: Any, ids: Iterable[UUID]) -> dict[UUID, Job]:
    """Return the jobs with these ids that the user may see and that haven't expired."""
    jobs = Job.objects.visible_to(user).filter(pk__in=ids)
    return {job.pk: job for job in jobs if not job.has_expired}
