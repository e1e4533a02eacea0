"""manage.py explain_cors: explain whether a page on another origin can use the API with its visitor's cookies."""

import sys
from argparse import ArgumentParser
from typing import Any
from urllib.parse import urljoin, urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.encoding import iri_to_uri

from config.cors import fetch_rules, report
from config.cors.explain import explain
from config.cors.explanation import SAFE_METHODS, Call, Explanation, Outcome
from config.cors.origins import Origin
from config.cors.probe import InProcessProbe, NetworkProbe, ServerUnreachable
from config.cors.site_cookies import session_cookie

LIVE_NOTE = (
    "The command doesn't log in, so the section about the session cookie is based on\n"
    "the settings of this process. Everything else is based on the server's responses."
)


class Command(BaseCommand):
    help = (
        "Explain whether a page on ORIGIN can use the API with its visitor's cookies: all checks of the browser and "
        "the server, and for each failed check the reason and the setting to change. The exit code is 0 if the page "
        "can use the API. Without --live, requests are handled in this process with its settings; no server is needed."
    )
    requires_system_checks = ()  # the command explains the errors that the system checks find

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "origin", help="origin of the page, such as https://dash.example.com; null for a sandboxed frame"
        )
        parser.add_argument(
            "--url", default="/api/todos/", help="requested path or absolute URL (default: %(default)s)"
        )
        parser.add_argument("--method", default="GET", help="method as passed to fetch() (default: %(default)s)")
        parser.add_argument(
            "--header",
            action="append",
            metavar="NAME[: VALUE]",
            help="a header that the page sets; repeatable. By default, requests that change data have Content-Type: "
            "application/json and X-CSRFToken, whose value the page reads from /api/session/",
        )
        parser.add_argument("--live", metavar="URL", help="send the requests to the running site at this URL")
        parser.add_argument(
            "--cafile", help="PEM file of CA certificates to trust in addition to the system's; requires --live"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            explanation = self._explanation(**options)
        except ServerUnreachable as error:
            raise CommandError(str(error)) from None
        styles = {
            Outcome.PASSED: self.style.SUCCESS,
            Outcome.FAILED: self.style.ERROR,
            Outcome.NOTE: self.style.WARNING,
        }
        for line in report.lines(explanation, styles, getattr(self.stdout, "encoding", None) or "utf-8"):
            self.stdout.write(line)
        if options["live"]:
            self.stdout.write(LIVE_NOTE)
        if not explanation.works:
            sys.exit(1)

    def _explanation(self, origin: str, url: str, method: str, header: list[str] | None, **options: Any) -> Explanation:
        live, cafile = options["live"], options["cafile"]
        if cafile and not live:
            raise CommandError("--cafile requires --live.")
        target = _target(url, live)
        server, method = _origin_of("--url", target), _normalized_method(method)
        headers = _headers(header) if header else _default_headers(method)
        call = Call(_origin_of("The origin", origin), target, method, headers)
        return explain(call, NetworkProbe(server, cafile) if live else InProcessProbe(server), session_cookie())


def _target(url: str, live: str | None) -> str:
    """Return the absolute URL of the request."""
    if live and _origin_of("--live", live) != _origin_of("--url", urljoin(live, url)):
        raise CommandError(f"--url {url!r} and --live {live!r} have different origins. Pass a path to --url.")
    if not live and not urlsplit(url).scheme and not urlsplit(settings.APP_ORIGIN).netloc:
        raise CommandError("ALLOWED_HOSTS starts with *, so the site has no name. Pass an absolute URL to --url.")
    return iri_to_uri(urljoin(live or settings.APP_ORIGIN, url))


def _origin_of(label: str, text: str) -> Origin:
    try:
        return Origin.of(text)
    except ValueError as error:
        raise CommandError(f"{label} {text!r} is invalid: {error}. Example: https://dash.example.com") from None


def _normalized_method(text: str) -> str:
    if not fetch_rules.is_token(text):
        raise CommandError(f"{text!r} is not an HTTP method. Examples: GET, POST, PATCH, DELETE.")
    return fetch_rules.normalize_method(text)


def _headers(lines: list[str]) -> dict[str, str]:
    headers = {}
    for text in lines:
        name, _, value = text.partition(":")
        if not fetch_rules.is_token(name.strip()) or not value.isprintable() or not value.isascii():
            raise CommandError(f"{text!r} is not an HTTP header. Examples: X-CSRFToken, 'If-Match: \"7\"'.")
        headers[name.strip()] = value.strip()
    return headers


def _default_headers(method: str) -> dict[str, str]:
    """Return the headers to assume without --header: none for safe methods."""
    return {} if method in SAFE_METHODS else {"Content-Type": "application/json", "X-CSRFToken": ""}
