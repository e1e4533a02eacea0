"""Local Network Access: requests to a more private address than that of the page need a permission."""

import pytest

from config.cors import browser_checks
from config.cors.explanation import Call
from config.cors.origins import Origin

NOTE = "Chromium asks the visitor for permission"


@pytest.mark.parametrize(
    ("page", "server", "needs_permission"),
    [
        ("https://dash.example.com", "https://app.example.com", False),
        ("https://dash.example.com", "https://localhost:8000", True),
        ("https://dash.example.com", "https://127.0.0.2", True),
        ("https://dash.example.com", "https://[::1]:8000", True),
        ("https://dash.example.com", "https://10.1.2.3", True),
        ("https://dash.example.com", "https://172.31.0.1", True),
        ("https://dash.example.com", "https://172.32.0.1", False),
        ("https://dash.example.com", "https://192.168.178.20:8443", True),
        ("https://dash.example.com", "https://169.254.0.9", True),
        ("https://dash.example.com", "https://8.8.8.8", False),
        ("https://dash.example.com", "https://[fd12:3456::1]", True),
        ("https://dash.example.com", "https://[fe80::1]", True),
        ("https://dash.example.com", "https://[::ffff:192.168.0.1]", True),
        ("https://dash.example.com", "https://[::ffff:8.8.8.8]", False),
        ("https://dash.example.com", "https://[2001:db8::1]", False),
        ("https://dash.example.com", "https://nas.local", True),
        ("https://dash.example.com", "https://nas.local.", True),
        ("https://dash.example.com", "https://local.example.com", False),
        ("http://192.168.178.21", "http://192.168.178.20", False),
        ("http://nas.local", "http://localhost:8000", True),
        ("http://localhost:8001", "http://192.168.178.20", False),
        ("http://localhost:8001", "http://localhost:8000", False),
        ("null", "http://localhost:8000", False),
    ],
)
def test_request_to_a_more_private_address_needs_permission(page, server, needs_permission):
    section = browser_checks.check_target(Call(Origin.of(page), f"{server}/api/todos/", "GET", {}))
    assert (NOTE in [check.text for check in section.checks]) == needs_permission
