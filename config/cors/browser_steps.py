"""The steps that a browser takes by itself: where the call goes, the cookies, the preflight."""

from config.cors import advice, fetch_rules
from config.cors.asking import Answer, Server
from config.cors.cookies import Cookie, Stop, refused, withheld
from config.cors.origins import AddressSpace, Origin, address_space
from config.cors.story import SESSION_URL, Call, Section


def where_it_goes(call: Call) -> Section:
    section = Section("Where the call goes")
    _origins(section, call)
    _sites(section, call)
    if call.origin.scheme == "https" and not call.server.is_trustworthy:
        section.cross(
            "A page of https may not call plain http",
            "Browsers block such mixed content before anything is sent.",
            "Serve the API by https.",
        )
    _local_network_access(section, call)
    if fetch_rules.is_forbidden_method(call.method):
        section.cross(f"fetch() refuses the method {call.method}", "No page may use it.", "Use another method.")
    for name in sorted(call.headers.keys() - call.sent_headers.keys()):
        section.note(f"{name} isn't sent", "Browsers write this header themselves, and drop what a page sets.")
    return section


def _local_network_access(section: Section, call: Call) -> None:
    space = address_space(call.server.host)
    if call.origin.is_opaque or space <= address_space(call.origin.host):
        return
    where = "the visitor's own machine" if space == AddressSpace.LOOPBACK else "the visitor's local network"
    section.note(
        "Chromium asks the visitor first",
        f"A page from elsewhere that calls {where} needs a permission (Local Network Access), and only a page of https "
        "can get it.",
    )


def _origins(section: Section, call: Call) -> None:
    if call.origin.is_opaque:
        section.note(
            "The page has no origin: browsers call it null",
            "So they call each sandboxed frame and each file that was opened: anybody can be null.",
        )
    elif call.is_cross_origin:
        section.tick(
            f"To another origin: {call.server}",
            "Scheme, host or port differ from those of the page, so the server must allow it to read (CORS).",
        )
    else:
        section.tick(f"To the page's own origin: {call.server}", "So CORS has no say in it.")


def _sites(section: Section, call: Call) -> None:
    if call.is_same_site:
        section.tick(
            "Within the same site",
            "Scheme and registrable domain are the same, so SameSite cookies go along. Subdomain and port don't count.",
        )
    elif not call.origin.is_opaque:
        section.note(
            "To another site",
            "A site is a scheme and a registrable domain, and the cookies go by it: see below.",
        )


def session_cookie_steps(call: Call, cookie: Cookie, csrf: Cookie | None, who_am_i: Answer) -> Section:
    """The same as for every cookie, if anybody can log in at all: the form for that is protected too."""
    section = cookie_steps(call, cookie, "The session cookie")
    if who_am_i.status >= 400:
        section.cross(
            "Nobody can get it",
            f"The server answers {who_am_i.status} to GET {SESSION_URL}, so nobody can log in.",
            advice.for_status(who_am_i.status),
        )
    if csrf and (stop := _not_for_logging_in(call, csrf)):
        section.cross(
            "Nobody can get it",
            f"To log in takes the cookie {csrf.name} too ({csrf}), and browsers don't send that. {stop.value}",
            advice.for_cookie(csrf, stop, call.server),
        )
    return section


def _not_for_logging_in(call: Call, csrf: Cookie) -> Stop | None:
    login = f"{call.server}{SESSION_URL}"
    return refused(csrf, call.server) or withheld(csrf, login, set_by=call.server, same_site=True)


def cookie_steps(call: Call, cookie: Cookie, title: str) -> Section:
    """Whether the browser kept the cookie when its visitor was on the site itself, and sends it now."""
    section = Section(f"{title}: {cookie.name}; {cookie}")
    stop = refused(cookie, call.server)
    if stop:
        section.cross("The browser doesn't keep it", stop.value, advice.for_cookie(cookie, stop, call.server))
        return section
    section.tick("The browser keeps it", _kept_for(cookie, call.server))
    stop = withheld(cookie, call.url, set_by=call.server, same_site=call.is_same_site)
    if stop:
        section.cross("It stays home", stop.value, advice.for_cookie(cookie, stop, call.server))
        return section
    section.tick("It goes along", 'Since the page says credentials: "include".')
    _who_reads_it(section, call, cookie)
    return section


def _kept_for(cookie: Cookie, server: Origin) -> str:
    if cookie.is_host_only(server.host):
        return f"It has no Domain of its own, so it is for {server.host} alone."
    return f"It is for {cookie.domain} and all hosts below that."


def _who_reads_it(section: Section, call: Call, cookie: Cookie) -> None:
    if cookie.http_only:
        section.tick("No script can read it", "It is HttpOnly, so no script can steal it.")
    elif call.origin.is_opaque or withheld(cookie, f"{call.origin}/", set_by=call.server, same_site=True):
        section.tick("The page can't read it", "document.cookie has only what is for the page's own host.")
    else:
        section.note("The page can read it", "It is for the page's host too, and isn't HttpOnly.")


def preflight(call: Call, server: Server) -> Section:
    """Asking before calling, for what no form could send."""
    section = Section("The preflight")
    if not call.is_cross_origin or fetch_rules.is_forbidden_method(call.method):
        return section
    if not fetch_rules.needs_preflight(call.method, call.sent_headers):
        section.tick(
            f"None: {call.method} is sent at once",
            "A form could send the same, so the browser doesn't ask before. Only reading the answer is up to CORS.",
        )
        return section
    unsafe = fetch_rules.unsafe_headers(call.sent_headers)
    answer = server.ask("OPTIONS", call.path, _question(call, unsafe))
    section.tick("The browser asks before, by OPTIONS", f"It has no cookies. No form could send {_odd(call, unsafe)}.")
    _ok_status(section, answer)
    allowed(section, call, answer)
    if "access-control-allow-origin" in answer.headers:  # without it, the rest is missing for the same reason
        _method(section, call, answer)
        _headers(section, unsafe, answer)
    return section


def _question(call: Call, unsafe: list[str]) -> dict[str, str]:
    asked = {"Origin": str(call.origin), "Accept": "*/*", "Access-Control-Request-Method": call.method}
    return asked | ({"Access-Control-Request-Headers": ",".join(unsafe)} if unsafe else {})


def _odd(call: Call, unsafe: list[str]) -> str:
    """What makes the browser ask."""
    method = [] if call.method in fetch_rules.SAFELISTED_METHODS else [f"the method {call.method}"]
    return " and ".join(method + ([f"the headers {', '.join(unsafe)}"] if unsafe else []))


def _ok_status(section: Section, answer: Answer) -> None:
    section.judge(
        f"Its answer is {answer.status}",
        "2xx is what counts.",
        f"Its answer is {answer.status}",
        "" if 200 <= answer.status <= 299 else "Only 2xx counts, and a preflight is never redirected.",
        advice.for_status(answer.status),
    )


def allowed(section: Section, call: Call, answer: Answer) -> None:
    """The CORS check of an answer, in two halves, since they are two settings."""
    section.judge(
        f"The answer names {call.origin}",
        "Access-Control-Allow-Origin has it letter by letter.",
        f"The answer isn't for {call.origin}",
        fetch_rules.origin_check(str(call.origin), answer.headers),
        advice.allow(call, answer),
    )
    if "access-control-allow-origin" in answer.headers:
        section.judge(
            "It allows cookies",
            "Access-Control-Allow-Credentials is true.",
            "It isn't for calls with cookies",
            fetch_rules.credentials_check(answer.headers),
            advice.CREDENTIALS,
        )


def _method(section: Section, call: Call, answer: Answer) -> None:
    section.judge(
        f"It allows {call.method}",
        "Access-Control-Allow-Methods has it, or a form could send it."
        if call.method in fetch_rules.SAFELISTED_METHODS
        else "Access-Control-Allow-Methods has it.",
        f"It doesn't allow {call.method}",
        fetch_rules.method_check(call.method, answer.headers),
        advice.for_method(call.method),
    )


def _headers(section: Section, unsafe: list[str], answer: Answer) -> None:
    if not unsafe:
        return
    section.judge(
        f"It allows {', '.join(unsafe)}",
        "Access-Control-Allow-Headers has what the page adds.",
        "It doesn't allow all headers",
        fetch_rules.headers_check(unsafe, answer.headers),
        advice.HEADERS,
    )
