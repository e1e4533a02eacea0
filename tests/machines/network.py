"""Hosts of a network of their own: network namespaces, each plugged into one switch. Linux and root only.

A host here is an address and a cable, and nothing else: processes, files and Unix sockets are those of this machine.
What is started by a thread that has entered a host lives there. The namespaces have no names, so nothing is left of
them once the last of their processes has ended, however that came about.
"""

import ctypes
import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

CLONE_NEWNET = 0x40000000
PREFIX = "10.0.0"
MINE = "/proc/thread-self/ns/net"


class Namespace:
    """A network stack that knows nobody, open until `close`."""

    def __init__(self) -> None:
        with _coming_back():
            _call("unshare", CLONE_NEWNET)
            self._fd = os.open(MINE, os.O_RDONLY)
            _ip("link", "set", "lo", "up")

    @property
    def path(self) -> str:
        return f"/proc/{os.getpid()}/fd/{self._fd}"

    @contextmanager
    def entered(self) -> Iterator[None]:
        """This thread, and whatever it starts meanwhile, is in there."""
        with _coming_back():
            _call("setns", self._fd, CLONE_NEWNET)
            yield

    def close(self) -> None:
        os.close(self._fd)


class Host(Namespace):
    """One that has a cable to a switch."""

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
        """Pull the cable out of the switch: nobody is told that connections are gone."""
        self._set("down")

    def plug_in(self) -> None:
        self._set("up")

    def _set(self, state: str) -> None:
        with self._switch.entered():
            _ip("link", "set", self._port, state)


class Switch(Namespace):
    """What all the cables end in."""

    def __init__(self) -> None:
        super().__init__()
        with self.entered():
            _ip("link", "add", "switch", "type", "bridge")
            _ip("link", "set", "switch", "up")


@contextmanager
def network(*numbers: int) -> Iterator[list[Host]]:
    """A host for each of these numbers, which ends its address."""
    with ExitStack() as stack:
        switch = Switch()
        stack.callback(switch.close)
        hosts = []
        for number in numbers:
            hosts.append(Host(switch, number))
            stack.callback(hosts[-1].close)
        yield hosts


@contextmanager
def _coming_back() -> Iterator[None]:
    here = os.open(MINE, os.O_RDONLY)
    try:
        yield
    finally:
        _call("setns", here, CLONE_NEWNET)
        os.close(here)


def _call(name: str, *arguments: int) -> None:
    """A system call, by its name in the C library; Python has these two from 3.12 on."""
    libc = ctypes.CDLL(None, use_errno=True)
    if getattr(libc, name)(*arguments):
        error = ctypes.get_errno()
        raise PermissionError(error, f"{name}: {os.strerror(error)}; only root can make a network of its own")


def _ip(*words: str) -> None:
    done = subprocess.run(["ip", *words], capture_output=True, text=True)
    assert done.returncode == 0, f"ip {' '.join(words)}: {done.stderr}"
