"""Where the work at hand comes from: a request, and in a worker a job and its attempt. It is for whoever writes a log.

Whoever serves requests calls `request_begins`. A job keeps the id of the request that enqueued it, and its attempts run
under that id, as do the jobs that they enqueue in their turn. This module knows nothing of requests but their ids.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # what writes logs is there before there are models
    from progress.models import Job

_origin: ContextVar[Mapping[str, Any]] = ContextVar("origin", default=MappingProxyType({}))


def request_begins(request_id: str) -> None:
    """From now on this thread, or greenlet, works for that request."""
    _origin.set({"request_id": request_id})


@contextmanager
def of_job(job: "Job") -> Iterator[None]:
    """What happens in this block belongs to the job's present attempt."""
    token = _origin.set({"request_id": job.request_id, "job_id": str(job.pk), "attempt": job.attempt})
    try:
        yield
    finally:
        _origin.reset(token)


def known() -> Mapping[str, Any]:
    """What is known of it: some of `request_id`, `job_id` and `attempt`."""
    return _origin.get()


def request_id() -> str:
    """The id of the request that all this is done for; empty if there is none."""
    return _origin.get().get("request_id", "")
