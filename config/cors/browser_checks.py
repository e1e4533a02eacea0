"""The checks that a browser makes: the target of the request, the cookies, the preflight."""

from config.cors import fetch_rules, remedies
from config.cors.cookies import Cookie, CookieProblem, sending_problem, storage_problem
from config.cors.explanation import SESSION_URL, Call, Section
from config.cors.origins import AddressSpace, Origin, address_space
from config.cors.probe import Probe, Response


def target(call: Call) -> Section:
    section = Section("The target of the request")
    _add_origin(section, call)
    _add_site(section, call)
    if call.origin.scheme == "https" and not call.server.is_trustworthy:
        section.add_failed(
            "An https page may not use plain http",
            "Browsers block mixed content before they send anything.",
            "Serve the API over https.",
        )
    _add_local_network_access(section, call)
    if fetch_rules.is_forbidden_method(call.method):
        section.add_failed(f"fetch() rejects the method {call.method}", "No page may use it.", "Use another method.")
    for name in sorted(call.headers.keys() - call.sent_headers.keys()):
        section.add_note(f"{name} isn't sent", "Browsers set this header themselves and ignore the page's value.")
    return section


def _add_local_network_access(section: Section, call: Call) -> None:
    space = address_space(call.server.host)
    if call.origin.is_opaque or space <= address_space(call.origin.host):
        return
    where = "the visitor's own machine" if space == AddressSpace.LOOPBACK else "the visitor's local network"
    section.add_note(
        "Chromium asks the visitor for permission",
        f"A page from elsewhere needs a permission for requests to {where} (Local Network Access). Only https pages "
        "can get it.",
    )


def _add_origin(section: Section, call: Call) -> None:
    if call.origin.is_opaque:
        section.add_note(
            "The origin of the page is null",
            "This is the origin of every sandboxed frame and every local file, so any page can have it.",
        )
    elif call.is_cross_origin:
        section.add_passed(
            f"Another origin: {call.server}",
            "Scheme, host or port differ from those of the page, so the page may read the response only if the server "
            "allows it (CORS).",
        )
    else:
        section.add_passed(f"The page's own origin: {call.server}", "CORS doesn't apply.")


def _add_site(section: Section, call: Call) -> None:
    if call.is_same_site:
        section.add_passed(
            "The same site",
            "Scheme and registrable domain are the same, so SameSite cookies are sent. Subdomain and port don't "
            "matter.",
        )
    elif not call.origin.is_opaque:
        section.add_note(
            "Another site",
            "Scheme or registrable domain differ. This affects the cookies: see below.",
        )


def session_cookie(call: Call, cookie: Cookie, csrf: Cookie | None, session_response: Response) -> Section:
    """Check the session cookie, and that visitors can log in, for which they need the CSRF cookie too."""
    section = any_cookie(call, cookie, "The session cookie")
    if session_response.status >= 400:
        section.add_failed(
            "Visitors can't get it",
            f"The server responds with {session_response.status} to GET {SESSION_URL}, so logging in is impossible.",
            remedies.for_status(session_response.status),
        )
    if csrf and (problem := _log_in_problem(call, csrf)):
        section.add_failed(
            "Visitors can't get it",
            f"Logging in requires the cookie {csrf.name} too ({csrf}), and browsers don't send it. {problem.value}",
            remedies.for_cookie(csrf, problem, call.server),
        )
    return section


def _log_in_problem(call: Call, csrf: Cookie) -> CookieProblem | None:
    url = f"{call.server}{SESSION_URL}"
    return storage_problem(csrf, call.server) or sending_problem(csrf, url, set_by=call.server, same_site=True)


def any_cookie(call: Call, cookie: Cookie, title: str) -> Section:
    """Check that the browser stored the cookie when the visitor was on the site itself, and that it sends it now."""
    section = Section(f"{title}: {cookie.name}; {cookie}")
    problem = storage_problem(cookie, call.server)
    if problem:
        section.add_failed(
            "The browser doesn't store it", problem.value, remedies.for_cookie(cookie, problem, call.server)
        )
        return section
    section.add_passed("The browser stores it", _scope(cookie, call.server))
    problem = sending_problem(cookie, call.url, set_by=call.server, same_site=call.is_same_site)
    if problem:
        section.add_failed(
            "The browser doesn't send it", problem.value, remedies.for_cookie(cookie, problem, call.server)
        )
        return section
    section.add_passed("The browser sends it", 'The page uses credentials: "include".')
    _add_readability(section, call, cookie)
    return section


def _scope(cookie: Cookie, server: Origin) -> str:
    if cookie.is_host_only(server.host):
        return f"It has no Domain, so it is for {server.host} only."
    return f"It is for {cookie.domain} and all hosts below it."


def _add_readability(section: Section, call: Call, cookie: Cookie) -> None:
    if cookie.http_only:
        section.add_passed("Scripts can't read it", "It is HttpOnly, so a script can't steal it.")
    elif call.origin.is_opaque or sending_problem(cookie, f"{call.origin}/", set_by=call.server, same_site=True):
        section.add_passed("The page can't read it", "document.cookie contains only cookies for the page's own host.")
    else:
        section.add_note("The page can read it", "It is for the page's host too, and isn't HttpOnly.")


def preflight(call: Call, probe: Probe) -> Section:
    """Check the preflight of a request that a form couldn't send."""
    section = Section("The preflight")
    if not call.is_cross_origin or fetch_rules.is_forbidden_method(call.method):
        return section
    if not fetch_rules.needs_preflight(call.method, call.sent_headers):
        section.add_passed(
            f"There is none: {call.method} is sent immediately",
            "A form could send the same request. CORS decides only whether the page may read the response.",
        )
        return section
    unsafe = fetch_rules.unsafe_headers(call.sent_headers)
    response = probe.send("OPTIONS", call.path, _preflight_headers(call, unsafe))
    section.add_passed(
        "The browser sends OPTIONS first", f"Without cookies. A form couldn't send {_causes(call, unsafe)}."
    )
    _add_status(section, response)
    add_cors_check(section, call, response)
    if "access-control-allow-origin" in response.headers:  # otherwise the rest is missing for the same reason
        _add_method(section, call, response)
        _add_headers(section, unsafe, response)
    return section


def _preflight_headers(call: Call, unsafe: list[str]) -> dict[str, str]:
    headers = {"Origin": str(call.origin), "Accept": "*/*", "Access-Control-Request-Method": call.method}
    return headers | ({"Access-Control-Request-Headers": ",".join(unsafe)} if unsafe else {})


def _causes(call: Call, unsafe: list[str]) -> str:
    """Return what makes the preflight necessary."""
    method = [] if call.method in fetch_rules.SAFELISTED_METHODS else [f"the method {call.method}"]
    return " and ".join(method + ([f"the headers {', '.join(unsafe)}"] if unsafe else []))


def _add_status(section: Section, response: Response) -> None:
    section.add(
        f"The status is {response.status}",
        "Every 2xx status is accepted.",
        f"The status is {response.status}",
        "" if 200 <= response.status <= 299 else "Only 2xx is accepted, and preflights don't follow redirects.",
        remedies.for_status(response.status),
    )


def add_cors_check(section: Section, call: Call, response: Response) -> None:
    """Add the CORS check of a response as two checks, because two settings affect it."""
    section.add(
        f"The response allows {call.origin}",
        "Access-Control-Allow-Origin is exactly this origin.",
        f"The response doesn't allow {call.origin}",
        fetch_rules.origin_problem(str(call.origin), response.headers),
        remedies.for_origin(call, response),
    )
    if "access-control-allow-origin" in response.headers:
        section.add(
            "It allows cookies",
            "Access-Control-Allow-Credentials is true.",
            "It doesn't allow cookies",
            fetch_rules.credentials_problem(response.headers),
            remedies.ALLOW_CREDENTIALS,
        )


def _add_method(section: Section, call: Call, response: Response) -> None:
    section.add(
        f"It allows {call.method}",
        "GET, HEAD and POST are always allowed."
        if call.method in fetch_rules.SAFELISTED_METHODS
        else "Access-Control-Allow-Methods lists it.",
        f"It doesn't allow {call.method}",
        fetch_rules.method_problem(call.method, response.headers),
        remedies.for_method(call.method),
    )


def _add_headers(section: Section, unsafe: list[str], response: Response) -> None:
    if not unsafe:
        return
    section.add(
        f"It allows {', '.join(unsafe)}",
        "Access-Control-Allow-Headers lists the headers that the page adds.",
        "It doesn't allow all headers",
        fetch_rules.headers_problem(unsafe, response.headers),
        remedies.ALLOW_HEADERS,
    )
