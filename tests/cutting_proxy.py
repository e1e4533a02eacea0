"""TCP proxy that closes its connections at random, as an unreliable network does."""

import random
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

BUFFER_BYTES = 16 * 1024
RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # value of SO_LINGER: discard unsent data and send a reset


class CuttingProxy:
    """Closes a connection after a random number of bytes from the client. Half of them are reset."""

    def __init__(self, port: int, cuts: int, max_bytes: int) -> None:
        self._target = port
        self._cuts_left = cuts
        self._max_bytes = max_bytes
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
        """Forward the client's bytes until the connection is cut. Small requests always pass."""
        left = random.randint(BUFFER_BYTES, self._max_bytes)
        with client, server, suppress(OSError):
            while data := client.recv(BUFFER_BYTES):
                server.sendall(data)
                left -= len(data)
                if left <= 0 and self._cuts_left > 0:
                    self._cuts_left -= 1
                    self.cuts += 1
                    self._cut(client, server)
                    return
            server.shutdown(socket.SHUT_WR)

    def _cut(self, *connections: socket.socket) -> None:
        by_reset = random.random() < 0.5
        for connection in connections:
            if by_reset:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def _backward(self, server: socket.socket, client: socket.socket) -> None:
        with suppress(OSError):
            while data := server.recv(BUFFER_BYTES):
                client.sendall(data)
            client.shutdown(socket.SHUT_WR)


@contextmanager
def cutting_proxy(port: int, cuts: int, max_bytes: int) -> Iterator[CuttingProxy]:
    """Run a proxy in front of a local port. It cuts `cuts` connections, each after at most `max_bytes` bytes."""
    proxy = CuttingProxy(port, cuts, max_bytes)
    try:
        yield proxy
    finally:
        proxy.close()
