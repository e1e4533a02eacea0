"""A forked process that works beside this one until it is asked for what it has noted."""

import multiprocessing
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any

from django.db import connections


@contextmanager
def aside(work: Callable[..., None], *arguments: Any) -> Iterator[Connection]:
    """Runs `work(connection, *arguments)`, which ends once something has been sent to it; by the end of it at least."""
    connections.close_all()  # a fork must not share them
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("fork").Process(target=work, args=(there, *arguments), daemon=True)
    process.start()
    there.close()
    try:
        yield here
    finally:
        process.terminate()
        process.join()


def notes_of(connection: Connection) -> Any:
    """Ask the process to end; what it has noted."""
    connection.send("That is all.")
    return connection.recv()
