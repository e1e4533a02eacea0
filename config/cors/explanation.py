"""A call that a page makes, and its explanation: sections of checks that passed or failed.

This module contains no rules of browsers. `browser_checks.py` and `server_checks.py` fill the sections.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from urllib.parse import urlsplit

from config.cors import fetch_rules
from config.cors.origins import Origin

SESSION_URL = "/api/session/"
LOGIN_URL = "/accounts/login/"

SAFE_METHODS = ("GET", "HEAD", "OPTIONS", "TRACE")
"""Methods that don't change data (RFC 9110 §9.2.1), to which CSRF protection doesn't apply."""


@dataclass(frozen=True)
class Call:
    """`fetch(url, {method, headers, credentials: "include"})` by a page on this origin."""

    origin: Origin
    url: str
    method: str
    headers: Mapping[str, str]

    @cached_property
    def server(self) -> Origin:
        return Origin.of(self.url)

    @property
    def path(self) -> str:
        """Path and query, as in the request line."""
        parts = urlsplit(self.url)
        return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")

    @property
    def is_to_api(self) -> bool:
        return self.path.startswith("/api/")

    @property
    def sent_headers(self) -> dict[str, str]:
        return {name: value for name, value in self.headers.items() if not fetch_rules.is_forbidden_header(name)}

    @property
    def origin_header(self) -> dict[str, str]:
        """The header Origin, which browsers send to other origins, and with methods other than GET and HEAD."""
        is_sent = self.is_cross_origin or self.method not in ("GET", "HEAD")
        return {"Origin": str(self.origin)} if is_sent else {}

    @property
    def is_unsafe(self) -> bool:
        return self.method not in SAFE_METHODS

    @property
    def is_cross_origin(self) -> bool:
        return self.origin != self.server

    @property
    def is_same_site(self) -> bool:
        return self.origin.is_same_site(self.server)


class Outcome(Enum):
    PASSED = "✓"
    FAILED = "✗"
    NOTE = "!"


@dataclass(frozen=True)
class Check:
    outcome: Outcome
    text: str
    reason: str
    remedy: str = ""


@dataclass
class Section:
    title: str
    checks: list[Check] = field(default_factory=list)

    @property
    def passes(self) -> bool:
        return all(check.outcome != Outcome.FAILED for check in self.checks)

    def add_passed(self, text: str, reason: str) -> None:
        self.checks.append(Check(Outcome.PASSED, text, reason))

    def add_note(self, text: str, reason: str, remedy: str = "") -> None:
        """Add something that the reader should know although it works."""
        self.checks.append(Check(Outcome.NOTE, text, reason, remedy))

    def add_failed(self, text: str, reason: str, remedy: str) -> None:
        self.checks.append(Check(Outcome.FAILED, text, reason, remedy))

    def add(self, passed: str, reason: str, failed: str, problem: str, remedy: str) -> None:
        """Add a check that fails with the problem as its reason, or passes if the problem is empty."""
        if problem:
            self.add_failed(failed, f"{problem[0].upper()}{problem[1:].rstrip('.')}.", remedy)
        else:
            self.add_passed(passed, reason)


@dataclass(frozen=True)
class Explanation:
    """The sections in their order, and the result."""

    call: Call
    sections: list[Section]
    sent: bool
    """The request itself, not only its preflight, reaches the server."""
    session: bool
    """It is sent, with the session cookie."""
    accepted: bool
    """It is sent, and the server accepts it if the user has permission."""
    readable: bool
    """The page may read the response."""

    @property
    def works(self) -> bool:
        return self.accepted and self.readable
