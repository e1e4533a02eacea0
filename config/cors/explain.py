"""Explain one call: ask the server what has to be asked, and put the story together.

The visitor of the page has logged in on the site itself. What the browser would do is told by the rules, what the
server says is asked for real. The story goes on after a step that stops the browser, so that all that is wrong is
seen at once.
"""

from config.cors.asking import Answer, Server
from config.cors.browser_steps import cookie_steps, preflight, session_cookie_steps, where_it_goes
from config.cors.cookies import Cookie
from config.cors.server_steps import answered, csrf, reading, token_of, with_token
from config.cors.story import SESSION_URL, Call, Section, Story


def explain(call: Call, server: Server, session_cookie: Cookie) -> Story:
    """Unreachable, if the server doesn't answer."""
    origin = {"Origin": str(call.origin)} if call.is_cross_origin else {}
    who_am_i = server.ask("GET", SESSION_URL, origin)
    place = where_it_goes(call)
    session = session_cookie_steps(call, session_cookie, who_am_i)
    csrf_cookie = _csrf_cookie(call, who_am_i)
    asking = preflight(call, server)
    token = token_of(call, who_am_i)
    headers = with_token(call.sent_headers, token) | call.origin_header | _cookies(who_am_i, csrf_cookie)
    guard = csrf(call, server, token, headers)
    answer = server.ask(call.method, call.path, headers)
    status, read = answered(call, server, answer), reading(call, answer)
    sent = place.passes and asking.passes
    return Story(
        call,
        [section for section in (place, session, csrf_cookie, asking, guard, status, read) if section.steps],
        sent=sent,
        session=sent and session.passes,
        accepted=sent and all(section.passes for section in (session, csrf_cookie, guard, status)),
        readable=sent and read.passes,
    )


def _csrf_cookie(call: Call, who_am_i: Answer) -> Section:
    """The cookie that Django sets together with the token."""
    title = "The CSRF cookie"
    if not call.changes_something:
        return Section(title)
    for cookie in who_am_i.cookies.values():
        return cookie_steps(call, cookie, title)
    return Section(title)


def _cookies(who_am_i: Answer, csrf_cookie: Section) -> dict[str, str]:
    """The CSRF cookie, if the browser would send it."""
    sent = who_am_i.cookies.values() if csrf_cookie.steps and csrf_cookie.passes else ()
    return {"Cookie": "; ".join(f"{cookie.name}={cookie.value}" for cookie in sent)} if sent else {}
