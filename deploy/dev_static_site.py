"""The static site of `make run`, served as nginx does it in production: precompressed files, and a dashboard at /.

    gunicorn --pythonpath deploy dev_static_site

PUBLIC is the directory that `manage.py distill-local` makes; when it makes it anew, that is served. An address where no
file is gets 404.html.
"""

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from wsgiref.headers import Headers

from whitenoise import WhiteNoise

PUBLIC = Path(os.environ["PUBLIC"]).resolve()

Start = Callable[[str, list[tuple[str, str]]], object]


def missing(environ: dict[str, Any], start_response: Start) -> Iterable[bytes]:
    page = (PUBLIC / "404.html").read_bytes()
    headers = [("Content-Type", "text/html; charset=utf-8"), ("Content-Length", str(len(page)))]
    start_response("404 Not Found", headers)
    return [page]


def add_headers(headers: Headers, path: str, url: str) -> None:
    """What a page can't say itself, in its own policy."""
    headers["Content-Security-Policy"] = "frame-ancestors 'none'"
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Referrer-Policy"] = "same-origin"


site = WhiteNoise(
    missing,
    root=PUBLIC,
    index_file=True,
    autorefresh=True,
    max_age=0,
    allow_all_origins=False,
    add_headers_function=add_headers,
)


def application(environ: dict[str, Any], start_response: Start) -> Iterable[bytes]:
    if environ["PATH_INFO"] == "/":
        environ["PATH_INFO"] = "/dashboard/"
    return site(environ, start_response)
