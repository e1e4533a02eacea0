"""System checks: settings that would let too many in or too much be kept, or that no browser would go along with.

Each says what to write instead. What a value may look like by itself is judged by `config/environment.py`, before
Django starts; here is what doesn't fit together. `manage.py explain_cors` tells it for one call, and at length.
"""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from corsheaders.conf import conf
from django.conf import settings
from django.core.checks import CheckMessage, Error
from django.core.checks import Warning as Caution

from config.cors import advice
from config.cors.cookies import Cookie, Stop, domain_matches, refused
from config.cors.origins import Origin, is_exact, is_this_machine, site_of
from config.cors.own_cookies import csrf_cookie, session_cookie

BY_LIST = "List them one by one in FRONTEND_ORIGINS, like FRONTEND_ORIGINS=https://dash.example.com"
BOTH_LISTS = "Set FRONTEND_ORIGINS, from which both are derived, and neither of them by itself."
REFUSED = {
    Stop.PUBLIC_SUFFIX: "headway.E008",
    Stop.OTHER_DOMAIN: "headway.E009",
    Stop.NONE_WITHOUT_SECURE: "headway.E010",
    Stop.PREFIX: "headway.E011",
    Stop.SECURE: "headway.E012",
}
"""Why browsers would throw a cookie of ours away."""


def check_origins(**kwargs: Any) -> list[CheckMessage]:
    """Who else may call the API."""
    return [*_too_many(), *_inexact(), *_half_allowed(), *_kept_from_cookies()]


def check_cookies(**kwargs: Any) -> list[CheckMessage]:
    """What becomes of our own cookies."""
    session, csrf = session_cookie(), csrf_cookie()
    return [*_refused(session), *_refused(csrf), *_uncovered_hosts(session), *_shared(csrf)]


def check_sign_up(**kwargs: Any) -> list[CheckMessage]:
    """What strangers may use up."""
    if settings.USER_QUOTA_BYTES or not settings.SIGNUP_OPEN:
        return []
    return [
        Caution(
            "SIGNUP_OPEN=true with USER_QUOTA_BYTES=0: anybody can sign up and fill the disk.",
            hint="USER_QUOTA_BYTES=10000000000, or SIGNUP_OPEN=false",
            id="headway.W004",
        )
    ]


def _own() -> list[Origin]:
    """By which origins this site is called, as far as they are known; the first is the one that others link to."""
    scheme = urlsplit(settings.APP_ORIGIN).scheme
    return [Origin.of(f"{scheme}://{host.lstrip('.')}") for host in settings.ALLOWED_HOSTS if host != "*"]


def _too_many() -> Iterator[CheckMessage]:
    if conf.CORS_ALLOW_CREDENTIALS and conf.CORS_ALLOW_ALL_ORIGINS:
        yield Error(
            "CORS_ALLOW_ALL_ORIGINS with credentials: every page of the web may read what a visitor may.",
            hint=f"CORS_ALLOW_ALL_ORIGINS = False. {BY_LIST}",
            id="headway.E001",
        )
    if conf.CORS_ALLOW_CREDENTIALS and conf.CORS_ALLOWED_ORIGIN_REGEXES:
        yield Error(
            "CORS_ALLOWED_ORIGIN_REGEXES with credentials: a pattern lets in hosts that nobody thought of.",
            hint=f"CORS_ALLOWED_ORIGIN_REGEXES = []. {BY_LIST}",
            id="headway.E002",
        )
    if re.match(conf.CORS_URLS_REGEX, "/"):
        yield Error(
            "CORS_URLS_REGEX matches more than the API: pages, with their CSRF tokens, could be read too.",
            hint='CORS_URLS_REGEX = r"^/api/"',
            id="headway.E013",
        )


def _inexact() -> Iterator[CheckMessage]:
    for text in dict.fromkeys([*conf.CORS_ALLOWED_ORIGINS, *settings.CSRF_TRUSTED_ORIGINS]):
        if not is_exact(text):
            yield Error(
                f"{text!r} isn't an origin as browsers send it, so it is the same as none.",
                hint=f"FRONTEND_ORIGINS={_meant(text)}",
                id="headway.E003",
            )


def _meant(text: str) -> str:
    """The origin that somebody who wrote this thought of."""
    try:
        return str(Origin.of("" if text == "null" else text))
    except ValueError:
        return "https://dash.example.com, with scheme and host; never null and no pattern"


def _half_allowed() -> Iterator[CheckMessage]:
    if differing := set(conf.CORS_ALLOWED_ORIGINS) ^ set(settings.CSRF_TRUSTED_ORIGINS):
        yield Error(
            f"CORS_ALLOWED_ORIGINS and CSRF_TRUSTED_ORIGINS differ: {', '.join(sorted(differing))}. Such a front end "
            "could read and not write, or write and not read.",
            hint=BOTH_LISTS,
            id="headway.E004",
        )
    if conf.CORS_ALLOWED_ORIGINS and not conf.CORS_ALLOW_CREDENTIALS:
        yield Error(
            "Front ends are allowed, but not with their visitors' cookies: browsers would let them read nothing.",
            hint="CORS_ALLOW_CREDENTIALS = True",
            id="headway.E007",
        )


def _kept_from_cookies() -> Iterator[CheckMessage]:
    """Front ends that are let in, and whose calls come without the session."""
    cookie, own = session_cookie(), _own()
    allowed = [Origin.of(text) for text in conf.CORS_ALLOWED_ORIGINS if is_exact(text)]
    for origin in allowed if own else []:
        if not any(map(origin.is_same_site, own)):
            yield _other_site(origin, own)
        elif _misses(cookie, origin):
            yield Caution(
                f"COOKIE_DOMAIN={cookie.domain} doesn't cover the front end {origin}: its pages may call the API with "
                "the session, but its own server never sees that.",
                hint=advice.share(own[0]),
                id="headway.W001",
            )


def _other_site(origin: Origin, own: list[Origin]) -> CheckMessage:
    near = [site for site in own if site_of(site.host) == site_of(origin.host)]
    if near:
        return Error(
            f"The front end {origin} and this site, {near[0]}, are two sites, since one is http and one https: Secure "
            "and SameSite cookies stay home.",
            hint=f"FRONTEND_ORIGINS={near[0].scheme}://{origin.netloc}",
            id="headway.E005",
        )
    return Error(
        f"The front end {origin} is of another site than {own[0]}: browsers keep the session cookie home, so nobody is "
        "ever logged in there.",
        hint=advice.same_site(own[0]),
        id="headway.E006",
    )


def _refused(cookie: Cookie) -> Iterator[CheckMessage]:
    for server in _own()[:1]:
        if stop := refused(cookie, server):
            yield Error(
                f"Browsers won't keep the cookie {cookie.name} ({cookie}) of {server}. {stop.value}",
                hint=advice.for_cookie(cookie, stop, server),
                id=REFUSED[stop],
            )


def _uncovered_hosts(cookie: Cookie) -> Iterator[CheckMessage]:
    """Of the first host, `_refused` tells."""
    for server in _own()[1:]:
        if _misses(cookie, server) and not is_this_machine(server.host):
            yield Caution(
                f"COOKIE_DOMAIN={cookie.domain} doesn't cover {server.host} of ALLOWED_HOSTS: nobody can log in there.",
                hint=f"Take {server.host} out of ALLOWED_HOSTS, or redirect it to {_own()[0]}; or leave COOKIE_DOMAIN "
                "empty.",
                id="headway.W003",
            )


def _misses(cookie: Cookie, other: Origin) -> bool:
    """Is it shared with all that is below a domain, and not with this one?"""
    return domain_matches(_own()[0].host, cookie.domain) and not domain_matches(other.host, cookie.domain)


def _shared(cookie: Cookie) -> Iterator[CheckMessage]:
    if cookie.domain:
        yield Caution(
            f"The CSRF cookie has Domain={cookie.domain}: a page of any host below can read it and set it, and front "
            "ends don't need it, since the token is in /api/session/.",
            hint="CSRF_COOKIE_DOMAIN = None",
            id="headway.W002",
        )
