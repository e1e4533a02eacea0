"""Random paths, queries, headers, cookies and bodies, none of which may cause a server error."""

import json
import os
import re

import pytest
from django.core.signals import request_finished
from django.db import close_old_connections
from django.test import Client
from django.test.client import MULTIPART_CONTENT
from django.urls import URLPattern, URLResolver, get_resolver
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.config.test_conventions import fill
from tests.helpers import file

EXAMPLES = int(os.environ.get("ANY_INPUT_EXAMPLES", "40"))
"""Number of requests of each of three users. Set ANY_INPUT_EXAMPLES=3000 for a long search."""

EXPECTED_ERRORS = {"/healthz/": 503}
"""Without a worker, the health check fails."""

JSON = "application/json"
UUID_ = "00000000-0000-4000-8000-000000000000"
METHODS = ["GET", "GET", "GET", "HEAD", "POST", "POST", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
NAMES = """
_changelist_filters _facets _popup _save _to_field action after all before completed completed_at__isempty created_at
created_at__day created_at__gte created_at__month created_at__range created_at__year cursor date_joined__gte
date_joined__year deleted direction due_on e email file filter format id id__exact id__in index is_staff__exact
last_login__year name new_password1 new_password2 next notes o old_password order owner owner__username p password
password1 password2 pk__exact q select_across _selected_action since size__gt state__exact task title token upload
username version wait worker attempt_time__year ip_address__exact deleted_at__isnull attachments quick_add object_id
model_name app_label field_name term percent__gt time_zone lines as_typed section first_name
theme shortcuts current_password
"""
HEADERS = """
Accept Accept-Language Content-Language HX-Request HX-Current-URL HX-Target If-Match If-Modified-Since If-None-Match
If-Range Last-Event-ID Origin Range Referer Tus-Resumable Upload-Checksum Upload-Concat Upload-Defer-Length
Upload-Length Upload-Metadata Upload-Offset User-Agent X-Accel-Redirect X-CSRFToken X-Forwarded-For X-Forwarded-Host
X-Forwarded-Proto X-HTTP-Method-Override X-Request-ID X-Requested-With X-Sendfile-Type X-User Cache-Control
Authorization Expect
"""
COOKIES = ["sessionid", "csrftoken", "timezone", "messages", "django_language"]
VALUES = [
    *(
        "",
        "0",
        "-1",
        "1",
        "01",
        "1e9",
        "NaN",
        "inf",
        "true",
        "null",
        "None",
        "[]",
        "{}",
        "[[[[",
        '"',
        "'",
        "\\",
        "%",
        "%s",
    ),
    *(
        "%00",
        "%zz",
        "..",
        "../../etc/passwd",
        "/",
        "//x",
        "?",
        "#",
        "a b",
        " ",
        "*",
        "__all__",
        "id",
        "-id",
        "pk",
        "1,2",
    ),
    *(
        str(2**31),
        str(2**63 - 1),
        str(2**63),
        str(-(2**63) - 1),
        "9" * 19,
        "9" * 400,
        "1" * 5000,
        "1.5",
        "9.9",
        "\u0661",
    ),
    *(f"{2**63}.{2**63}", "9999999999999999999.999999999999999999", f"{UUID_}:1", f"{UUID_}:{2**64}", "x" * 300),
    *(
        "0001-01-01",
        "9999-12-31",
        "0000-00-00",
        "2030-02-30",
        "10000",
        "0",
        "13",
        "99999999999",
        "0001-01-01T00:00:00Z",
    ),
    *("0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "2030-01-31T12:00:00.000Z", "today", "24:00", "-0001"),
    *(UUID_, f"0001-01-01T00:00:00+23:59_{UUID_}", f"9999-12-31T23:59:59.999999-23:59_{UUID_}", f"2030-01-31_{UUID_}"),
    *(
        f"2030-01-31T00:00:00+00:00:00.000001_{UUID_}",
        f"2030-01-31T00:00:00Z_{{{UUID_}}}",
        "_",
        "bytes=0-",
        "bytes=5-1",
    ),
    *("bytes=-0", "bytes=9999999999999999999999-", "1.0.0", "md5 ", "sha1 eA==", "partial", f"final;/api/tus/{UUID_}"),
    *(
        "final;//[",
        "final;http://[",
        "name",
        "name bWU=,name bWU=",
        "name !",
        "filetype ,",
        "https://[",
        "http://[::1",
        "null",
    ),
    *(
        "https://dash.example.com",
        "text/html;q=x",
        "text/html;q=1;q=2",
        "*/*;q=",
        ";;;",
        "en;q=nan",
        "x" * 5000,
        "é",
        "日本",
    ),
    *(
        "\0",
        "a\0b",
        "\x1b[2J",
        "\x7f",
        "\r\n",
        "\n",
        "\u2028",
        "\u202e",
        "\ufeff",
        "\ud800",
        "\U000e0041",
        "\uffff",
        "ﬁ",
        "e\u0301",
    ),
    *(
        "Europe/Berlin",
        "../UTC",
        "Etc",
        "posix/UTC",
        "state__exact",
        "owner__password__startswith",
        "GET",
        "PATCH",
        "TRACE",
    ),
    *(
        'W/"1"',
        '"1"',
        "*,*",
        '"',
        "Thu, 01 Jan 1970 00:00:00 GMT",
        "Thu, 99 Jan 99999 99:99:99 GMT",
        "1, 2",
        "unix:",
        "::",
    ),
]
LATIN = st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=20)
value = st.sampled_from(VALUES) | st.text(max_size=20)
scalar = (
    value | st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from([2**63, -(2**63) - 1, 10**400])
)
anything = st.recursive(scalar, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(value, inner, max_size=3))
fields = st.dictionaries(st.sampled_from(NAMES.split()) | value, value, max_size=5)


def patterns(resolver=None, prefix="/"):
    for each in (resolver or get_resolver()).url_patterns:
        route = prefix + re.sub(r"^\^|\$$|\\Z|\(\?P|/\?", "", str(each.pattern))
        if isinstance(each, URLResolver):
            yield from patterns(each, route)
        elif isinstance(each, URLPattern):
            yield route


ROUTES = sorted(patterns())
requests = st.fixed_dictionaries(
    {
        "method": st.sampled_from(METHODS),
        "route": st.sampled_from(ROUTES),
        "is_own": st.booleans(),
        "arguments": st.lists(value, min_size=3, max_size=3),
        "query": fields,
        "headers": st.dictionaries(st.sampled_from(HEADERS.split()), value | LATIN, max_size=3),
        "cookies": st.dictionaries(st.sampled_from(COOKIES), value, max_size=1),
        "body": st.none() | fields | anything | st.binary(max_size=30),
        "type": st.sampled_from(["", JSON, JSON, MULTIPART_CONTENT, "application/x-www-form-urlencoded"]) | LATIN,
    }
)


def get(path: str, **query: str) -> dict:
    spec = {"method": "GET", "route": path, "is_own": True, "arguments": [], "query": query}
    return spec | {"headers": {}, "cookies": {}, "body": None, "type": ""}


def path_of(spec: dict, owner) -> str:
    """Return the path of one of the owner's objects, or a path with random arguments."""
    if spec["is_own"]:
        try:
            return fill(spec["route"], owner)
        except KeyError:  # a route of the admin
            pass
    arguments = iter([*spec["arguments"], "1", "1", "1"])
    return re.sub(r"<[^>]*>", lambda match: next(arguments).replace("\\", ""), spec["route"])


def body_of(spec: dict):
    body, content_type = spec["body"], spec["type"]
    if isinstance(body, dict) and content_type == MULTIPART_CONTENT:
        sent = {encodable(name): encodable(text) for name, text in body.items() if isinstance(text, str)}
        return Client()._encode_data(sent | ({"file": file()} if "file" in body else {}), MULTIPART_CONTENT)
    return body if isinstance(body, bytes) else json.dumps(body).encode()


def encodable(text: str) -> str:
    """Replace what UTF-8 can't encode."""
    return text.encode(errors="replace").decode()


def header(text: str) -> str:
    """Convert a value as gunicorn does: bytes are Latin-1, and characters that it rejects are removed."""
    return re.sub(r"[\0\r\n]", "", text.encode(errors="replace").decode("latin-1"))


def send(client: Client, path: str, spec: dict):
    own = {name: morsel.value for name, morsel in client.cookies.items()}
    cookies = "; ".join(f"{name}={text}" for name, text in (own | spec["cookies"]).items())
    query = {encodable(name): encodable(text) for name, text in spec["query"].items()}
    return client.generic(
        spec["method"],
        encodable(path),
        body_of(spec),
        header(spec["type"]),
        headers={name: header(text) for name, text in (spec["headers"] | {"Cookie": cookies}).items()},
        query_params=query,
    )


@pytest.mark.parametrize("user_fixture", ["visitor", "alice", "admin_user"])
@settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
@given(spec=requests)
@example(spec=get("/uploads/", cursor=f"0001-01-01T00:00:00+23:59_{UUID_}"))
@example(spec=get("/api/uploads/", cursor=f"0001-01-01T00:00:00+23:59_{UUID_}"))
@example(spec=get("/api/uploads/", cursor=f"9999-12-31T23:59:59-23:59_{UUID_}"))
@example(spec=get("/todos/", cursor=f"{2**63}_1"))
@example(spec=get("/admin/progress/job/", created_at__year="99999999999"))
@example(spec=get("/admin/auth/user/", q="\0"))
def test_input_never_causes_a_server_error(request, db, alice, user_fixture, spec):
    client = Client()
    user = request.getfixturevalue(user_fixture)
    if user_fixture != "visitor":
        client.force_login(user)
    response = send(client, path_of(spec, alice), spec)
    if response.streaming:
        close(response)
    assert response.status_code < 500 or EXPECTED_ERRORS.get(spec["route"]) == response.status_code


def close(response) -> None:
    """Close a stream, but not the database connection, which has the transaction of the test."""
    request_finished.disconnect(close_old_connections)
    try:
        response.close()
    finally:
        request_finished.connect(close_old_connections)
