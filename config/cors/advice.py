"""Which setting to change, and to what: the last line of a cross of explain_cors, and the hints of the system checks.

It knows the settings, and no rule of a browser's.
"""

from typing import TYPE_CHECKING

from django.conf import settings

from config.cors.cookies import Cookie, Stop
from config.cors.origins import Origin, is_exact, is_ip, is_public_suffix, site_of
from config.cors.story import Call

if TYPE_CHECKING:
    from config.cors.asking import Answer  # which takes long to import, and checks want advice too

CSRF = "Send the csrf_token of /api/session/ as the header X-CSRFToken."
ONLY_THE_API = "Call what is below /api/: nothing else is open to other origins."
CREDENTIALS = "CORS_ALLOW_CREDENTIALS = True in config/settings.py, as Headway has it."


HEADERS = "REQUEST_HEADERS in config/cors/api_headers.py: add them, or don't send them."


def allow(call: Call, answer: "Answer") -> str:
    """What makes this answer be for the page."""
    if not call.is_to_api:
        return ONLY_THE_API
    if answer.status >= 502:
        return "It is the proxy's own answer: let that carry the headers too (add_header … always)."
    if "," in answer.headers.get("access-control-allow-origin", ""):
        return "Let Django or the proxy add the header, and not both."
    return name_it(call)


def name_it(call: Call) -> str:
    """The list from which both CORS and CSRF protection are derived, with this origin on it if that is of any use."""
    if call.origin.is_opaque:
        return "Serve the page from a host, and name that in FRONTEND_ORIGINS. Never allow null: anybody can be null."
    if not call.is_same_site:
        return f"{same_site(call.server)} Then name that in FRONTEND_ORIGINS."
    others = [text for text in settings.CORS_ALLOWED_ORIGINS if is_exact(text) and text != str(call.origin)]
    return f"FRONTEND_ORIGINS={','.join([*others, str(call.origin)])}"


def for_method(method: str) -> str:
    if not method.isupper():
        return f'Write it in capitals, method: "{method.upper()}". fetch() does that by itself, but not with PATCH.'
    return f"Use a method that the API has, or add {method} to CORS_ALLOW_METHODS."


def for_status(status: int) -> str:
    """What to look at when the server gives this answer."""
    if status == 400:
        return "ALLOWED_HOSTS: name the host that is called."
    if 300 <= status <= 399:
        return "Call the address that it redirects to, with https:// and the slash at its end."
    if status in (404, 405):
        return "/guide/#all-requests lists the addresses and methods. Most addresses end with a slash."
    return "Look into the log of the server, and of the proxy in front of it."


def for_csrf(call: Call, detail: str) -> str:
    """What Django's words mean."""
    if not call.is_to_api:
        return ONLY_THE_API if call.is_cross_origin else CSRF
    if detail.startswith("Origin checking failed"):
        return f"{name_it(call)} (CSRF_TRUSTED_ORIGINS is the same list)"
    if detail.startswith("CSRF cookie not set"):
        return "The CSRF cookie stays home: see there."
    return CSRF


def same_site(server: Origin) -> str:
    """What a page's address must be."""
    if _stands_alone(server.host):
        return f"Serve the page from {server.scheme}://{server.host}, on any port."
    return (
        f"Serve the page from {server.scheme}://, on a subdomain of {site_of(server.host)}. "
        "SameSite=None is no way out: most browsers keep such cookies home all the same."
    )


def share(server: Origin) -> str:
    """A Domain that browsers take from this server."""
    if _stands_alone(server.host):
        return f"COOKIE_DOMAIN= (empty: {server.host} alone)"
    return f"COOKIE_DOMAIN={site_of(server.host)}, or empty for {server.host} alone"


def for_cookie(cookie: Cookie, stop: Stop, server: Origin) -> str:
    """What makes a browser keep and send it."""
    kind = "SESSION" if cookie.name == settings.SESSION_COOKIE_NAME else "CSRF"
    domain = share(server) if kind == "SESSION" else "CSRF_COOKIE_DOMAIN = None, as Headway has it."
    return {
        Stop.PREFIX: f"{kind}_COOKIE_NAME without that prefix; or keep what it promises: __Host- wants no Domain, so "
        f"{domain}.",
        Stop.SECURE: "Serve the site by https; plain http is for development, with DEBUG=true.",
        Stop.NONE_WITHOUT_SECURE: f'{kind}_COOKIE_SAMESITE = "Lax", as Headway has it; or {kind}_COOKIE_SECURE = True.',
        Stop.PUBLIC_SUFFIX: domain,
        Stop.OTHER_DOMAIN: domain,
        Stop.HOST_ONLY: domain,
        Stop.OTHER_PATH: f'{kind}_COOKIE_PATH = "/", as Headway has it.',
        Stop.CROSS_SITE: same_site(server),
        Stop.THIRD_PARTY: same_site(server),
    }[stop]


def _stands_alone(host: str) -> bool:
    """No domain above or below it could be the same site."""
    return is_ip(host) or is_public_suffix(host)
