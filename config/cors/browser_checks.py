"""The checks that a browser makes: the target of the request, the cookies, the preflight."""

from config.cors import fetch_rules, remedies
from config.cors.cookies import Cookie, CookieProblem, sending_problem, storage_problem
from config.cors.explanation import SESSION_URL, Call, Section
from config.cors.origins import AddressSpace, Origin, address_space
from config.cors.probe import Probe, Response


def check_target(call: Call) -> Section:
    section = Section("The target of the request")
    _add_origin(section, call)
    _add_site(section, call)
    if call.origin.scheme == "https" and not call.server.is_trustworthy:
        section.add_failed(
            "An HTTPS page may not request an HTTP URL",
            "Browsers block mixed content without sending a request.",
            "Serve the API over HTTPS.",
        )
    _add_local_network_access(section, call)
    if fetch_rules.is_forbidden_method(call.method):
        section.add_failed(
            f"fetch() rejects the method {call.method}",
            f"{', '.join(fetch_rules.FORBIDDEN_METHODS)} are forbidden methods.",
            "Use another method.",
        )
    for name in sorted(call.headers.keys() - call.sent_headers.keys()):
        section.add_note(f"{name} isn't sent", "Browsers set this header themselves and ignore the page's value.")
    return section


def _add_local_network_access(section: Section, call: Call) -> None:
    space = address_space(call.server.host)
    if call.origin.is_opaque or space <= address_space(call.origin.host):
        return
    network = "the visitor's own machine" if space == AddressSpace.LOOPBACK else "the visitor's local network"
    section.add_note(
        "Chromium asks the visitor for permission",
        f"Pages from other networks need a permission for requests to {network} (Local Network Access). Only HTTPS "
        "pages can get this permission.",
    )


def _add_origin(section: Section, call: Call) -> None:
    if call.origin.is_opaque:
        section.add_note(
            "The origin of the page is null",
            "This is the origin of every sandboxed frame and every local file, so allowing it allows every page.",
        )
    elif call.is_cross_origin:
        section.add_passed(
            f"Cross-origin request to {call.server}",
            "Scheme, host or port differ from those of the page, so the page may read the response only if the server "
            "allows it (CORS).",
        )
    else:
        section.add_passed(f"Same-origin request to {call.server}", "CORS doesn't apply.")


def _add_site(section: Section, call: Call) -> None:
    if call.is_same_site:
        section.add_passed(
            "Same-site request",
            "Scheme and registrable domain are the same, so SameSite cookies are sent. Subdomain and port don't "
            "matter.",
        )
    elif not call.origin.is_opaque:
        section.add_note(
            "Cross-site request",
            "Scheme or registrable domain differ. This affects the cookies, which are checked below.",
        )


def check_session_cookie(call: Call, cookie: Cookie, csrf: Cookie | None, session_response: Response) -> Section:
    """Check the session cookie, and whether visitors can log in, which requires the CSRF cookie too."""
    section = check_cookie(call, cookie, "The session cookie")
    if session_response.status >= 400:
        section.add_failed(
            "Visitors can't log in",
            f"The server responds with {session_response.status} to GET {SESSION_URL}, which returns the CSRF token.",
            remedies.for_status(session_response.status),
        )
    if csrf and (problem := _log_in_problem(call, csrf)):
        section.add_failed(
            "Visitors can't log in",
            f"Logging in requires the cookie {csrf.name} ({csrf}), which browsers don't send. {problem.value}",
            remedies.for_cookie(csrf, problem, call.server),
        )
    return section


def _log_in_problem(call: Call, csrf: Cookie) -> CookieProblem | None:
    url = f"{call.server}{SESSION_URL}"
    return storage_problem(csrf, call.server) or sending_problem(csrf, url, set_by=call.server, same_site=True)


def check_cookie(call: Call, cookie: Cookie, title: str) -> Section:
    """Check that the browser stored the cookie during a visit to the site itself, and sends it with this request."""
    section = Section(f"{title}: {cookie.name}; {cookie}")
    problem = storage_problem(cookie, call.server)
    if problem:
        section.add_failed(
            "The browser doesn't store the cookie", problem.value, remedies.for_cookie(cookie, problem, call.server)
        )
        return section
    section.add_passed("The browser stores the cookie", _scope(cookie, call.server))
    problem = sending_problem(cookie, call.url, set_by=call.server, same_site=call.is_same_site)
    if problem:
        section.add_failed(
            "The browser doesn't send the cookie", problem.value, remedies.for_cookie(cookie, problem, call.server)
        )
        return section
    section.add_passed("The browser sends the cookie", 'The page uses credentials: "include".')
    _add_script_access(section, call, cookie)
    return section


def _scope(cookie: Cookie, server: Origin) -> str:
    if cookie.is_host_only(server.host):
        return f"Without a Domain, the cookie is sent only to {server.host}."
    return f"The cookie is sent to {cookie.domain} and its subdomains."


def _add_script_access(section: Section, call: Call, cookie: Cookie) -> None:
    if cookie.http_only:
        section.add_passed("Scripts can't read the cookie", "It is HttpOnly, so a script can't steal it.")
    elif call.origin.is_opaque or sending_problem(cookie, f"{call.origin}/", set_by=call.server, same_site=True):
        section.add_passed(
            "The page can't read the cookie", "document.cookie contains only cookies for the page's own host."
        )
    else:
        section.add_note("The page can read the cookie", "It is sent to the page's host too, and isn't HttpOnly.")


def check_preflight(call: Call, probe: Probe) -> Section:
    """Check the preflight of a request that a form couldn't send."""
    section = Section("The preflight")
    if not call.is_cross_origin or fetch_rules.is_forbidden_method(call.method):
        return section
    if not fetch_rules.needs_preflight(call.method, call.sent_headers):
        section.add_passed(
            f"The browser sends {call.method} without a preflight",
            "A form could send the same request. CORS decides only whether the page may read the response.",
        )
        return section
    unsafe = fetch_rules.unsafe_header_names(call.sent_headers)
    response = probe.send("OPTIONS", call.path, _preflight_headers(call, unsafe))
    section.add_passed(
        "The browser sends OPTIONS first",
        f"The preflight has no cookies. It is required by {_preflight_reasons(call, unsafe)}, which a form can't send.",
    )
    _add_status(section, response)
    add_cors_check(section, call, response)
    if "access-control-allow-origin" in response.headers:  # otherwise all CORS headers are missing, for one reason
        _add_method(section, call, response)
        _add_headers(section, unsafe, response)
    return section


def _preflight_headers(call: Call, unsafe: list[str]) -> dict[str, str]:
    headers = {"Origin": str(call.origin), "Accept": "*/*", "Access-Control-Request-Method": call.method}
    return headers | ({"Access-Control-Request-Headers": ",".join(unsafe)} if unsafe else {})


def _preflight_reasons(call: Call, unsafe: list[str]) -> str:
    """Return the method and the headers that require a preflight."""
    method = [] if call.method in fetch_rules.SAFELISTED_METHODS else [f"the method {call.method}"]
    return " and ".join(method + ([f"the headers {', '.join(unsafe)}"] if unsafe else []))


def _add_status(section: Section, response: Response) -> None:
    section.add(
        f"The status is {response.status}",
        "Every 2xx status is accepted.",
        f"The status is {response.status}",
        ""
        if 200 <= response.status <= 299
        else "Only 2xx is accepted. Browsers don't follow redirects of a preflight.",
        remedies.for_status(response.status),
    )


def add_cors_check(section: Section, call: Call, response: Response) -> None:
    """Add the CORS check of a response as two checks, of origin and credentials, which different settings affect."""
    section.add(
        f"The response allows {call.origin}",
        "Access-Control-Allow-Origin is exactly this origin.",
        f"The response doesn't allow {call.origin}",
        fetch_rules.origin_problem(str(call.origin), response.headers),
        remedies.for_origin(call, response),
    )
    if "access-control-allow-origin" in response.headers:
        section.add(
            "The response allows cookies",
            "Access-Control-Allow-Credentials is true.",
            "The response doesn't allow cookies",
            fetch_rules.credentials_problem(response.headers),
            remedies.ALLOW_CREDENTIALS,
        )


def _add_method(section: Section, call: Call, response: Response) -> None:
    section.add(
        f"The response allows {call.method}",
        "GET, HEAD and POST are always allowed."
        if call.method in fetch_rules.SAFELISTED_METHODS
        else "Access-Control-Allow-Methods lists it.",
        f"The response doesn't allow {call.method}",
        fetch_rules.method_problem(call.method, response.headers),
        remedies.for_method(call.method),
    )


def _add_headers(section: Section, unsafe: list[str], response: Response) -> None:
    if not unsafe:
        return
    section.add(
        f"The response allows {', '.join(unsafe)}",
        "Access-Control-Allow-Headers lists the headers that the page adds.",
        "The response doesn't allow all headers",
        fetch_rules.headers_problem(unsafe, response.headers),
        remedies.ALLOW_HEADERS,
    )
