"""Many clients in one process, each with one event stream. They read raw sockets, so that they are quick."""

import re
import resource
import select
import socket
import time
from collections import deque
from collections.abc import Sequence
from multiprocessing.connection import Connection
from uuid import UUID

AT_ONCE = 20
"""So many wait for their first event at a time."""

EVENT = re.compile(rb"id: [0-9a-f-]{36}:(\d+)\ndata: [^\n]*\n\n")
FILES = 16384


class Watcher:
    """One stream. Its receipts are (version, time)."""

    def __init__(self, port: int, cookie: str, job_ids: Sequence[UUID]) -> None:
        self.receipts: list[tuple[int, float]] = []
        self.socket = socket.create_connection(("127.0.0.1", port))
        query = "&".join(f"id={job_id}" for job_id in job_ids)
        lines = [
            f"GET /api/progress/stream/?{query} HTTP/1.1",
            f"Host: localhost:{port}",
            "Accept: text/event-stream",
            f"Cookie: {cookie}",
        ]
        self.socket.sendall("\r\n".join([*lines, "\r\n"]).encode())
        self._rest = b""

    def receive(self) -> bool:
        """Whether these were the first events."""
        data = self.socket.recv(65536)
        received_at = time.monotonic()
        if not data:
            raise ConnectionError(f"The stream has ended with {self._rest!r}.")
        self._rest += data
        is_first = not self.receipts
        events = list(EVENT.finditer(self._rest))
        if not events:
            return False
        self._rest = self._rest[events[-1].end() :]
        self.receipts += [(int(event[1]), received_at) for event in events]
        return is_first


def watch(connection: Connection, port: int, streams: Sequence[tuple[str, Sequence[UUID]]]) -> None:
    """Open a stream for each cookie and its jobs, and report when all have begun. Notes the receipts of each."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, FILES), most))
    watchers: dict[int, Watcher] = {}
    to_open = deque(streams)
    answered = 0
    with select.epoll() as ready:
        while not connection.poll():
            while to_open and len(watchers) - answered < AT_ONCE:
                watcher = Watcher(port, *to_open.popleft())
                watchers[watcher.socket.fileno()] = watcher
                ready.register(watcher.socket, select.EPOLLIN)
            for number, _ in ready.poll(0.1):
                if watchers[number].receive():
                    answered += 1
                    if answered == len(streams):
                        connection.send("All are open.")
    connection.send([watcher.receipts for watcher in watchers.values()])
