"""Clients of event streams, all in one process. They read raw sockets, which is fast."""

import re
import resource
import select
import socket
import time
from collections import deque
from collections.abc import Sequence
from multiprocessing.connection import Connection
from uuid import UUID

MAX_OPENING = 20
"""Maximum number of streams that wait for their first event at a time."""

EVENT = re.compile(rb"id: [0-9a-f-]{36}:(\d+)\ndata: [^\n]*\n\n")
MAX_OPEN_FILES = 16384


class StreamClient:
    """A client with one open stream."""

    def __init__(self, port: int, cookie: str, job_ids: Sequence[UUID]) -> None:
        self.receipts: list[tuple[int, float]] = []
        """Version of the job, and time, of each event."""

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
        """Read available data. Return whether it contained the first event."""
        data = self.socket.recv(65536)
        received_at = time.monotonic()
        if not data:
            raise ConnectionError(f"The stream ended after {self._rest!r}.")
        self._rest += data
        is_first = not self.receipts
        events = list(EVENT.finditer(self._rest))
        if not events:
            return False
        self._rest = self._rest[events[-1].end() :]
        self.receipts += [(int(event[1]), received_at) for event in events]
        return is_first


def open_streams(connection: Connection, port: int, streams: Sequence[tuple[str, Sequence[UUID]]]) -> None:
    """Open a stream for each cookie and its jobs, and read them until a message is received.

    Send a message when all streams have received an event, and the receipts of all streams at the end.
    """
    _, hard_limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard_limit, MAX_OPEN_FILES), hard_limit))
    clients: dict[int, StreamClient] = {}
    to_open = deque(streams)
    started = 0
    with select.epoll() as ready:
        while not connection.poll():
            while to_open and len(clients) - started < MAX_OPENING:
                client = StreamClient(port, *to_open.popleft())
                clients[client.socket.fileno()] = client
                ready.register(client.socket, select.EPOLLIN)
            for descriptor, _ in ready.poll(0.1):
                if clients[descriptor].receive():
                    started += 1
                    if started == len(streams):
                        connection.send("all started")
    connection.send([client.receipts for client in clients.values()])
