"""Range requests (RFC 9110 §14): which bytes of a file somebody asks for."""

import re

from django.http import HttpRequest

RANGE = re.compile(r"bytes\s*=\s*(?:([0-9]{1,18})-([0-9]{0,18})|-([0-9]{1,18}))\s*", re.IGNORECASE)
"""One range; whoever asks for several gets the whole, as §14.2 allows."""


class Unsatisfiable(ValueError):
    """The file has none of the bytes that were asked for."""


def wanted(request: HttpRequest, size: int, etag: str) -> range | None:
    """The bytes that were asked for, of `size`; None for the whole. Raises Unsatisfiable (§15.5.17).

    With If-Range a part is only wanted of the file that has this ETag (§13.1.5): a date there matches none.
    """
    match = RANGE.fullmatch(request.headers.get("Range", ""))
    if match is None or request.method != "GET" or request.headers.get("If-Range", etag) != etag:
        return None
    first, last, suffix = match.groups()
    if suffix:
        part = range(max(size - int(suffix), 0), size)
    elif last and int(last) < int(first):
        return None  # not a range at all
    else:
        part = range(int(first), min(int(last) + 1 if last else size, size))
    if not part:
        raise Unsatisfiable
    return part
