"""The body of a request as it arrives, from clients that are slow, stall, or are cut off."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.http import HttpRequest, UnreadablePostError

TICK_SECONDS = 1.0
"""So long a silence is told to whoever reads."""

STALL_SECONDS = 60.0
"""After so long a silence nothing more is expected."""

SMALLEST, LARGEST = 4096, 1024**2
"""Bytes read at once. What has been read only in part is lost with a broken connection, so a slow line gets less."""

QUICK, SLOW = 0.05, 0.25
"""Seconds that a reading may take to be followed by a larger or a smaller one."""


def arriving(request: HttpRequest, size: int) -> Iterator[bytes]:
    """The bytes in the order in which they come, and b"" for each second without; ends early when the client does."""
    at_once = 16 * SMALLEST
    heard_at = time.monotonic()
    with _ticking(request):
        while size:
            begun_at = time.monotonic()
            try:
                data = request.read(min(size, at_once))
            except UnreadablePostError as error:
                silent = time.monotonic() - heard_at
                if not isinstance(error.__cause__ or error.__context__, TimeoutError) or silent > STALL_SECONDS:
                    return
                at_once = SMALLEST
                yield b""
                continue
            if not data:
                return
            heard_at = time.monotonic()
            size -= len(data)
            at_once = _next(at_once, heard_at - begun_at)
            yield data


def _next(at_once: int, seconds: float) -> int:
    if seconds < QUICK:
        return min(LARGEST, at_once * 2)
    return max(SMALLEST, at_once // 2) if seconds > SLOW else at_once


@contextmanager
def _ticking(request: HttpRequest) -> Iterator[None]:
    """Have reading give up after each second of silence. gunicorn keeps what it had by then for the next try."""
    socket = request.META.get("gunicorn.socket")
    if socket is None:
        yield
        return
    usual = socket.gettimeout()
    socket.settimeout(TICK_SECONDS)
    try:
        yield
    finally:
        socket.settimeout(usual)
