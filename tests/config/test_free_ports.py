"""The check of the ports of `make run`: its messages and its suggestions."""

import re
import socket

import pytest

from deploy import free_ports


@pytest.fixture
def machine(monkeypatch):
    """Reserve ports below 1024 for root. Return the set of ports that are in use, which tests fill."""
    taken: set[int] = set()

    class Listener(socket.socket):
        def bind(self, address):
            if address[1] < 1024:
                raise PermissionError(13, "Permission denied")
            if address[1] in taken:
                raise OSError(98, "Address already in use")

    monkeypatch.setattr(free_ports.socket, "socket", Listener)
    return taken


def message(*ports: int) -> str:
    with pytest.raises(SystemExit) as ended:
        free_ports.main([str(port) for port in ports])
    return ended.value.code


def suggested(text: str) -> list[int]:
    return [int(port) for port in re.search(r"make run PORT=(\d+) DASH_PORT=(\d+)$", text).groups()]


def test_free_ports_are_accepted(machine):
    free_ports.main(["8000", "8001"])


def test_privileged_port_has_a_message_of_its_own(machine):
    assert message(80, 8001).startswith(
        "Port 80 is not allowed for this user: use 1024 or higher. Choose another one: "
    )


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
def test_suggested_ports_can_be_used(machine, ports, taken):
    machine.update(taken)
    choice = suggested(message(*ports))
    assert [port for port, wanted in zip(choice, ports, strict=True) if port != wanted]
    free_ports.main([str(port) for port in choice])
