"""manage.py explain_cors: may a page of that origin call this API with its visitor's cookies? Step by step, and why."""

import sys
import textwrap
from argparse import ArgumentParser
from typing import Any
from urllib.parse import urljoin

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.encoding import iri_to_uri

from config.cors import fetch_rules
from config.cors.asking import InProcess, Live, Unreachable, session_cookie
from config.cors.explain import explain
from config.cors.origins import Origin
from config.cors.story import SAFE_METHODS, Call, Mark, Section, Step, Story

WIDTH = 80
PLAIN = {Mark.PASS: "+", Mark.FAIL: "x", Mark.NOTE: "!"}
"""For terminals that have no other signs."""


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
        for line in self._told(story):
            self.stdout.write(line)
        if not story.works:
            sys.exit(1)

    def _story(self, origin: str, url: str, method: str, header: list[str] | None, **options: Any) -> Story:
        live, cafile = options["live"], options["cafile"]
        if cafile and not live:
            raise CommandError("--cafile is for --live.")
        base = live or settings.APP_ORIGIN
        target = iri_to_uri(urljoin(f"{base.rstrip('/')}/", url))
        call = Call(
            _origin_of("The origin", origin),
            target,
            _method(method),
            _headers(header) if header else _usual_headers(_method(method)),
        )
        where = _origin_of("--live" if live else "--url", target)
        return explain(call, Live(where, cafile) if live else InProcess(where), session_cookie())
