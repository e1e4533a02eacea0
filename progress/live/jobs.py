"""Sources of the hub that watch jobs, by their ids or by their owners.

At each tick, a source queries versions, and then the rows of the jobs that have changed.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import timedelta
from uuid import UUID

from django.contrib.auth.models import User

from progress.live.hub import Source
from progress.models import Job

TICK_PERIOD = timedelta(seconds=1)
"""Period before each tick whose changes are queried. A thorough tick queries all watched ids, and finds deletions."""

THOROUGH_PERIOD = timedelta(seconds=60)
"""The same for a thorough tick for owners: changes of a long transaction become visible late."""

MAX_IDS_PER_QUERY = 10_000
"""SQLite's limit is 32,766."""


class Snapshot:
    """Job at some version. `encoded` caches its event by base URL, so that all streams share one encoding."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.encoded: dict[str, bytes] = {}


class Jobs(Source[UUID, Snapshot | None]):
    """Jobs by id. The change of a deleted job is None."""

    def __init__(self) -> None:
        super().__init__()
        self._versions: dict[UUID, int] = {}  # the latest of each job that its watchers have received

    def changes(self, thorough: bool) -> Iterator[tuple[UUID, Snapshot | None]]:
        if thorough:
            watched = list(self.watching)
            versions = _versions(watched)
            yield from ((job_id, None) for job_id in watched if job_id not in versions)
        else:
            versions = dict(Job.objects.changed_within(TICK_PERIOD).values_list("pk", "version"))
        newer = [job_id for job_id, version in versions.items() if self._is_new(job_id, version)]
        for job in Job.objects.filter(pk__in=newer).defer("arguments", "task") if newer else ():
            yield job.pk, Snapshot(job)

    def mark_reported(self, key: UUID, change: Snapshot | None) -> None:
        if change:
            self._versions[key] = change.job.version

    def discard(self, key: UUID) -> None:
        self._versions.pop(key, None)

    def _is_new(self, job_id: UUID, version: int) -> bool:
        return job_id in self.watching and version > self._versions.get(job_id, -1)


class OwnedJobs(Source[int, dict[UUID, Snapshot]]):
    """All jobs of a user, by the user's id. Deletions are not reported."""

    def __init__(self) -> None:
        super().__init__()
        self._versions: dict[UUID, int] = {}  # of the recently changed jobs

    def changes(self, thorough: bool) -> Iterator[tuple[int, dict[UUID, Snapshot]]]:
        changed = Job.objects.changed_within(THOROUGH_PERIOD if thorough else TICK_PERIOD)
        versions = dict(changed.filter(owner__in=list(self.watching)).values_list("pk", "version"))
        newer = [job_id for job_id, version in versions.items() if version > self._versions.get(job_id, -1)]
        found: dict[int, dict[UUID, Snapshot]] = defaultdict(dict)
        for job in Job.objects.filter(pk__in=newer).defer("arguments", "task") if newer else ():
            found[job.owner_id][job.pk] = Snapshot(job)
        self._versions = versions if thorough else self._versions | versions
        yield from found.items()

    def merge(self, older: dict[UUID, Snapshot], newer: dict[UUID, Snapshot]) -> dict[UUID, Snapshot]:
        return older | newer


def _versions(job_ids: list[UUID]) -> dict[UUID, int]:
    """Return the versions of those of the jobs that exist."""
    versions: dict[UUID, int] = {}
    for first in range(0, len(job_ids), MAX_IDS_PER_QUERY):
        some = job_ids[first : first + MAX_IDS_PER_QUERY]
        versions |= Job.objects.filter(pk__in=some).values_list("pk", "version")
    return versions


def visible_jobs(user: User, ids: Iterable[UUID]) -> dict[UUID, Job]:
    """Return the jobs with these ids that the user may see and that haven't expired."""
    jobs = Job.objects.visible_to(user).filter(pk__in=ids)
    return {job.pk: job for job in jobs if not job.has_expired}
