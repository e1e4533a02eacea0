"""The Fetch standard: when a browser asks before it calls, and what the answers must say so that a page may read them.

Pure rules. They know no cookies (see `cookies.py`) and no server; the credentials mode is always "include", which is
what a call with its visitor's cookies is.
"""

import re
from collections.abc import Iterable, Mapping

SAFELISTED_METHODS = ("GET", "HEAD", "POST")
FORBIDDEN_METHODS = ("CONNECT", "TRACE", "TRACK")
NORMALIZED_METHODS = ("DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT")
SAFELISTED_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data", "text/plain")
FORBIDDEN_HEADERS = {
    *("accept-charset", "accept-encoding", "access-control-request-headers", "access-control-request-method"),
    *("connection", "content-length", "cookie", "cookie2", "date", "dnt", "expect", "host", "keep-alive", "origin"),
    *("referer", "set-cookie", "te", "trailer", "transfer-encoding", "upgrade", "via"),
}
UNSAFE_BYTES = re.compile(r'[\x00-\x08\x0a-\x1f"():<>?@\[\\\]{}\x7f]')
LANGUAGE = re.compile(r"[0-9A-Za-z *,\-.;=]*")
TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


def normalized(method: str) -> str:
    """fetch() writes six methods in capitals by itself; PATCH is none of them, so `patch` stays `patch`."""
    return method.upper() if method.upper() in NORMALIZED_METHODS else method


def is_forbidden_method(method: str) -> bool:
    return method.upper() in FORBIDDEN_METHODS


def is_forbidden_header(name: str) -> bool:
    """Browsers write these themselves, and silently drop what a page sets."""
    return name.lower() in FORBIDDEN_HEADERS or name.lower().startswith(("proxy-", "sec-"))


def is_token(text: str) -> bool:
    """RFC 9110 §5.6.2: what a method or the name of a header is made of."""
    return bool(TOKEN.fullmatch(text))


def unsafe_headers(headers: Mapping[str, str]) -> list[str]:
    """The names for which a browser asks before, lower case and sorted, as Access-Control-Request-Headers has them."""
    safe = {name: value for name, value in headers.items() if _is_safelisted(name.lower(), value)}
    too_long = sum(map(len, safe.values())) > 1024
    return sorted(name.lower() for name in headers if too_long or name not in safe)


def needs_preflight(method: str, headers: Mapping[str, str]) -> bool:
    return method not in SAFELISTED_METHODS or bool(unsafe_headers(headers))


def cors_check(origin: str, answer: Mapping[str, str]) -> str:
    """Why a page of this origin may not read the answer; "" if it may. Names in the answer are in lower case."""
    return origin_check(origin, answer) or credentials_check(answer)


def origin_check(origin: str, answer: Mapping[str, str]) -> str:
    """The first half of it: whom the answer is for."""
    allowed = answer.get("access-control-allow-origin")
    if allowed is None:
        return "the answer has no Access-Control-Allow-Origin"
    if allowed == "*":
        return "Access-Control-Allow-Origin is *, which never holds for a call with cookies"
    if "," in allowed:
        return f"Access-Control-Allow-Origin is there more than once ({allowed}), and one is allowed"
    if allowed != origin:
        return f"Access-Control-Allow-Origin is {allowed}, which is not letter by letter {origin}"
    return ""


def credentials_check(answer: Mapping[str, str]) -> str:
    """The second half: whether it may be read although cookies went along."""
    value = answer.get("access-control-allow-credentials")
    if value is None:
        return "the answer has no Access-Control-Allow-Credentials, so none with cookies may be read"
    return "" if value == "true" else f"Access-Control-Allow-Credentials is {value!r}, and only 'true' counts"


def method_check(method: str, answer: Mapping[str, str]) -> str:
    """Why the preflight's answer forbids the method; "" if it doesn't."""
    allowed = _listed(answer.get("access-control-allow-methods"))
    if method in SAFELISTED_METHODS or method in allowed:
        return ""
    if method.upper() in allowed:
        return f"methods are compared letter by letter, and {method!r} is not {method.upper()!r}"
    if "*" in allowed:
        return "Access-Control-Allow-Methods is *, which is no wildcard in a call with cookies"
    return f"Access-Control-Allow-Methods doesn't have {method}"


def headers_check(names: Iterable[str], answer: Mapping[str, str]) -> str:
    """Why the preflight's answer forbids one of the headers; "" if it doesn't."""
    allowed = {name.lower() for name in _listed(answer.get("access-control-allow-headers"))}
    missing = [name for name in names if name not in allowed]
    if missing and "*" in allowed:
        return "Access-Control-Allow-Headers is *, which is no wildcard in a call with cookies"
    return f"Access-Control-Allow-Headers doesn't have {', '.join(missing)}" if missing else ""


def _listed(value: str | None) -> list[str]:
    return [item.strip() for item in (value or "").split(",") if item.strip()]


def _is_safelisted(name: str, value: str) -> bool:
    """Fetch, "CORS-safelisted request-header"."""
    if len(value.encode()) > 128:
        return False
    if name in ("accept-language", "content-language"):
        return bool(LANGUAGE.fullmatch(value))
    if name == "content-type":
        essence = value.partition(";")[0].strip().lower()
        return essence in SAFELISTED_TYPES and not UNSAFE_BYTES.search(value)
    if name == "range":
        return bool(re.fullmatch(r"bytes=\d+-\d*", value))
    return name == "accept" and not UNSAFE_BYTES.search(value)
