"""Range requests (RFC 9110, section 14)."""

import re

from django.http import HttpRequest

RANGE = re.compile(r"bytes\s*=\s*(?:([0-9]{1,18})-([0-9]{0,18})|-([0-9]{1,18}))\s*", re.IGNORECASE)
"""One range. A request for several gets the whole file, as section 14.2 allows."""


class RangeNotSatisfiable(ValueError):
    """The file has none of the requested bytes."""


def requested_range(request: HttpRequest, size: int, etag: str) -> range | None:
    """Return the requested bytes of a file of `size` bytes, or None for the whole file. Raise RangeNotSatisfiable.

    The range is ignored if If-Range names another ETag, or a date (section 13.1.5).
    """
    match = RANGE.fullmatch(request.headers.get("Range", ""))
    if match is None or request.method != "GET" or request.headers.get("If-Range", etag) != etag:
        return None
    first, last, suffix = match.groups()
    if suffix:
        part = range(max(size - int(suffix), 0), size)
    elif last and int(last) < int(first):
        return None  # an invalid range is ignored
    else:
        part = range(int(first), min(int(last) + 1 if last else size, size))
    if not part:
        raise RangeNotSatisfiable
    return part
