"""The rules of the Fetch standard and of RFC 6265bis. test_explain_cors.py in tests/browser/ compares them with
Chromium.
"""

import pytest

from config.cors.cookies import Cookie, CookieProblem, sending_problem, storage_problem
from config.cors.fetch_rules import (
    cors_problem,
    headers_problem,
    is_forbidden_header,
    method_problem,
    needs_preflight,
    normalize_method,
    unsafe_header_names,
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
def test_fetch_uppercases_six_methods(written, sent):
    assert normalize_method(written) == sent


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
def test_header_outside_of_the_safelist_needs_a_preflight(headers, unsafe):
    assert unsafe_header_names(headers) == unsafe
    assert needs_preflight("POST", headers) == bool(unsafe)
    assert needs_preflight("PATCH", headers)


def test_forbidden_headers_are_recognized():
    assert all(map(is_forbidden_header, ("Cookie", "origin", "Sec-Fetch-Site", "Proxy-Authorization", "Host")))
    assert not any(map(is_forbidden_header, ("X-CSRFToken", "Authorization", "Accept", "Cookies")))


@pytest.mark.parametrize(
    ("response", "problem"),
    [
        (FOR_DASH, ""),
        ({}, "no Access-Control-Allow-Origin"),
        ({"access-control-allow-origin": DASH}, "no Access-Control-Allow-Credentials"),
        (FOR_DASH | {"access-control-allow-credentials": "True"}, "must be 'true'"),
        (FOR_DASH | {"access-control-allow-origin": "*"}, "isn't valid for requests with cookies"),
        (FOR_DASH | {"access-control-allow-origin": f"{DASH}, {DASH}"}, "several values"),
        (FOR_DASH | {"access-control-allow-origin": f"{DASH}/"}, "doesn't match"),
        (FOR_DASH | {"access-control-allow-origin": "null"}, "doesn't match"),
    ],
)
def test_cors_check_requires_exact_origin_and_credentials(response, problem):
    found = cors_problem(DASH, response)
    assert problem in found
    assert bool(problem) == bool(found)


@pytest.mark.parametrize(
    ("method", "allowed", "problem"),
    [
        ("PATCH", "GET, PATCH", ""),
        ("POST", None, ""),
        ("PATCH", None, "doesn't list PATCH"),
        ("PATCH", "*", "isn't a wildcard"),
        ("patch", "PATCH", "case-sensitive"),
        ("PATCH", "patch", "doesn't list PATCH"),
    ],
)
def test_preflight_compares_methods_exactly(method, allowed, problem):
    found = method_problem(method, {"access-control-allow-methods": allowed} if allowed else {})
    assert problem in found
    assert bool(problem) == bool(found)


def test_preflight_compares_headers_case_insensitively():
    response = {"access-control-allow-headers": "Content-Type, X-CSRFToken"}
    assert headers_problem(["content-type", "x-csrftoken"], response) == ""
    assert "if-match, x-mine" in headers_problem(["content-type", "if-match", "x-mine"], response)
    assert "isn't a wildcard" in headers_problem(["x-mine"], {"access-control-allow-headers": "*"})
    assert "x-mine" in headers_problem(["x-mine"], {})


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
def test_site_is_the_registrable_domain(host, site):
    assert site_of(host) == site


def test_site_has_a_scheme_but_no_port():
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
def test_origin_is_trustworthy_over_https_or_on_loopback_hosts(url, trustworthy):
    assert Origin.of(url).is_trustworthy == trustworthy


def cookie(**values) -> Cookie:
    return Cookie(**{"name": "sessionid", "secure": True} | values)


@pytest.mark.parametrize(
    ("server", "attributes", "problem"),
    [
        ("https://app.example.com", {}, None),
        ("https://app.example.com", {"domain": "example.com"}, None),
        ("https://app.example.com", {"domain": "app.example.com"}, None),
        ("https://app.example.com", {"domain": "com"}, CookieProblem.PUBLIC_SUFFIX),
        ("https://app.example.com", {"domain": "dash.example.com"}, CookieProblem.OTHER_DOMAIN),
        ("https://app.example.com", {"domain": "ple.com"}, CookieProblem.OTHER_DOMAIN),
        ("https://alice.github.io", {"domain": "github.io"}, CookieProblem.PUBLIC_SUFFIX),
        ("https://github.io", {"domain": "github.io"}, None),
        ("http://localhost", {"domain": "localhost"}, None),
        ("http://app.localhost", {"domain": "localhost"}, CookieProblem.PUBLIC_SUFFIX),
        ("https://192.0.2.7", {"domain": "192.0.2.7"}, None),
        ("https://192.0.2.7", {"domain": "0.2.7"}, CookieProblem.OTHER_DOMAIN),
        ("http://app.example.com", {}, CookieProblem.SECURE),
        ("http://app.example.com", {"secure": False}, None),
        ("http://localhost:8000", {}, None),
        ("https://app.example.com", {"same_site": "none"}, None),
        ("https://app.example.com", {"same_site": "none", "secure": False}, CookieProblem.NONE_WITHOUT_SECURE),
        ("https://app.example.com", {"name": "__Host-x"}, None),
        ("https://app.example.com", {"name": "__host-x", "domain": "example.com"}, CookieProblem.PREFIX),
        ("https://app.example.com", {"name": "__Host-x", "path": "/api/"}, CookieProblem.PREFIX),
        ("https://app.example.com", {"name": "__Secure-x", "domain": "example.com"}, None),
        ("https://app.example.com", {"name": "__Secure-x", "secure": False}, CookieProblem.PREFIX),
    ],
)
def test_cookie_is_stored_unless_it_has_a_problem(server, attributes, problem):
    assert storage_problem(cookie(**attributes), Origin.of(server)) is problem


@pytest.mark.parametrize(
    ("url", "attributes", "same_site", "problem"),
    [
        ("https://app.example.com/api/", {}, True, None),
        ("https://app.example.com:8443/api/", {}, True, None),
        ("https://dash.example.com/", {}, True, CookieProblem.HOST_ONLY),
        ("https://dash.example.com/", {"domain": "example.com"}, True, None),
        ("https://dash.example.org/", {"domain": "example.com"}, True, CookieProblem.OTHER_DOMAIN),
        ("http://app.example.com/", {}, True, CookieProblem.SECURE),
        ("http://app.example.com/", {"secure": False}, True, None),
        ("https://app.example.com/api/todos/", {"path": "/api"}, True, None),
        ("https://app.example.com/apis", {"path": "/api"}, True, CookieProblem.OTHER_PATH),
        ("https://app.example.com/api/", {}, False, CookieProblem.CROSS_SITE),
        ("https://app.example.com/api/", {"same_site": "strict"}, False, CookieProblem.CROSS_SITE),
        ("https://app.example.com/api/", {"same_site": "none"}, False, CookieProblem.THIRD_PARTY),
    ],
)
def test_cookie_is_sent_unless_it_has_a_problem(url, attributes, same_site, problem):
    set_by = Origin.of("https://app.example.com")
    assert sending_problem(cookie(**attributes), url, set_by=set_by, same_site=same_site) is problem
