"""What a request to watch jobs asks for, read from its query; bad values are refused with words that help.

?id=<uuid>&id=<uuid>:<version>   which jobs, and what the asker knows of them already
?after=<version>&wait=<seconds>  hold the answer until there is something newer, but at most so long
"""

from uuid import UUID

from django.core.exceptions import BadRequest
from django.http import HttpRequest

MOST_IDS = 100
LONGEST_WAIT = 30.0
"""Seconds."""

LARGEST_VERSION = 2**63 - 1
UNKNOWN = -1
"""The version of a job of which the asker knows nothing."""


def known_versions(request: HttpRequest) -> dict[UUID, int]:
    """The ids, and the version of each that the asker has seen. Raises BadRequest."""
    asked = request.GET.getlist("id")
    if not asked:
        raise BadRequest("Say which jobs: ?id=<uuid>&id=<uuid>")
    if len(asked) > MOST_IDS:
        raise BadRequest(f"These are {len(asked)} ids; ask for at most {MOST_IDS} at once.")
    return dict(map(_id_and_version, asked))


def known_version(request: HttpRequest) -> int:
    """`after`, for a single job. Raises BadRequest."""
    text = request.GET.get("after")
    return UNKNOWN if text is None else _version("after", text)


def seconds_to_wait(request: HttpRequest) -> float:
    """`wait`; 0 if there is none. Raises BadRequest."""
    text = request.GET.get("wait", "0")
    whole, point, part = text.partition(".")
    if not (_is_number(whole) and (not point or _is_number(part)) and len(text) < 10 and float(text) <= LONGEST_WAIT):
        raise BadRequest(f"wait is a number of seconds from 0 to {LONGEST_WAIT:.0f}.")
    return float(text)


def _id_and_version(text: str) -> tuple[UUID, int]:
    job_id, colon, version = text.partition(":")
    try:
        uuid = UUID(job_id)
    except ValueError:
        raise BadRequest("Each id is the UUID of a job; :<version> may follow.") from None
    return uuid, _version("The version after an id", version) if colon else UNKNOWN


def _version(name: str, text: str) -> int:
    if not _is_number(text) or len(text) > 19 or int(text) > LARGEST_VERSION:
        raise BadRequest(f"{name} is the version of a job: a whole number, 0 or more.")
    return int(text)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal()
