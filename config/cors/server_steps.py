"""The steps of the server: CSRF protection, its answer, and what the page may read of that."""

import json
from collections.abc import Mapping

from config.cors import advice, fetch_rules
from config.cors.asking import Answer, Server
from config.cors.browser_steps import allowed
from config.cors.story import LOGIN_URL, SESSION_URL, Call, Section

CSRF_HEADER = "x-csrftoken"


def token_of(call: Call, who_am_i: Answer) -> str:
    """The csrf_token of /api/session/, if the page may read it."""
    if call.is_cross_origin and fetch_rules.cors_check(str(call.origin), who_am_i.headers):
        return ""
    try:
        return str(json.loads(who_am_i.body)["csrf_token"])
    except (ValueError, KeyError, TypeError):
        return ""


def with_token(headers: Mapping[str, str], token: str) -> dict[str, str]:
    """The headers of the call, where X-CSRFToken without a value gets the one that the page has read."""
    return {
        name: (value or token or "unknown") if name.lower() == CSRF_HEADER else value for name, value in headers.items()
    }


def csrf(call: Call, server: Server, token: str, headers: Mapping[str, str]) -> Section:
    """CSRF protection comes before the check of the method, so the probe uses one that changes nothing anywhere."""
    section = Section("CSRF protection")
    if not call.changes_something:
        return section
    section.judge(
        "The page has the token",
        f"It may read the csrf_token in the answer of GET {SESSION_URL}.",
        "The page has no token",
        "" if token else f"It may not read the answer of GET {SESSION_URL}, where the token is.",
        "Let the page read it: see the last section, where the same is judged of the call.",
    )
    verdict = server.ask("PATCH", SESSION_URL if call.is_to_api else LOGIN_URL, headers)
    detail = _detail(verdict) if call.is_to_api else _PAGE_REFUSES
    section.judge(
        "Django lets it pass",
        "The Origin is trusted, and the header X-CSRFToken fits the CSRF cookie. With an Origin, no Referer is needed.",
        f"Django refuses it: {verdict.status}",
        "" if verdict.status == 405 else detail,
        advice.for_csrf(call, detail),
    )
    return section


_PAGE_REFUSES = "Outside of /api/ only the site's own origin is trusted, whatever FRONTEND_ORIGINS says"


def _detail(answer: Answer) -> str:
    """The words of a problem document."""
    try:
        return str(json.loads(answer.body)["detail"])
    except (ValueError, KeyError, TypeError):
        return "It says no more."


def answered(call: Call, server: Server, answer: Answer) -> Section:
    """What the server does with the call of somebody who isn't logged in: all but 401 would meet the visitor too."""
    section = Section("The answer")
    status = answer.status
    methods = server.ask("OPTIONS", call.path, {}).headers.get("allow", "")
    if methods and call.method not in methods.split(", "):
        section.cross(f"This address doesn't know {call.method}", f"It has {methods}.", advice.for_status(405))
    section.judge(
        f"The server answers {status}",
        "It was asked without a session, so that nothing is changed; and then 401 is right."
        if status == 401
        else "It was asked without a session; whoever has one may get another answer.",
        f"The server answers {status}",
        _refusal(status),
        advice.for_status(status),
    )
    return section


def _refusal(status: int) -> str:
    """Why a visitor who is logged in wouldn't fare better."""
    if status >= 500:
        return "Something is broken there."
    if 300 <= status <= 399:
        return "It sends the browser on, and another origin must allow the call anew."
    return "There is nothing at this address." if status == 404 else ""


def reading(call: Call, answer: Answer) -> Section:
    section = Section("What the page may read")
    if not call.is_cross_origin:
        section.tick("All of it", "It is the page's own origin.")
        return section
    allowed(section, call, answer)
    if not section.passes:
        return section
    if "origin" not in answer.headers.get("vary", "").lower():
        section.note(
            "A cache may mix it up",
            "The answer is for one origin, and has no `Vary: Origin` to say so to caches.",
            "Let the proxy pass on Vary.",
        )
    exposed = answer.headers.get("access-control-expose-headers", "")
    section.tick("The body and the status", f"And of the headers, besides the usual: {exposed or 'none'}.")
    return section
