"""System checks of settings for other origins: each finds one mistake, and its hint says what to write instead."""

import pytest
from django.core.checks import run_checks

from config.cors.origins import Origin, is_exact

SITE = {
    "APP_ORIGIN": "https://app.example.com",
    "ALLOWED_HOSTS": ["app.example.com", "localhost", "[::1]"],
    "CORS_ALLOWED_ORIGINS": ["https://dash.example.com"],
    "CSRF_TRUSTED_ORIGINS": ["https://dash.example.com"],
    "SESSION_COOKIE_DOMAIN": "example.com",
    "SESSION_COOKIE_SECURE": True,
    "CSRF_COOKIE_SECURE": True,
}


def front_ends(*origins: str, **more) -> dict:
    return {"CORS_ALLOWED_ORIGINS": list(origins), "CSRF_TRUSTED_ORIGINS": list(origins), **more}


@pytest.fixture
def findings(settings):
    """Return a function that changes valid settings and returns the hints of the system checks by id."""

    def check(**changed) -> dict[str, str]:
        for name, value in (SITE | changed).items():
            setattr(settings, name, value)
        return {message.id: message.hint for message in run_checks() if message.id.startswith("headway.")}

    return check


VALID = [
    {},
    {"SESSION_COOKIE_DOMAIN": None},
    {"SESSION_COOKIE_DOMAIN": ".example.com"},
    {"ALLOWED_HOSTS": ["*"]},
    {"ALLOWED_HOSTS": [".example.com"]},
    front_ends(),
    front_ends("https://dash.example.com:8443", "https://example.com", "https://a.b.example.com"),
    front_ends("https://app.example.com"),
    {"SESSION_COOKIE_NAME": "__Host-sessionid", "SESSION_COOKIE_DOMAIN": None},
    front_ends(
        "http://localhost:8001",
        APP_ORIGIN="http://localhost:8000",
        ALLOWED_HOSTS=["localhost", "127.0.0.1"],
        SESSION_COOKIE_DOMAIN=None,
        SESSION_COOKIE_SECURE=False,
        CSRF_COOKIE_SECURE=False,
    ),
    front_ends(
        "http://127.0.0.1:8001",
        APP_ORIGIN="http://localhost:8000",
        ALLOWED_HOSTS=["localhost", "127.0.0.1"],
        SESSION_COOKIE_DOMAIN=None,
    ),
]


@pytest.mark.parametrize("changed", VALID)
def test_valid_settings_have_no_findings(findings, changed):
    assert findings(**changed) == {}


MISTAKES = [
    ("headway.E001", "FRONTEND_ORIGINS=https://", {"CORS_ALLOW_ALL_ORIGINS": True}),
    ("headway.E002", "FRONTEND_ORIGINS=https://", {"CORS_ALLOWED_ORIGIN_REGEXES": [r"^https://.*\.example\.com$"]}),
    ("headway.E003", "FRONTEND_ORIGINS=https://dash.example.com", front_ends("https://dash.example.com/")),
    ("headway.E003", "FRONTEND_ORIGINS=https://dash.example.com", front_ends("https://Dash.example.com")),
    ("headway.E003", "FRONTEND_ORIGINS=https://dash.example.com", front_ends("https://dash.example.com:443")),
    ("headway.E003", "FRONTEND_ORIGINS=https://dash.example.com", front_ends("https://dash.example.com/app")),
    ("headway.E003", "FRONTEND_ORIGINS=https://xn--d-0fa.example.com", front_ends("https://dä.example.com")),
    ("headway.E003", "not null", front_ends("null")),
    ("headway.E004", "Set FRONTEND_ORIGINS", {"CSRF_TRUSTED_ORIGINS": []}),
    ("headway.E004", "Set FRONTEND_ORIGINS", {"CORS_ALLOWED_ORIGINS": []}),
    ("headway.E005", "FRONTEND_ORIGINS=https://dash.example.com:8443", front_ends("http://dash.example.com:8443")),
    ("headway.E006", "on a subdomain of example.com", front_ends("https://dash.example.org")),
    (
        "headway.E006",
        "on a subdomain of alice.github.io",
        front_ends("https://bob.github.io", ALLOWED_HOSTS=["alice.github.io"], SESSION_COOKIE_DOMAIN=None),
    ),
    (
        "headway.E006",
        "from http://localhost, on any port",
        front_ends(
            "http://127.0.0.1:8001",
            APP_ORIGIN="http://localhost:8000",
            ALLOWED_HOSTS=["localhost"],
            SESSION_COOKIE_DOMAIN=None,
            SESSION_COOKIE_SECURE=False,
            CSRF_COOKIE_SECURE=False,
        ),
    ),
    ("headway.E007", "CORS_ALLOW_CREDENTIALS = True", {"CORS_ALLOW_CREDENTIALS": False}),
    ("headway.E008", "COOKIE_DOMAIN=example.com, or empty", {"SESSION_COOKIE_DOMAIN": "com"}),
    (
        "headway.E008",
        "COOKIE_DOMAIN= (empty: 192.0.2.7 only)",
        front_ends(ALLOWED_HOSTS=["192.0.2.7"], SESSION_COOKIE_DOMAIN="7"),
    ),
    ("headway.E009", "COOKIE_DOMAIN=example.com, or empty", {"SESSION_COOKIE_DOMAIN": "example.org"}),
    ("headway.E009", "COOKIE_DOMAIN=example.com, or empty", {"SESSION_COOKIE_DOMAIN": "dash.example.com"}),
    (
        "headway.E010",
        'SESSION_COOKIE_SAMESITE = "Lax"',
        {"SESSION_COOKIE_SAMESITE": "None", "SESSION_COOKIE_SECURE": False},
    ),
    ("headway.E010", 'CSRF_COOKIE_SAMESITE = "Lax"', {"CSRF_COOKIE_SAMESITE": "None", "CSRF_COOKIE_SECURE": False}),
    ("headway.E011", "__Host- requires: COOKIE_DOMAIN=", {"SESSION_COOKIE_NAME": "__Host-sessionid"}),
    ("headway.E012", "DEBUG=true", front_ends(APP_ORIGIN="http://app.example.com")),
    ("headway.E013", '"^/api/"', {"CORS_URLS_REGEX": r"^.*$"}),
    ("headway.W001", "COOKIE_DOMAIN=example.com", {"SESSION_COOKIE_DOMAIN": "app.example.com"}),
    ("headway.W002", "CSRF_COOKIE_DOMAIN = None", {"CSRF_COOKIE_DOMAIN": "example.com"}),
    ("headway.W003", "Remove www.example.org from", {"ALLOWED_HOSTS": ["app.example.com", "www.example.org"]}),
]


@pytest.mark.parametrize(("check", "hint", "changed"), MISTAKES)
def test_mistake_is_found_and_the_hint_says_what_to_write(findings, check, hint, changed):
    hints = findings(**changed)
    assert list(hints) == [check]
    assert hint in hints[check]


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://dash.example.com", "https://dash.example.com"),
        ("HTTPS://Dash.Example.COM:443/app?x#y", "https://dash.example.com"),
        ("http://dash.example.com:80", "http://dash.example.com"),
        ("http://dash.example.com:443", "http://dash.example.com:443"),
        ("https://me:secret@dash.example.com", "https://dash.example.com"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
        ("http://[::0001]:8001", "http://[::1]:8001"),
        ("https://dash.example.com.", "https://dash.example.com."),
    ],
)
def test_origin_is_serialized_as_browsers_do(url, origin):
    assert str(Origin.of(url)) == origin
    assert is_exact(origin)
    assert is_exact(url) == (url == origin)


@pytest.mark.parametrize(
    "text",
    ["", "dash.example.com", "*", "https://", "https://*.example.com", "ftp://x", "https://a:99999", "https://[x"],
)
def test_invalid_origin_is_rejected(text):
    assert not is_exact(text)
    with pytest.raises(ValueError, match=r"."):
        Origin.of(text)


@pytest.mark.parametrize(
    ("is_open", "quota", "findings"),
    [(True, 0, ["headway.W004"]), (True, 10**10, []), (False, 0, []), (False, 10**10, [])],
)
def test_open_sign_up_without_quota_is_a_deployment_warning(settings, is_open, quota, findings):
    settings.SIGNUP_OPEN, settings.USER_QUOTA_BYTES = is_open, quota
    assert [check.id for check in run_checks(include_deployment_checks=True) if check.id == "headway.W004"] == findings
    assert "headway.W004" not in [check.id for check in run_checks()]
