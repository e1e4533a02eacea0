"""System checks for combinations of settings that are insecure, or that don't work in browsers.

Each hint says what to write instead. `config/environment.py` validates single values, before Django starts.
`manage.py explain_cors` explains the rules in detail, for one request.
"""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from corsheaders.conf import conf
from django.conf import settings
from django.core.checks import CheckMessage, Error
from django.core.checks import Warning as CheckWarning

from config.cors import remedies
from config.cors.cookies import Cookie, CookieProblem, domain_matches, storage_problem
from config.cors.origins import Origin, is_exact, is_loopback, site_of
from config.cors.site_cookies import csrf_cookie, session_cookie

LIST_ORIGINS = "List each origin in FRONTEND_ORIGINS, for example FRONTEND_ORIGINS=https://dash.example.com"
COOKIE_CHECK_IDS = {
    CookieProblem.PUBLIC_SUFFIX: "headway.E008",
    CookieProblem.OTHER_DOMAIN: "headway.E009",
    CookieProblem.NONE_WITHOUT_SECURE: "headway.E010",
    CookieProblem.PREFIX: "headway.E011",
    CookieProblem.SECURE: "headway.E012",
}


def check_origins(**kwargs: Any) -> list[CheckMessage]:
    """Check the origins that may use the API."""
    return [*_too_permissive(), *_not_origins(), *_inconsistent(), *_without_session()]


def check_cookies(**kwargs: Any) -> list[CheckMessage]:
    """Check the cookies that this site sets."""
    session, csrf = session_cookie(), csrf_cookie()
    return [*_not_stored(session), *_not_stored(csrf), *_hosts_outside_domain(session), *_shared(csrf)]


def check_sign_up(**kwargs: Any) -> list[CheckMessage]:
    """Check that strangers can't fill the disk."""
    if settings.USER_QUOTA_BYTES or not settings.SIGNUP_OPEN:
        return []
    return [
        CheckWarning(
            "SIGNUP_OPEN=true with USER_QUOTA_BYTES=0: anyone can sign up and fill the disk.",
            hint="USER_QUOTA_BYTES=10000000000, or SIGNUP_OPEN=false",
            id="headway.W004",
        )
    ]


def _site_origins() -> list[Origin]:
    """Return the origins of this site, by ALLOWED_HOSTS. Links use the first origin."""
    scheme = urlsplit(settings.APP_ORIGIN).scheme
    return [Origin.of(f"{scheme}://{host.lstrip('.')}") for host in settings.ALLOWED_HOSTS if host != "*"]


def _too_permissive() -> Iterator[CheckMessage]:
    if conf.CORS_ALLOW_CREDENTIALS and conf.CORS_ALLOW_ALL_ORIGINS:
        yield Error(
            "CORS_ALLOW_ALL_ORIGINS with credentials: any website can read the data of its visitors here.",
            hint=f"CORS_ALLOW_ALL_ORIGINS = False. {LIST_ORIGINS}",
            id="headway.E001",
        )
    if conf.CORS_ALLOW_CREDENTIALS and conf.CORS_ALLOWED_ORIGIN_REGEXES:
        yield Error(
            "CORS_ALLOWED_ORIGIN_REGEXES with credentials: a pattern may match unintended hosts.",
            hint=f"CORS_ALLOWED_ORIGIN_REGEXES = []. {LIST_ORIGINS}",
            id="headway.E002",
        )
    if re.match(conf.CORS_URLS_REGEX, "/"):
        yield Error(
            "CORS_URLS_REGEX matches more than the API: other origins could read pages, which contain CSRF tokens.",
            hint='CORS_URLS_REGEX = r"^/api/"',
            id="headway.E013",
        )


def _not_origins() -> Iterator[CheckMessage]:
    for text in dict.fromkeys([*conf.CORS_ALLOWED_ORIGINS, *settings.CSRF_TRUSTED_ORIGINS]):
        if not is_exact(text):
            yield Error(
                f"{text!r} is not an origin as browsers send it, so it never matches.",
                hint=f"FRONTEND_ORIGINS={_intended_origin(text)}",
                id="headway.E003",
            )


def _intended_origin(text: str) -> str:
    """Return the origin that was probably intended."""
    try:
        return str(Origin.of("" if text == "null" else text))
    except ValueError:
        return "https://dash.example.com, with scheme and host, not null and not a pattern"


def _inconsistent() -> Iterator[CheckMessage]:
    if differing := set(conf.CORS_ALLOWED_ORIGINS) ^ set(settings.CSRF_TRUSTED_ORIGINS):
        yield Error(
            f"CORS_ALLOWED_ORIGINS and CSRF_TRUSTED_ORIGINS differ: {', '.join(sorted(differing))}. These front ends "
            "can read but not write, or write but not read.",
            hint="Set FRONTEND_ORIGINS, from which both are derived, instead of one of them.",
            id="headway.E004",
        )
    if conf.CORS_ALLOWED_ORIGINS and not conf.CORS_ALLOW_CREDENTIALS:
        yield Error(
            "Front ends are allowed, but not with cookies: browsers won't let them read any response.",
            hint="CORS_ALLOW_CREDENTIALS = True",
            id="headway.E007",
        )


def _without_session() -> Iterator[CheckMessage]:
    """Find front ends whose requests have no session cookie."""
    cookie, own = session_cookie(), _site_origins()
    allowed = [Origin.of(text) for text in conf.CORS_ALLOWED_ORIGINS if is_exact(text)]
    for origin in allowed if own else []:
        if not any(map(origin.is_same_site, own)):
            yield _other_site(origin, own)
        elif _excludes(cookie, origin):
            yield CheckWarning(
                f"COOKIE_DOMAIN={cookie.domain} doesn't include the front end {origin}: its pages can use the API with "
                "the session, but its server doesn't receive the cookie.",
                hint=remedies.for_domain(own[0]),
                id="headway.W001",
            )


def _other_site(origin: Origin, own: list[Origin]) -> CheckMessage:
    same_domain = [site for site in own if site_of(site.host) == site_of(origin.host)]
    if same_domain:
        return Error(
            f"The front end {origin} and this site, {same_domain[0]}, are two sites, because one uses http and the "
            "other https: browsers don't send Secure and SameSite cookies.",
            hint=f"FRONTEND_ORIGINS={same_domain[0].scheme}://{origin.netloc}",
            id="headway.E005",
        )
    return Error(
        f"The front end {origin} and {own[0]} are on different sites: browsers don't send the session cookie, so its "
        "visitors are never logged in.",
        hint=remedies.move_to_site(own[0]),
        id="headway.E006",
    )


def _not_stored(cookie: Cookie) -> Iterator[CheckMessage]:
    for server in _site_origins()[:1]:
        if problem := storage_problem(cookie, server):
            yield Error(
                f"Browsers don't store the cookie {cookie.name} ({cookie}) of {server}. {problem.value}",
                hint=remedies.for_cookie(cookie, problem, server),
                id=COOKIE_CHECK_IDS[problem],
            )


def _hosts_outside_domain(cookie: Cookie) -> Iterator[CheckMessage]:
    """Check all hosts but the first, which `_not_stored` checks."""
    for server in _site_origins()[1:]:
        if _excludes(cookie, server) and not is_loopback(server.host):
            yield CheckWarning(
                f"COOKIE_DOMAIN={cookie.domain} doesn't include {server.host} of ALLOWED_HOSTS: logging in there is "
                "impossible.",
                hint=f"Remove {server.host} from ALLOWED_HOSTS, redirect it to {_site_origins()[0]}, or leave "
                "COOKIE_DOMAIN empty.",
                id="headway.W003",
            )


def _excludes(cookie: Cookie, other: Origin) -> bool:
    """Return whether the cookie is shared by all hosts of a domain, but not by this one."""
    return domain_matches(_site_origins()[0].host, cookie.domain) and not domain_matches(other.host, cookie.domain)


def _shared(cookie: Cookie) -> Iterator[CheckMessage]:
    if cookie.domain:
        yield CheckWarning(
            f"The CSRF cookie has Domain={cookie.domain}: pages of all its hosts can read and set it. Front ends don't "
            "need it, because /api/session/ contains the token.",
            hint="CSRF_COOKIE_DOMAIN = None",
            id="headway.W002",
        )
