"""Front ends on other origins can send and read all headers that the API documents, through nginx too."""

import http.client
import json
from base64 import b64encode
from collections.abc import Callable, Iterator
from hashlib import sha1
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest
from django.test import Client

from config.cors import fetch_rules
from config.cors.api_headers import REQUEST_HEADERS, RESPONSE_HEADERS
from tests import nginx
from tests.helpers import file, make_todo
from todos.models import Todo
from uploads.receiving import ingest

pytestmark = [pytest.mark.services, pytest.mark.django_db(transaction=True)]

FRONT_END = "https://dash.example.com"
VALUES = {
    "Accept": "application/json",
    "Content-Type": "application/json",
    "If-Modified-Since": "Sat, 01 Jan 2000 00:00:00 GMT",
    "If-None-Match": '"another"',
    "Range": "bytes=0-5",
    "Tus-Resumable": "1.0.0",
    "Upload-Checksum": f"sha1 {b64encode(sha1(b'hello').digest()).decode()}",
    "Upload-Metadata": "filename aGVsbG8=",
    "X-Request-ID": "7ff1c5d4b0a24b4f9a3ad1f2d25f4c11",
}
"""Values of headers that don't accept any text."""


@pytest.fixture
def call(live_server, alice, settings, tmp_path) -> Iterator[Callable]:
    """Return a function that sends a request of Alice through nginx, as a page of FRONT_END does."""
    settings.CORS_ALLOWED_ORIGINS = settings.CSRF_TRUSTED_ORIGINS = [FRONT_END]
    client = Client()
    client.force_login(alice)
    token = json.loads(client.get("/api/session/").content)["csrf_token"]
    cookie = "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items())
    with nginx.server(tmp_path, live_server.url, tmp_path) as url:

        def call(method: str, path: str, body: bytes | None = None, **headers: str) -> SimpleNamespace:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            if method != "OPTIONS":
                named = {"Cookie": cookie, "X-CSRFToken": token} | named
            connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
            try:
                connection.request(method, path, body, {"Origin": FRONT_END} | named)
                response = connection.getresponse()
                lower = {name.lower(): value for name, value in response.getheaders()}
                return SimpleNamespace(status=response.status, headers=lower, body=response.read())
            finally:
                connection.close()

        yield call


def test_documented_request_headers_can_be_sent(call):
    for name in REQUEST_HEADERS:
        headers = {"Access_Control_Request_Method": "GET", "Access_Control_Request_Headers": name.lower()}
        preflight = call("OPTIONS", "/api/session/", **headers)
        assert fetch_rules.cors_problem(FRONT_END, preflight.headers) == "", name
        assert fetch_rules.headers_problem([name.lower()], preflight.headers) == "", name
        sent = {name.replace("-", "_"): VALUES[name]} if name in VALUES else {}
        assert call("GET", "/api/session/", **sent).status == 200, name


def test_patch_changes_todo_if_its_etag_matches(call, alice):
    path = f"/api/todos/{make_todo(owner=alice).pk}/"
    etag = call("GET", path).headers["etag"]
    for condition in (etag, f"W/{etag}"):
        assert call("GET", path, If_Match=condition).status == 200
    change = {"Content_Type": "application/json", "If_Match": f"W/{etag}"}  # weak, as a compressing proxy makes it
    assert call("PATCH", path, b'{"title": "Buy oat milk"}', **change).status == 200
    assert call("PATCH", path, b'{"title": "Buy soy milk"}', **change).status == 412


def test_documented_response_headers_can_be_read(call, alice):
    todo = make_todo(owner=alice)
    ingest.create_upload(alice, file(b"hello", "hello.txt"))
    tus = {"Tus_Resumable": "1.0.0"}
    about = {"Upload_Length": "5", "Upload_Metadata": "filename aGVsbG8=", "Upload_Concat": "partial"}
    created = call("POST", "/api/tus", **tus, **about)
    path = urlsplit(created.headers["location"]).path
    deferred = call("POST", "/api/tus", **tus, Upload_Defer_Length="1")
    Todo.objects.bulk_create(Todo(owner=alice, title="Step", order=number) for number in range(101))
    responses = [
        created,
        call("HEAD", path, **tus),
        call("HEAD", urlsplit(deferred.headers["location"]).path, **tus),
        call("OPTIONS", "/api/tus"),
        call("GET", f"/api/todos/{todo.pk}/"),
        call("GET", "/api/todos/"),
        call("GET", "/api/todos/export/?format=csv"),
        call("PUT", "/api/todos/"),
        call("GET", "/api/todos/", Cookie=""),
    ]
    for response in responses:
        assert fetch_rules.cors_problem(FRONT_END, response.headers) == ""
        exposed = {name.strip().lower() for name in response.headers["access-control-expose-headers"].split(",")}
        assert exposed == {name.lower() for name in RESPONSE_HEADERS}
    received = {name for response in responses for name in response.headers}
    assert {name.lower() for name in RESPONSE_HEADERS} - received == {"retry-after"}  # test_proxy.py reads it
