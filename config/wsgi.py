"""The WSGI entry point that gunicorn loads: `config.wsgi:application`."""

import os
from collections.abc import Callable
from typing import Any

import django
from django.core.handlers.wsgi import WSGIHandler
from django.http.response import HttpResponseBase
from django.utils.http import parse_header_parameters

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")


class Application(WSGIHandler):
    """Django's own, but a Content-Type that Django can't parse is refused instead of raising an exception.

    Django parses it while it makes the request, before any middleware could answer.
    """

    def __call__(self, environ: dict[str, Any], start_response: Callable) -> HttpResponseBase:
        try:
            parse_header_parameters(environ.setdefault("CONTENT_TYPE", ""))
        except ValueError:
            environ["CONTENT_TYPE"] = "application/octet-stream; charset=invalid"
        return super().__call__(environ, start_response)


django.setup(set_prefix=False)
application = Application()
