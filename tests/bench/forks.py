"""Functions that run in a forked process, concurrently with this one, until this process requests their result."""

import multiprocessing
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any

from django.db import connections


@contextmanager
def run_in_fork(function: Callable[..., None], *arguments: Any) -> Iterator[Connection]:
    """Run `function(connection, *arguments)` in a forked process. Terminate it at the end of the block.

    The function must poll its connection, and when it receives a message, send its result and return.
    """
    connections.close_all()  # processes can't share database connections
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("fork").Process(target=function, args=(theirs, *arguments), daemon=True)
    process.start()
    theirs.close()
    try:
        yield ours
    finally:
        process.terminate()
        process.join()


def result_of(connection: Connection) -> Any:
    """Stop the function and return its result."""
    connection.send("stop")
    return connection.recv()
