"""Server of the static site in `make run`: precompressed files, and the dashboard at /, as nginx has it in production.

    gunicorn --pythonpath deploy dev_static_site

PUBLIC is the directory that `manage.py distill-local` generates. A directory that is generated again is served without
a restart. A URL without a file gets 404.html.
"""

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from wsgiref.headers import Headers

from whitenoise import WhiteNoise

PUBLIC = Path(os.environ["PUBLIC"]).resolve()

StartResponse = Callable[[str, list[tuple[str, str]]], object]


def not_found(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    page = (PUBLIC / "404.html").read_bytes()
    headers = [("Content-Type", "text/html; charset=utf-8"), ("Content-Length", str(len(page)))]
    start_response("404 Not Found", headers)
    return [page]


def add_headers(headers: Headers, path: str, url: str) -> None:
    """Add headers that a page can't set in its own <meta> elements."""
    headers["Content-Security-Policy"] = "frame-ancestors 'none'"
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Referrer-Policy"] = "same-origin"


site = WhiteNoise(
    not_found,
    root=PUBLIC,
    index_file=True,
    autorefresh=True,
    max_age=0,
    allow_all_origins=False,
    add_headers_function=add_headers,
)


def application(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    if environ["PATH_INFO"] == "/":
        environ["PATH_INFO"] = "/dashboard/"
    return site(environ, start_response)
