"""The list of a user's jobs, for the Activity page and the API: what runs, waits, has failed, and has ended otherwise.

A cursor has the number of the state in this order, the creation time and the id. A job whose state changes between two
requests may be on both pages or on none.
"""

from datetime import datetime
from uuid import UUID

from django.contrib.auth.models import User

from progress.models import LIST_ORDER, UNFINISHED, Job, JobQuerySet, State
from progress.pagination import InvalidCursor, parse_time_cursor, time_cursor

FILTERS: dict[str, tuple[State, ...]] = {
    "all": tuple(State),
    "unfinished": UNFINISHED,
    "failed": (State.FAILED,),
    "finished": (State.SUCCEEDED, State.FAILED, State.CANCELLED),
}
"""The states of the jobs in a filtered list."""

RANKS = [str(rank) for rank in range(len(LIST_ORDER) + 1)]
"""The numbers of states in cursors."""


def list_jobs(owner: User, states: tuple[State, ...] = tuple(State), cursor: str = "") -> JobQuerySet:
    """Return the jobs in these states that have not expired, or those after the cursor. Raise InvalidCursor."""
    jobs = Job.objects.visible_to(owner).filter(state__in=states).not_expired().for_list()
    return jobs.listed_after(*_parse(cursor)) if cursor else jobs


def cursor_of(job: Job) -> str:
    return f"{job.list_rank}_{time_cursor(job.created_at, job.pk)}"


def _parse(cursor: str) -> tuple[int, datetime, UUID]:
    rank, _, time_and_id = cursor.partition("_")
    if rank not in RANKS:
        raise InvalidCursor
    return int(rank), *parse_time_cursor(time_and_id)
