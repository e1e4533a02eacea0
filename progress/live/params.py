"""Query parameters of the requests that watch jobs. Invalid values raise BadRequest with a message for the client.

?id=<uuid>&id=<uuid>:<version>   the jobs, each with the version that the client already has
?after=<version>&wait=<seconds>  delay the response until there is a newer version, at most this long
?filter=<name>                   instead of ids: the states of the jobs
"""

from uuid import UUID

from django.core.exceptions import BadRequest
from django.http import HttpRequest

from progress.listing import FILTERS
from progress.models import State

MAX_IDS = 100
MAX_WAIT_SECONDS = 30.0

MAX_VERSION = 2**63 - 1
UNKNOWN = -1
"""The version of a job that the client has not received yet."""


def parse_ids(request: HttpRequest) -> dict[UUID, int]:
    """Return the version that the client has of each job named by `id`, or UNKNOWN. Raise BadRequest."""
    ids = request.GET.getlist("id")
    if not ids:
        raise BadRequest("Name the jobs: ?id=<uuid>&id=<uuid>")
    if len(ids) > MAX_IDS:
        raise BadRequest(f"Send at most {MAX_IDS} ids in one request. This one has {len(ids)}.")
    return dict(map(_id_and_version, ids))


def parse_after(request: HttpRequest) -> int:
    """Return `after`, the version that the client has of a single job, or UNKNOWN. Raise BadRequest."""
    text = request.GET.get("after")
    return UNKNOWN if text is None else _version("after", text)


def parse_wait(request: HttpRequest) -> float:
    """Return `wait` in seconds, 0 by default. Raise BadRequest."""
    text = request.GET.get("wait", "0")
    whole, point, fraction = text.partition(".")
    is_number = len(text) < 10 and _is_number(whole) and (not point or _is_number(fraction))
    if not is_number or float(text) > MAX_WAIT_SECONDS:
        raise BadRequest(f"wait must be a number of seconds from 0 to {MAX_WAIT_SECONDS:.0f}.")
    return float(text)


def parse_filter(request: HttpRequest) -> tuple[State, ...]:
    """Return the states of the jobs in the list that `filter` names, by default of all jobs. Raise BadRequest."""
    try:
        return FILTERS[request.GET.get("filter", "all")]
    except KeyError:
        raise BadRequest("Use ?filter=all, unfinished, failed or finished.") from None


def _id_and_version(text: str) -> tuple[UUID, int]:
    job_id, colon, version = text.partition(":")
    try:
        uuid = UUID(job_id)
    except ValueError:
        raise BadRequest("Each id must be the UUID of a job, optionally followed by :<version>.") from None
    return uuid, _version("The version after an id", version) if colon else UNKNOWN


def _version(name: str, text: str) -> int:
    if not _is_number(text) or len(text) > 19 or int(text) > MAX_VERSION:
        raise BadRequest(f"{name} must be the version of a job: a whole number, 0 or more.")
    return int(text)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal()
