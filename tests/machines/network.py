"""A private network of hosts: network namespaces that are connected to one bridge. Needs Linux and root.

A host is only an address and a cable. Its processes, files and Unix sockets belong to this machine. A process that is
started by a thread that has entered a host runs on that host. The namespaces have no names, so the kernel deletes them
when their last process ends.
"""

import ctypes
import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

CLONE_NEWNET = 0x40000000
PREFIX = "10.0.0"
OWN_NAMESPACE = "/proc/thread-self/ns/net"


class Namespace:
    """A network stack without connections. It exists until `close`."""

    def __init__(self) -> None:
        with _restored_namespace():
            _call("unshare", CLONE_NEWNET)
            self._fd = os.open(OWN_NAMESPACE, os.O_RDONLY)
            _ip("link", "set", "lo", "up")

    @property
    def path(self) -> str:
        return f"/proc/{os.getpid()}/fd/{self._fd}"

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Run the block, and all processes that it starts, in this namespace."""
        with _restored_namespace():
            _call("setns", self._fd, CLONE_NEWNET)
            yield

    def close(self) -> None:
        os.close(self._fd)


class Host(Namespace):
    """A namespace with an address, and a cable to the switch."""

    def __init__(self, switch: "Switch", number: int) -> None:
        super().__init__()
        self.address = f"{PREFIX}.{number}"
        self._switch = switch
        self._port = f"port{number}"
        with switch.entered():
            _ip("link", "add", self._port, "type", "veth", "peer", "name", "eth0", "netns", self.path)
            _ip("link", "set", self._port, "master", "switch", "up")
        with self.entered():
            _ip("address", "add", f"{self.address}/24", "dev", "eth0")
            _ip("link", "set", "eth0", "up")

    def unplug(self) -> None:
        """Disconnect the cable. No process is notified that its connections are dead."""
        self._set_link("down")

    def plug_in(self) -> None:
        self._set_link("up")

    def _set_link(self, state: str) -> None:
        with self._switch.entered():
            _ip("link", "set", self._port, state)


class Switch(Namespace):
    """The bridge that connects all cables."""

    def __init__(self) -> None:
        super().__init__()
        with self.entered():
            _ip("link", "add", "switch", "type", "bridge")
            _ip("link", "set", "switch", "up")


@contextmanager
def network(*numbers: int) -> Iterator[list[Host]]:
    """Create a host for each number, which is the last part of its address."""
    with ExitStack() as stack:
        switch = Switch()
        stack.callback(switch.close)
        hosts = []
        for number in numbers:
            hosts.append(Host(switch, number))
            stack.callback(hosts[-1].close)
        yield hosts


@contextmanager
def _restored_namespace() -> Iterator[None]:
    """Return this thread to its namespace at the end of the block."""
    original = os.open(OWN_NAMESPACE, os.O_RDONLY)
    try:
        yield
    finally:
        _call("setns", original, CLONE_NEWNET)
        os.close(original)


def _call(name: str, *arguments: int) -> None:
    """Call a function of the C library that sets errno. Python 3.12 and newer have unshare and setns in `os`."""
    libc = ctypes.CDLL(None, use_errno=True)
    if getattr(libc, name)(*arguments):
        error = ctypes.get_errno()
        raise PermissionError(error, f"{name}: {os.strerror(error)}; only root can create network namespaces")


def _ip(*arguments: str) -> None:
    done = subprocess.run(["ip", *arguments], capture_output=True, text=True)
    assert done.returncode == 0, f"ip {' '.join(arguments)}: {done.stderr}"
