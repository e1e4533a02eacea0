"""The body of a request while it is being received, from clients that are slow, stall, or disconnect."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.core.exceptions import BadRequest
from django.http import HttpRequest, UnreadablePostError

TICK_SECONDS = 1.0
"""How long the reader of a body of known length waits for data before it gets an empty chunk."""

STALL_SECONDS = 60.0
"""How long a client may send nothing before its request is given up."""

MIN_READ, MAX_READ = 4096, 1024**2
"""Bytes of one read. A disconnect loses the bytes of an unfinished read, so reads from a slow client are smaller."""

FAST_SECONDS, SLOW_SECONDS = 0.05, 0.25
"""A read that takes less is followed by a larger one, a read that takes more by a smaller one."""


class IncompleteBody(Exception):
    """The client disconnected or stalled before the end of the body."""


class BodyTooLong(Exception):
    """A chunked body has more bytes than are allowed."""


def is_chunked(request: HttpRequest) -> bool:
    return "chunked" in request.headers.get("Transfer-Encoding", "").lower()


def read_body(request: HttpRequest, size: int) -> Iterator[bytes]:
    """Yield a body of this length as it is received, and b"" for each second without data. Raise IncompleteBody."""
    read_size = 16 * MIN_READ
    received_at = time.monotonic()
    with socket_timeout(request, TICK_SECONDS):  # gunicorn keeps what it had received by then for the next try
        while size:
            started_at = time.monotonic()
            try:
                data = request.read(min(size, read_size))
            except UnreadablePostError as error:
                if not is_timeout(error) or time.monotonic() - received_at > STALL_SECONDS:
                    raise IncompleteBody from error
                read_size = MIN_READ
                yield b""
                continue
            if not data:
                raise IncompleteBody
            received_at = time.monotonic()
            size -= len(data)
            read_size = _next_size(read_size, received_at - started_at)
            yield data


def read_chunked(request: HttpRequest, limit: int) -> Iterator[bytes]:
    """Yield a chunked body of at most `limit` bytes as it is received.

    The last bytes within the limit are yielded when it is known that no more follow. Raise BodyTooLong,
    IncompleteBody, and BadRequest.
    """
    read_size = 16 * MIN_READ
    with socket_timeout(request, STALL_SECONDS):  # gunicorn's parser of chunks can't go on after an exception
        while True:
            started_at = time.monotonic()
            data, error = _read_some(request, min(limit, read_size) or 1)
            if len(data) > limit:
                raise BodyTooLong
            limit -= len(data)
            if not limit and not error and _read_some(request, 1)[0]:
                raise BodyTooLong
            read_size = _next_size(read_size, time.monotonic() - started_at)
            yield data
            if error:
                raise error
            if not data:
                return


def _read_some(request: HttpRequest, size: int) -> tuple[bytes, Exception | None]:
    """Return up to so many bytes, and what ended the body before its end."""
    stream = request.META["wsgi.input"]  # Django's own takes a request without a length for one without a body
    try:
        return stream.read(size), None
    except OSError:
        return stream.read(size), IncompleteBody()
    except Exception:  # noqa: BLE001 (what gunicorn raises has no other base class)
        return b"", BadRequest("The body is not in valid chunks.")


def is_timeout(error: UnreadablePostError) -> bool:
    """Return whether the client sent nothing for the socket's timeout."""
    return isinstance(error.__cause__ or error.__context__, TimeoutError)


def _next_size(read_size: int, seconds: float) -> int:
    if seconds < FAST_SECONDS:
        return min(MAX_READ, read_size * 2)
    return max(MIN_READ, read_size // 2) if seconds > SLOW_SECONDS else read_size


@contextmanager
def socket_timeout(request: HttpRequest, seconds: float) -> Iterator[None]:
    """Raise UnreadablePostError from reading when nothing has been received for this time."""
    socket = request.META.get("gunicorn.socket")
    if socket is None:
        yield
        return
    usual = socket.gettimeout()
    socket.settimeout(seconds)
    try:
        yield
    finally:
        socket.settimeout(usual)
