"""A call that a page makes, and the story that is told of it: sections of steps, each passed or not.

It knows no rule of a browser's; the sections are filled by `browser_steps.py` and `server_steps.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from urllib.parse import urlsplit

from config.cors import fetch_rules
from config.cors.origins import Origin

SESSION_URL = "/api/session/"
"""Who is logged in, and the token for what changes something."""

LOGIN_URL = "/accounts/login/"
"""A page that everybody may see."""

SAFE_METHODS = ("GET", "HEAD", "OPTIONS", "TRACE")
"""Methods that change nothing (RFC 9110 §9.2.1): CSRF protection lets them pass."""


@dataclass(frozen=True)
class Call:
    """`fetch(url, {method, headers, credentials: "include"})` by a page of this origin."""

    origin: Origin
    url: str
    method: str
    headers: Mapping[str, str]

    @cached_property
    def server(self) -> Origin:
        return Origin.of(self.url)

    @property
    def path(self) -> str:
        """What goes into the first line of the request."""
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
        """With each call of another origin, and with each that is no GET or HEAD."""
        told = self.is_cross_origin or self.method not in ("GET", "HEAD")
        return {"Origin": str(self.origin)} if told else {}

    @property
    def changes_something(self) -> bool:
        return self.method not in SAFE_METHODS

    @property
    def is_cross_origin(self) -> bool:
        return self.origin != self.server

    @property
    def is_same_site(self) -> bool:
        return self.origin.is_same_site(self.server)


class Mark(Enum):
    GOOD = "✓"
    BAD = "✗"
    NOTE = "!"


@dataclass(frozen=True)
class Step:
    mark: Mark
    text: str
    why: str
    change: str = ""


@dataclass
class Section:
    title: str
    steps: list[Step] = field(default_factory=list)

    @property
    def passes(self) -> bool:
        return all(step.mark != Mark.BAD for step in self.steps)

    def tick(self, text: str, why: str) -> None:
        self.steps.append(Step(Mark.GOOD, text, why))

    def note(self, text: str, why: str, change: str = "") -> None:
        """It works, and one should know it."""
        self.steps.append(Step(Mark.NOTE, text, why, change))

    def cross(self, text: str, why: str, change: str) -> None:
        self.steps.append(Step(Mark.BAD, text, why, change))

    def judge(self, good: str, why: str, bad: str, trouble: str, change: str) -> None:
        """A tick when there is no trouble; else a cross, with the trouble as its reason."""
        if trouble:
            self.cross(bad, f"{trouble[0].upper()}{trouble[1:].rstrip('.')}.", change)
        else:
            self.tick(good, why)


@dataclass(frozen=True)
class Story:
    """The sections in their order, and what comes out."""

    call: Call
    sections: list[Section]
    sent: bool
    """The call itself, not only its preflight, reaches the server."""
    session: bool
    """… and its visitor's session cookie goes along."""
    accepted: bool
    """… and the server does what it is asked to, if that visitor may."""
    readable: bool
    """The page may read the answer."""

    @property
    def works(self) -> bool:
        return self.accepted and self.readable
