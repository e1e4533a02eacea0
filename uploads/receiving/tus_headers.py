"""The headers of tus 1.0.0 (https://tus.io/protocols/resumable-upload).

Invalid request headers raise BadRequest with a message that says what is valid.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Callable
from uuid import UUID

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve

from uploads.receiving.body import is_chunked

VERSION = "1.0.0"
BODY_TYPE = "application/offset+octet-stream"
ALGORITHMS = ("sha1", "sha256", "md5")
MAX_INTEGER = 2**63 - 1
"""The largest value of the database columns."""

MAX_METADATA = 4096
"""In characters. gunicorn accepts headers of twice this length."""


class TusResumable:
    """Middleware that adds the header Tus-Resumable to each response of /api/tus, errors included."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if f"{request.path}/".startswith("/api/tus/"):
            response["Tus-Resumable"] = VERSION
        return response


class Digest:
    """Upload-Checksum: the expected hash of the bytes of one request."""

    def __init__(self, algorithm: str, expected: bytes) -> None:
        self._hash = hashlib.new(algorithm, usedforsecurity=False)
        self._expected = expected

    def update(self, data: bytes) -> None:
        self._hash.update(data)

    def matches(self) -> bool:
        return self._hash.digest() == self._expected


def number(request: HttpRequest, name: str) -> int | None:
    """Return a header that is a number of bytes, or None without the header. Raise BadRequest."""
    text = request.headers.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= 19 and int(text) <= MAX_INTEGER):
        raise BadRequest(f"{name} is a number of bytes: an integer, 0 or more.")
    return int(text)


def initial_length(request: HttpRequest) -> int | None:
    """Return Upload-Length, or None with Upload-Defer-Length. Raise BadRequest."""
    length = number(request, "Upload-Length")
    deferred = request.headers.get("Upload-Defer-Length")
    if deferred not in (None, "1"):
        raise BadRequest("Upload-Defer-Length can only be 1.")
    if (length is None) == (deferred is None):
        raise BadRequest("Send the length of the file in Upload-Length, or Upload-Defer-Length: 1 if it is unknown.")
    return length


def body_size(request: HttpRequest) -> int | None:
    """Return the length of the body in bytes, or None if it is chunked."""
    return None if is_chunked(request) else int(request.META.get("CONTENT_LENGTH") or 0)


def metadata(text: str) -> dict[str, str]:
    """Return Upload-Metadata decoded, with replacement characters for invalid UTF-8. Raise BadRequest."""
    if len(text) > MAX_METADATA:
        raise BadRequest(f"Upload-Metadata has {len(text)} characters. The limit is {MAX_METADATA}.")
    found: dict[str, str] = {}
    for pair in filter(None, map(str.strip, text.split(","))):
        key, _, value = pair.partition(" ")
        if key in found or not key.isascii() or not key.isprintable():
            raise BadRequest("Upload-Metadata is a list of different keys, each with a value in Base64: name bWU=,…")
        found[key] = _decoded(value.strip(), "Upload-Metadata").decode(errors="replace")
    return found


def checksum(request: HttpRequest) -> Digest | None:
    """Return Upload-Checksum, or None without the header. Raise BadRequest."""
    text = request.headers.get("Upload-Checksum")
    if text is None:
        return None
    algorithm, _, value = text.partition(" ")
    if algorithm not in ALGORITHMS:
        raise BadRequest(f"Upload-Checksum is one of {', '.join(ALGORITHMS)}, a space and the digest in Base64.")
    return Digest(algorithm, _decoded(value.strip(), "Upload-Checksum"))


def concat(request: HttpRequest) -> tuple[str, list[UUID]]:
    """Parse Upload-Concat: return "partial", or "final" and the ids of the parts, or "". Raise BadRequest."""
    text = request.headers.get("Upload-Concat", "")
    kind, _, urls = text.partition(";")
    match kind.strip():
        case "" | "partial" if not urls:
            return kind.strip(), []
        case "final" if urls.strip():
            return "final", [_part_id(url) for url in urls.split()]
    raise BadRequest("Upload-Concat is partial; or final, a semicolon, and the URLs of the parts, separated by spaces.")


def _part_id(url: str) -> UUID:
    path = re.sub(r"\Ahttps?://[^/]+", "", url)
    try:
        return UUID(str(resolve(path).kwargs["transfer_id"]))
    except (Resolver404, KeyError):
        raise BadRequest("Upload-Concat lists a URL that is not an upload on this site.") from None


def _decoded(value: str, header: str) -> bytes:
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise BadRequest(f"{header} has a value that is not Base64.") from None
