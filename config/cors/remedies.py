"""Remedies: which setting to change, and to what. For failed checks of explain_cors and hints of system checks.

This module refers to settings, and contains no rules of browsers.
"""

from typing import TYPE_CHECKING

from django.conf import settings

from config.cors.cookies import Cookie, CookieProblem
from config.cors.explanation import Call
from config.cors.origins import Origin, is_exact, is_ip, is_public_suffix, site_of

if TYPE_CHECKING:
    from config.cors.probe import Response  # its import takes long, and system checks import this module

SEND_CSRF_HEADER = "Send the csrf_token of /api/session/ as the header X-CSRFToken."
USE_API = "Use addresses below /api/: no others are open to other origins."
ALLOW_CREDENTIALS = "CORS_ALLOW_CREDENTIALS = True in config/settings.py, as by default."
ALLOW_HEADERS = "Add them to REQUEST_HEADERS in config/cors/api_headers.py, or don't send them."


def for_origin(call: Call, response: "Response") -> str:
    """Return how to make the response allow the page's origin."""
    if not call.is_to_api:
        return USE_API
    if response.status >= 502:
        return "The proxy itself sent this response: add the CORS headers there too (add_header … always)."
    if "," in response.headers.get("access-control-allow-origin", ""):
        return "Let either Django or the proxy add the header, not both."
    return add_origin(call)


def add_origin(call: Call) -> str:
    """Return how to add the page's origin to the list from which both CORS and CSRF protection are derived."""
    if call.origin.is_opaque:
        return (
            "Serve the page from a host, and add its origin to FRONTEND_ORIGINS. Never allow null: any page can have "
            "this origin."
        )
    if not call.is_same_site:
        return f"{move_to_site(call.server)} Then add its origin to FRONTEND_ORIGINS."
    others = [text for text in settings.CORS_ALLOWED_ORIGINS if is_exact(text) and text != str(call.origin)]
    return f"FRONTEND_ORIGINS={','.join([*others, str(call.origin)])}"


def for_method(method: str) -> str:
    if not method.isupper():
        return f'Use uppercase, method: "{method.upper()}". fetch() converts some methods, but not PATCH.'
    return f"Use a method that the API supports, or add {method} to CORS_ALLOW_METHODS."


def for_status(status: int) -> str:
    if status == 400:
        return "ALLOWED_HOSTS: add the requested host."
    if 300 <= status <= 399:
        return "Use the URL that it redirects to, with https:// and the trailing slash."
    if status in (404, 405):
        return "The guide, at /guide/, lists URLs and methods. Most URLs end with a slash."
    return "See the log of the server, and of the proxy in front of it."


def for_csrf(call: Call, detail: str) -> str:
    """Return the remedy for a CSRF failure with this detail of Django's."""
    if not call.is_to_api:
        return USE_API if call.is_cross_origin else SEND_CSRF_HEADER
    if detail.startswith("Origin checking failed"):
        return f"{add_origin(call)} (CSRF_TRUSTED_ORIGINS is the same list)"
    if detail.startswith("CSRF cookie not set"):
        return "The browser doesn't send the CSRF cookie: see its section."
    return SEND_CSRF_HEADER


def move_to_site(server: Origin) -> str:
    """Return from where to serve the page so that it is on the server's site."""
    if _has_no_subdomains(server.host):
        return f"Serve the page from {server.scheme}://{server.host}, on any port."
    return (
        f"Serve the page from {server.scheme}://, on a subdomain of {site_of(server.host)}. "
        "SameSite=None doesn't help: most browsers block such cookies anyway."
    )


def for_domain(server: Origin) -> str:
    """Return a COOKIE_DOMAIN that browsers accept from this server."""
    if _has_no_subdomains(server.host):
        return f"COOKIE_DOMAIN= (empty: {server.host} only)"
    return f"COOKIE_DOMAIN={site_of(server.host)}, or empty for {server.host} only"


def for_cookie(cookie: Cookie, problem: CookieProblem, server: Origin) -> str:
    """Return how to make browsers store and send the cookie."""
    is_session = cookie.name == settings.SESSION_COOKIE_NAME
    kind = "SESSION" if is_session else "CSRF"
    domain = for_domain(server) if is_session else "CSRF_COOKIE_DOMAIN = None, as by default."
    no_domain = "COOKIE_DOMAIN=" if is_session else "CSRF_COOKIE_DOMAIN = None"
    return {
        CookieProblem.PREFIX: f"Remove the prefix from {kind}_COOKIE_NAME. Or keep it, and set what __Host- requires: "
        f"{no_domain}",
        CookieProblem.SECURE: "Serve the site over HTTPS. Plain HTTP is for development, with DEBUG=true.",
        CookieProblem.NONE_WITHOUT_SECURE: f'{kind}_COOKIE_SAMESITE = "Lax", as by default. Or '
        f"{kind}_COOKIE_SECURE = True.",
        CookieProblem.PUBLIC_SUFFIX: domain,
        CookieProblem.OTHER_DOMAIN: domain,
        CookieProblem.HOST_ONLY: domain,
        CookieProblem.OTHER_PATH: f'{kind}_COOKIE_PATH = "/", as by default.',
        CookieProblem.CROSS_SITE: move_to_site(server),
        CookieProblem.THIRD_PARTY: move_to_site(server),
    }[problem]


def _has_no_subdomains(host: str) -> bool:
    """Return whether no domain above or below this host could be the same site."""
    return is_ip(host) or is_public_suffix(host)
