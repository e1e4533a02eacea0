"""A line between a client and a server that is cut now and then: a TCP proxy on a port of its own."""

import random
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

AT_ONCE = 16 * 1024
AT_ONCE_ABORT = struct.pack("ii", 1, 0)  # SO_LINGER: close by a reset, and throw away what was not sent yet


class CuttingProxy:
    """Cuts a connection after a random number of bytes from the client, half of the time by a reset."""

    def __init__(self, port: int, cuts: int, most_bytes: int) -> None:
        self._target = port
        self._cuts_left = cuts
        self._most_bytes = most_bytes
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.cuts = 0
        self._threads: list[threading.Thread] = []
        self._start(self._accept)

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(30)

    def _start(self, function, *arguments) -> None:
        thread = threading.Thread(target=function, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._target))
                self._start(self._backward, server, client)
                self._start(self._forward, client, server)

    def _forward(self, client: socket.socket, server: socket.socket) -> None:
        """Small requests pass; within a large body the line is cut."""
        left = random.randint(AT_ONCE, self._most_bytes)
        with client, server, suppress(OSError):
            while data := client.recv(AT_ONCE):
                server.sendall(data)
                left -= len(data)
                if left <= 0 and self._cuts_left > 0:
                    self._cuts_left -= 1
                    self.cuts += 1
                    self._cut(client, server)
                    return
            server.shutdown(socket.SHUT_WR)

    def _cut(self, *ends: socket.socket) -> None:
        by_reset = random.random() < 0.5
        for end in ends:
            if by_reset:
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE_ABORT)
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _backward(self, server: socket.socket, client: socket.socket) -> None:
        with suppress(OSError):
            while data := server.recv(AT_ONCE):
                client.sendall(data)
            client.shutdown(socket.SHUT_WR)


@contextmanager
def cutting_proxy(port: int, cuts: int, most_bytes: int) -> Iterator[CuttingProxy]:
    """In front of that port of this machine, until the end."""
    proxy = CuttingProxy(port, cuts, most_bytes)
    try:
        yield proxy
    finally:
        proxy.close()
