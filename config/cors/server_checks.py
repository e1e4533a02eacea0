"""The checks that the server makes, and the browser's checks of its response."""

import json
from collections.abc import Mapping

from config.cors import fetch_rules, remedies
from config.cors.browser_checks import add_cors_check
from config.cors.explanation import LOGIN_URL, SESSION_URL, Call, Section
from config.cors.probe import Probe, Response

CSRF_HEADER = "x-csrftoken"


def readable_token(call: Call, session_response: Response) -> str:
    """Return the csrf_token of /api/session/, or an empty string if the page may not read it."""
    if call.is_cross_origin and fetch_rules.cors_problem(str(call.origin), session_response.headers):
        return ""
    try:
        return str(json.loads(session_response.body)["csrf_token"])
    except (ValueError, KeyError, TypeError):
        return ""


def with_token(headers: Mapping[str, str], token: str) -> dict[str, str]:
    """Return the headers of the call. An X-CSRFToken without a value gets the token that the page has read."""
    return {
        name: (value or token or "unknown") if name.lower() == CSRF_HEADER else value for name, value in headers.items()
    }


def check_csrf(call: Call, probe: Probe, token: str, headers: Mapping[str, str]) -> Section:
    """Check CSRF protection. Django applies it before it rejects the method, so the probe uses PATCH at safe URLs."""
    section = Section("CSRF protection")
    if not call.is_unsafe:
        return section
    section.add(
        "The page has the token",
        f"It may read the csrf_token in the response to GET {SESSION_URL}.",
        "The page doesn't have the token",
        "" if token else f"It may not read the response to GET {SESSION_URL}, which contains the token.",
        "Allow the page to read that response. The last section checks the same for this request.",
    )
    response = probe.send("PATCH", SESSION_URL if call.is_to_api else LOGIN_URL, headers)
    detail = _detail(response) if call.is_to_api else _UNTRUSTED_FOR_PAGES
    section.add(
        "Django accepts the request",
        "The origin is trusted, and the header X-CSRFToken matches the CSRF cookie. With an Origin, no Referer is "
        "needed.",
        f"Django rejects the request: {response.status}",
        "" if response.status == 405 else detail,
        remedies.for_csrf(call, detail),
    )
    return section


_UNTRUSTED_FOR_PAGES = "Outside of /api/, only the site's own origin is trusted, whatever FRONTEND_ORIGINS contains"


def _detail(response: Response) -> str:
    """Return the detail of a problem document."""
    try:
        return str(json.loads(response.body)["detail"])
    except (ValueError, KeyError, TypeError):
        return "The response has no details."


def check_status(call: Call, probe: Probe, response: Response) -> Section:
    """Check the response to the request without a session: a logged-in user would get any error but 401 too."""
    section = Section("The response")
    code = response.status
    methods = probe.send("OPTIONS", call.path, {}).headers.get("allow", "")
    if methods and call.method not in methods.split(", "):
        section.add_failed(
            f"This URL doesn't support {call.method}", f"It supports {methods}.", remedies.for_status(405)
        )
    section.add(
        f"The server responds with {code}",
        "The command sends no session, so that it changes nothing. 401 is the correct response to such a request."
        if code == 401
        else "The command sends no session. A logged-in user may get another response.",
        f"The server responds with {code}",
        _problem(code),
        remedies.for_status(code),
    )
    return section


def _problem(status: int) -> str:
    """Return why a logged-in user would get the same error, or an empty string."""
    if status >= 500:
        return "The server has an error."
    if 300 <= status <= 399:
        return "The response redirects the browser, and CORS applies to the new URL too."
    return "There is nothing at this URL." if status == 404 else ""


def check_readability(call: Call, response: Response) -> Section:
    section = Section("What the page may read")
    if not call.is_cross_origin:
        section.add_passed("Everything", "The response is from the page's own origin.")
        return section
    add_cors_check(section, call, response)
    if not section.passes:
        return section
    if "origin" not in response.headers.get("vary", "").lower():
        section.add_note(
            "A cache may send the response to a page on another origin",
            "The response is for one origin, but has no `Vary: Origin`, which caches need.",
            "Let the proxy keep the header Vary.",
        )
    exposed = response.headers.get("access-control-expose-headers", "")
    section.add_passed(
        "The body and the status", f"Of the headers, besides those that are always readable: {exposed or 'none'}."
    )
    return section
