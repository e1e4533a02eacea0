"""manage.py explain_cors: may a page of that origin call this API with its visitor's cookies? Step by step, and why."""

import sys
from argparse import ArgumentParser
from typing import Any
from urllib.parse import urljoin, urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.encoding import iri_to_uri

from config.cors import fetch_rules, report
from config.cors.asking import InProcess, Live, Unreachable
from config.cors.explain import explain
from config.cors.origins import Origin
from config.cors.own_cookies import session_cookie
from config.cors.story import SAFE_METHODS, Call, Mark, Story

LIVE = (
    "Nobody has logged in for this, so what is said of the session cookie is told\n"
    "from the settings here. All else is what the server has answered."
)


class Command(BaseCommand):
    help = (
        "Go through what a browser and the server do when a page of ORIGIN calls the API with its visitor's cookies. "
        "Each step is a tick or a cross, with the reason and the setting to change. The exit code is 0 if it works. "
        "Without --live, the settings of this process are asked, and no server needs to run."
    )
    requires_system_checks = ()  # what they find wrong is what this explains

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("origin", help="of the page, like https://dash.example.com; null is a sandboxed frame")
        parser.add_argument("--url", default="/api/todos/", help="what it calls (%(default)s); a path or a whole URL")
        parser.add_argument("--method", default="GET", help="as the page writes it (%(default)s)")
        parser.add_argument(
            "--header",
            action="append",
            metavar="NAME[: VALUE]",
            help="a header that the page sets; can be given again. If none is, a call that changes something has "
            "Content-Type: application/json and X-CSRFToken, whose value is read from /api/session/",
        )
        parser.add_argument("--live", metavar="URL", help="ask the site that runs there, behind its proxy")
        parser.add_argument("--cafile", help="certificates to trust besides the system's, with --live")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            story = self._story(**options)
        except Unreachable as error:
            raise CommandError(str(error)) from None
        styles = {Mark.GOOD: self.style.SUCCESS, Mark.BAD: self.style.ERROR, Mark.NOTE: self.style.WARNING}
        for line in report.lines(story, styles, getattr(self.stdout, "encoding", None) or "utf-8"):
            self.stdout.write(line)
        if options["live"]:
            self.stdout.write(LIVE)
        if not story.works:
            sys.exit(1)

    def _story(self, origin: str, url: str, method: str, header: list[str] | None, **options: Any) -> Story:
        live, cafile = options["live"], options["cafile"]
        if cafile and not live:
            raise CommandError("--cafile is for --live.")
        target = _target(url, live)
        server, method = _origin_of("--url", target), _method(method)
        headers = _headers(header) if header else _usual_headers(method)
        call = Call(_origin_of("The origin", origin), target, method, headers)
        return explain(call, Live(server, cafile) if live else InProcess(server), session_cookie())


def _target(url: str, live: str | None) -> str:
    """The whole URL that is called: of the live site, or of this one."""
    if live and _origin_of("--live", live) != _origin_of("--url", urljoin(live, url)):
        raise CommandError(f"--url, {url!r}, isn't of the site that --live asks, {live}: give it as a path.")
    if not live and not urlsplit(url).scheme and not urlsplit(settings.APP_ORIGIN).netloc:
        raise CommandError("ALLOWED_HOSTS begins with *, so the site has no name: give --url with scheme and host.")
    return iri_to_uri(urljoin(live or settings.APP_ORIGIN, url))


def _origin_of(what: str, text: str) -> Origin:
    try:
        return Origin.of(text)
    except ValueError as error:
        raise CommandError(f"{what}, {text!r}, is wrong: {error}. Right would be https://dash.example.com") from None


def _method(text: str) -> str:
    if not fetch_rules.is_token(text):
        raise CommandError(f"{text!r} is no method. Right would be GET, POST, PATCH or DELETE.")
    return fetch_rules.normalized(text)


def _headers(given: list[str]) -> dict[str, str]:
    headers = {}
    for text in given:
        name, _, value = text.partition(":")
        if not fetch_rules.is_token(name.strip()) or not value.isprintable() or not value.isascii():
            raise CommandError(f"{text!r} is no header. Right would be X-CSRFToken, or 'If-Match: \"7\"'.")
        headers[name.strip()] = value.strip()
    return headers


def _usual_headers(method: str) -> dict[str, str]:
    """What a page sends to this API with a call that changes something."""
    return {} if method in SAFE_METHODS else {"Content-Type": "application/json", "X-CSRFToken": ""}
