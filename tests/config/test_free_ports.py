"""What `make run` says of ports that can't be used, and what it suggests."""

import re
import socket

import pytest

from deploy import free_ports


@pytest.fixture
def machine(monkeypatch):
    """A machine on which these ports are taken and those below 1024 are for root."""
    taken: set[int] = set()

    class Listener(socket.socket):
        def bind(self, address):
            if address[1] < 1024:
                raise PermissionError(13, "Permission denied")
            if address[1] in taken:
                raise OSError(98, "Address already in use")

    monkeypatch.setattr(free_ports.socket, "socket", Listener)
    return taken


def said(*ports: int) -> str:
    with pytest.raises(SystemExit) as ended:
        free_ports.main([str(port) for port in ports])
    return ended.value.code


def suggested(words: str) -> list[int]:
    return [int(port) for port in re.search(r"make run PORT=(\d+) DASH_PORT=(\d+)$", words).groups()]


def test_free_ports_need_no_words(machine):
    free_ports.main(["8000", "8001"])


def test_forbidden_port_is_not_called_taken(machine):
    assert said(80, 8001).startswith("Port 80 is not allowed for this user: use 1024 or higher. Choose another one: ")


@pytest.mark.parametrize(
    ("ports", "taken"),
    [
        ((80, 8001), []),
        ((80, 443), []),
        ((8000, 8001), [8000, 8001]),
        ((7901, 8001), [7901]),
        ((65535, 8001), [65535]),
        ((65500, 65501), [65500, 65501, 8000]),
    ],
)
def test_suggestion_works(machine, ports, taken):
    machine.update(taken)
    choice = suggested(said(*ports))
    assert [port for port, wanted in zip(choice, ports, strict=True) if port != wanted]
    free_ports.main([str(port) for port in choice])
