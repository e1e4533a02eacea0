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
    """Django's application, changed to reject a Content-Type that can't be parsed with a 415.

    Django parses the header while it creates the request, before a middleware can handle an exception.
    """

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> HttpResponseBase:
        try:
            parse_header_parameters(environ.setdefault("CONTENT_TYPE", ""))
        except ValueError:
            environ["CONTENT_TYPE"] = "application/octet-stream; charset=invalid"
        return super().__call__(environ, start_response)


django.setup(set_prefix=False)
application = Application()
