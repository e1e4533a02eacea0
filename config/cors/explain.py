"""Explain one call: ask the server what has to be asked, and put the story together.

The visitor of the page has logged in on the site itself. What the browser would do is told by the rules, what the
server says is asked for real. The story goes on after a step that stops the browser, so that all that is wrong is
seen at once.
"""

from django.conf import settings

from config.cors.asking import Answer, Server
from config.cors.browser_steps import cookie_steps, preflight, session_cookie_steps, where_it_goes
from config.cors.cookies import Cookie
from config.cors.server_steps import answered, csrf, reading, token_of, with_token
from config.cors.story import SESSION_URL, Call, Section, Story

HOST_PREFIX = "__Host-"


def explain(call: Call, server: Server, session_cookie: Cookie) -> Story:
    """Unreachable, if the server doesn't answer."""
    origin = {"Origin": str(call.origin)} if call.is_cross_origin else {}
    who_am_i = server.ask("GET", SESSION_URL, origin)
    csrf_cookie = _csrf_cookie(who_am_i)
    place = where_it_goes(call)
    session = session_cookie_steps(call, session_cookie, csrf_cookie, who_am_i)
    csrf_way = _csrf_cookie_steps(call, csrf_cookie)
    asking = preflight(call, server)
    token = token_of(call, who_am_i)
    headers = with_token(call.sent_headers, token) | call.origin_header | _cookie_header(csrf_cookie, csrf_way)
    guard = csrf(call, server, token, headers)
    answer = server.ask(call.method, call.path, headers)
    status, read = answered(call, server, answer), reading(call, answer)
    sent = place.passes and asking.passes
    return Story(
        call,
        [section for section in (place, session, csrf_way, asking, guard, status, read) if section.steps],
        sent=sent,
        session=sent and session.passes,
        accepted=sent and all(section.passes for section in (session, csrf_way, guard, status)),
        readable=sent and read.passes,
    )


def _csrf_cookie(answer: Answer) -> Cookie | None:
    """Return the CSRF cookie that the answer sets. Its `__Host-` prefix depends on the settings of the site."""
    name = settings.CSRF_COOKIE_NAME.removeprefix(HOST_PREFIX)
    return answer.cookies.get(f"{HOST_PREFIX}{name}") or answer.cookies.get(name)


def _csrf_cookie_steps(call: Call, cookie: Cookie | None) -> Section:
    """The cookie that Django sets together with the token; who changes nothing needs none."""
    title = "The CSRF cookie"
    return cookie_steps(call, cookie, title) if cookie and call.changes_something else Section(title)


def _cookie_header(csrf_cookie: Cookie | None, steps: Section) -> dict[str, str]:
    """The CSRF cookie, if the browser would send it."""
    if not (csrf_cookie and steps.steps and steps.passes):
        return {}
    return {"Cookie": f"{csrf_cookie.name}={csrf_cookie.value}"}
