"""The rules of browsers, one by one: the Fetch standard and RFC 6265bis. Chromium is asked in tests/browser/."""

import pytest

from config.cors.cookies import Cookie, Stop, refused, withheld
from config.cors.fetch_rules import (
    cors_check,
    headers_check,
    is_forbidden_header,
    method_check,
    needs_preflight,
    normalized,
    unsafe_headers,
)
from config.cors.origins import Origin, site_of

DASH = "https://dash.example.com"
FOR_DASH = {"access-control-allow-origin": DASH, "access-control-allow-credentials": "true"}


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("get", "GET"),
        ("delete", "DELETE"),
        ("Put", "PUT"),
        ("patch", "patch"),
        ("PATCH", "PATCH"),
        ("chicken", "chicken"),
    ],
)
def test_six_methods_are_written_in_capitals(written, sent):
    assert normalized(written) == sent


@pytest.mark.parametrize(
    ("headers", "unsafe"),
    [
        ({}, []),
        ({"Accept": "text/html", "Accept-Language": "de, en;q=0.5", "Content-Language": "de"}, []),
        ({"Accept": "text/{html}"}, ["accept"]),
        ({"Accept": "x" * 129}, ["accept"]),
        ({"Accept-Language": "de_DE"}, ["accept-language"]),
        ({"Content-Type": "text/plain; charset=utf-8"}, []),
        ({"Content-Type": " Multipart/Form-Data; boundary=x"}, []),
        ({"Content-Type": "application/json"}, ["content-type"]),
        ({"Content-Type": 'text/plain; charset="utf-8"'}, ["content-type"]),
        ({"Range": "bytes=0-"}, []),
        ({"Range": "bytes=-5"}, ["range"]),
        ({"X-CSRFToken": "x", "If-Match": "x", "Accept": "*/*"}, ["if-match", "x-csrftoken"]),
        (dict.fromkeys([f"Accept{'' if n else '-Language'}" for n in (0, 1)], "x" * 128), []),
    ],
)
def test_headers_that_no_form_could_send(headers, unsafe):
    assert unsafe_headers(headers) == unsafe
    assert needs_preflight("POST", headers) == bool(unsafe)
    assert needs_preflight("PATCH", headers)


def test_headers_that_only_browsers_write():
    assert all(map(is_forbidden_header, ("Cookie", "origin", "Sec-Fetch-Site", "Proxy-Authorization", "Host")))
    assert not any(map(is_forbidden_header, ("X-CSRFToken", "Authorization", "Accept", "Cookies")))


@pytest.mark.parametrize(
    ("answer", "trouble"),
    [
        (FOR_DASH, ""),
        ({}, "no Access-Control-Allow-Origin"),
        ({"access-control-allow-origin": DASH}, "no Access-Control-Allow-Credentials"),
        (FOR_DASH | {"access-control-allow-credentials": "True"}, "only 'true' counts"),
        (FOR_DASH | {"access-control-allow-origin": "*"}, "never holds"),
        (FOR_DASH | {"access-control-allow-origin": f"{DASH}, {DASH}"}, "more than once"),
        (FOR_DASH | {"access-control-allow-origin": f"{DASH}/"}, "letter by letter"),
        (FOR_DASH | {"access-control-allow-origin": "null"}, "letter by letter"),
    ],
)
def test_which_answers_may_be_read(answer, trouble):
    found = cors_check(DASH, answer)
    assert trouble in found
    assert bool(trouble) == bool(found)


@pytest.mark.parametrize(
    ("method", "allowed", "trouble"),
    [
        ("PATCH", "GET, PATCH", ""),
        ("POST", None, ""),
        ("PATCH", None, "doesn't have PATCH"),
        ("PATCH", "*", "no wildcard"),
        ("patch", "PATCH", "letter by letter"),
        ("PATCH", "patch", "doesn't have PATCH"),
    ],
)
def test_which_methods_a_preflight_allows(method, allowed, trouble):
    found = method_check(method, {"access-control-allow-methods": allowed} if allowed else {})
    assert trouble in found
    assert bool(trouble) == bool(found)


def test_which_headers_a_preflight_allows():
    answer = {"access-control-allow-headers": "Content-Type, X-CSRFToken"}
    assert headers_check(["content-type", "x-csrftoken"], answer) == ""
    assert "if-match, x-mine" in headers_check(["content-type", "if-match", "x-mine"], answer)
    assert "no wildcard" in headers_check(["x-mine"], {"access-control-allow-headers": "*"})
    assert "x-mine" in headers_check(["x-mine"], {})


@pytest.mark.parametrize(
    ("host", "site"),
    [
        ("a.b.example.com", "example.com"),
        ("app.example.co.uk", "example.co.uk"),
        ("alice.github.io", "alice.github.io"),
        ("app.example.test", "example.test"),
        ("dash.example.com.", "example.com."),
        ("www.xn--fiqs8s", "www.xn--fiqs8s"),
        ("localhost", "localhost"),
        ("com", "com"),
        ("192.0.2.7", "192.0.2.7"),
        ("::1", "::1"),
    ],
)
def test_sites(host, site):
    assert site_of(host) == site


def test_a_site_has_a_scheme_and_no_port():
    assert Origin.of(DASH).is_same_site(Origin.of("https://app.example.com:8443"))
    assert not Origin.of(DASH).is_same_site(Origin.of("http://app.example.com"))
    assert not Origin.of("null").is_same_site(Origin.of("null"))


@pytest.mark.parametrize(
    ("url", "trustworthy"),
    [
        ("https://app.example.com", True),
        ("http://app.example.com", False),
        ("http://localhost:8000", True),
        ("http://app.localhost", True),
        ("http://127.8.9.1", True),
        ("http://[::1]:8000", True),
        ("http://192.168.0.7", False),
        ("http://localhost.example.com", False),
    ],
)
def test_where_nobody_can_listen(url, trustworthy):
    assert Origin.of(url).is_trustworthy == trustworthy


def cookie(**values) -> Cookie:
    return Cookie(**{"name": "sessionid", "secure": True} | values)


@pytest.mark.parametrize(
    ("server", "given", "stop"),
    [
        ("https://app.example.com", {}, None),
        ("https://app.example.com", {"domain": "example.com"}, None),
        ("https://app.example.com", {"domain": "app.example.com"}, None),
        ("https://app.example.com", {"domain": "com"}, Stop.PUBLIC_SUFFIX),
        ("https://app.example.com", {"domain": "dash.example.com"}, Stop.OTHER_DOMAIN),
        ("https://app.example.com", {"domain": "ple.com"}, Stop.OTHER_DOMAIN),
        ("https://alice.github.io", {"domain": "github.io"}, Stop.PUBLIC_SUFFIX),
        ("https://github.io", {"domain": "github.io"}, None),
        ("http://localhost", {"domain": "localhost"}, None),
        ("http://app.localhost", {"domain": "localhost"}, Stop.PUBLIC_SUFFIX),
        ("https://192.0.2.7", {"domain": "192.0.2.7"}, None),
        ("https://192.0.2.7", {"domain": "0.2.7"}, Stop.OTHER_DOMAIN),
        ("http://app.example.com", {}, Stop.SECURE),
        ("http://app.example.com", {"secure": False}, None),
        ("http://localhost:8000", {}, None),
        ("https://app.example.com", {"same_site": "none"}, None),
        ("https://app.example.com", {"same_site": "none", "secure": False}, Stop.NONE_WITHOUT_SECURE),
        ("https://app.example.com", {"name": "__Host-x"}, None),
        ("https://app.example.com", {"name": "__host-x", "domain": "example.com"}, Stop.PREFIX),
        ("https://app.example.com", {"name": "__Host-x", "path": "/api/"}, Stop.PREFIX),
        ("https://app.example.com", {"name": "__Secure-x", "domain": "example.com"}, None),
        ("https://app.example.com", {"name": "__Secure-x", "secure": False}, Stop.PREFIX),
    ],
)
def test_which_cookies_are_kept(server, given, stop):
    assert refused(cookie(**given), Origin.of(server)) is stop


@pytest.mark.parametrize(
    ("url", "given", "same_site", "stop"),
    [
        ("https://app.example.com/api/", {}, True, None),
        ("https://app.example.com:8443/api/", {}, True, None),
        ("https://dash.example.com/", {}, True, Stop.HOST_ONLY),
        ("https://dash.example.com/", {"domain": "example.com"}, True, None),
        ("https://dash.example.org/", {"domain": "example.com"}, True, Stop.OTHER_DOMAIN),
        ("http://app.example.com/", {}, True, Stop.SECURE),
        ("http://app.example.com/", {"secure": False}, True, None),
        ("https://app.example.com/api/todos/", {"path": "/api"}, True, None),
        ("https://app.example.com/apis", {"path": "/api"}, True, Stop.OTHER_PATH),
        ("https://app.example.com/api/", {}, False, Stop.CROSS_SITE),
        ("https://app.example.com/api/", {"same_site": "strict"}, False, Stop.CROSS_SITE),
        ("https://app.example.com/api/", {"same_site": "none"}, False, Stop.THIRD_PARTY),
    ],
)
def test_which_cookies_go_along(url, given, same_site, stop):
    set_by = Origin.of("https://app.example.com")
    assert withheld(cookie(**given), url, set_by=set_by, same_site=same_site) is stop
