"""Explain one call: send the requests that the checks need, and combine the checks.

The visitor has logged in on the site itself. The rules determine what the browser does; the server's behaviour is
observed. Checks continue after one that stops the browser, so that all problems are reported together.
"""

from django.conf import settings

from config.cors import browser_checks, server_checks
from config.cors.cookies import Cookie
from config.cors.explanation import SESSION_URL, Call, Explanation, Section
from config.cors.probe import Probe, Response

HOST_PREFIX = "__Host-"


def explain(call: Call, probe: Probe, session_cookie: Cookie) -> Explanation:
    """Return the explanation of the call. Raise ServerUnreachable if the server doesn't respond."""
    origin = {"Origin": str(call.origin)} if call.is_cross_origin else {}
    session_response = probe.send("GET", SESSION_URL, origin)
    csrf_cookie = _csrf_cookie(session_response)
    target = browser_checks.check_target(call)
    session = browser_checks.check_session_cookie(call, session_cookie, csrf_cookie, session_response)
    csrf_sending = _csrf_cookie_section(call, csrf_cookie)
    preflight = browser_checks.check_preflight(call, probe)
    token = server_checks.readable_token(call, session_response)
    cookie_header = _cookie_header(csrf_cookie, csrf_sending)
    headers = server_checks.with_token(call.sent_headers, token) | call.origin_header | cookie_header
    csrf = server_checks.check_csrf(call, probe, token, headers)
    response = probe.send(call.method, call.path, headers)
    status = server_checks.check_status(call, probe, response)
    readability = server_checks.check_readability(call, response)
    sections = (target, session, csrf_sending, preflight, csrf, status, readability)
    sent = target.passes and preflight.passes
    return Explanation(
        call,
        [section for section in sections if section.checks],
        sent=sent,
        session=sent and session.passes,
        accepted=sent and all(section.passes for section in (session, csrf_sending, csrf, status)),
        readable=sent and readability.passes,
    )


def _csrf_cookie(response: Response) -> Cookie | None:
    """Return the CSRF cookie that the response sets. Its `__Host-` prefix depends on the settings of the site."""
    name = settings.CSRF_COOKIE_NAME.removeprefix(HOST_PREFIX)
    return response.cookies.get(f"{HOST_PREFIX}{name}") or response.cookies.get(name)


def _csrf_cookie_section(call: Call, cookie: Cookie | None) -> Section:
    """Check the CSRF cookie, which only unsafe methods need."""
    title = "The CSRF cookie"
    return browser_checks.check_cookie(call, cookie, title) if cookie and call.is_unsafe else Section(title)


def _cookie_header(csrf_cookie: Cookie | None, section: Section) -> dict[str, str]:
    """Return the header with the CSRF cookie, if the browser would send it."""
    if not (csrf_cookie and section.checks and section.passes):
        return {}
    return {"Cookie": f"{csrf_cookie.name}={csrf_cookie.value}"}
