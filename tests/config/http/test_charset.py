"""Charsets other than UTF-8 are rejected, so that clients can't select a codec."""

import pytest
from django.test import Client
from django.test.client import RequestFactory

from config.http.middleware import declares_only_utf8
from config.wsgi import application
from tests.helpers import problem

UTF8 = [
    "",
    "text/plain",
    "application/json; charset=utf-8",
    'application/json;charset="UTF-8"',
    "application/x-www-form-urlencoded; charset=utf8",
    "multipart/form-data; boundary=x; charset = UTF-8",
    "text/plain; charset*=us-ascii''utf-8",
]
OTHER_CHARSETS = [
    "multipart/form-data; boundary=x; charset=punycode",
    'multipart/form-data; charset="unicode_escape"; boundary=x',
    "application/x-www-form-urlencoded; charset=utf-16",
    "application/json; CHARSET=latin-1",
    "text/plain; charset=no-such-codec",
    "text/plain; charset=",
    "text/plain; charset=zlib",
    "text/plain; charset=utf-7",
    "text/plain; charset = punycode",
    "text/plain; charset=punycode; charset=utf-8",
    "text/plain; charset=utf-8; charset=punycode",
    "text/plain; charset*=us-ascii''punycode",
    "text/plain; charset*=nonsense''utf-8",
    "text/plain; charset*0=puny; charset*1=code",
    "text/plain; charset*=idna''utf-8%ff",
    "text/plain; title*=nonsense''x",
]


@pytest.mark.parametrize("content_type", UTF8)
def test_utf8_is_accepted(content_type):
    assert declares_only_utf8(content_type)


@pytest.mark.parametrize("content_type", OTHER_CHARSETS)
def test_another_charset_is_detected(content_type):
    assert not declares_only_utf8(content_type)


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "DELETE", "OPTIONS"])
@pytest.mark.parametrize("content_type", OTHER_CHARSETS[:4])
def test_another_charset_returns_415_for_every_page_and_method(db, method, content_type):
    client = Client(enforce_csrf_checks=True)
    for url in ("/accounts/login/", "/admin/login/", "/todos/", "/nowhere/"):
        response = client.generic(method, url, b"x=%80", content_type)
        assert response.status_code == 415
        assert "UTF-8" in response.text
    problem(client.generic(method, "/api/session/", b"{}", content_type), 415)


@pytest.mark.parametrize("content_type", OTHER_CHARSETS)
def test_unparsable_content_type_returns_415(db, content_type):
    """Django parses the header before any middleware runs."""
    environ = RequestFactory().generic("POST", "/api/session/", b"{}", "text/plain").environ
    started = []
    body = application(environ | {"CONTENT_TYPE": content_type}, lambda status, headers: started.append(status))
    assert started == ["415 Unsupported Media Type"]
    body.close()


@pytest.mark.parametrize(
    "header",
    [
        'Content-Disposition: form-data; name="username"\r\nContent-Type: text/plain; charset=unicode_escape',
        "Content-Disposition: form-data; name*=unicode_escape''username",
        'Content-Disposition: form-data; name="username"\r\nContent-Transfer-Encoding: base64',
    ],
)
def test_headers_of_multipart_parts_do_not_select_a_codec(visitor, alice, header):
    body = f"--x\r\n{header}\r\n\r\n\\ud800\r\n--x--\r\n".encode()
    response = visitor.generic("POST", "/accounts/login/", body, "multipart/form-data; boundary=x")
    assert response.status_code == 200
    assert "\ud800" not in response.text
