"""Context of log lines: the id of the request that caused the work, and in a worker also the job and its attempt.

A middleware calls `bind_request_id`, and a log formatter adds `fields()` to each line. A job stores the id of the
request that enqueued it; its attempts, and the jobs that they enqueue, run under the same id.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # logging is configured before models can be imported
    from progress.models import Job

_fields: ContextVar[Mapping[str, str | int]] = ContextVar("log_context", default=MappingProxyType({}))


def bind_request_id(request_id: str) -> None:
    """Set the request that the current thread or greenlet works for, until the next call."""
    _fields.set({"request_id": request_id})


@contextmanager
def bind_job(job: "Job") -> Iterator[None]:
    """Add the job's current attempt to all log lines of the block."""
    token = _fields.set({"request_id": job.request_id, "job_id": str(job.pk), "attempt": job.attempt})
    try:
        yield
    finally:
        _fields.reset(token)


def fields() -> Mapping[str, str | int]:
    """Return those of `request_id`, `job_id` and `attempt` that are known."""
    return _fields.get()


def request_id() -> str:
    """Return the id of the request that caused the current work, or "" if there is none."""
    return str(_fields.get().get("request_id", ""))
