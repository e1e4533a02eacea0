"""Rules of the Fetch standard: which requests need a preflight, and which responses a page may read.

The credentials mode is always "include", because the explained requests have cookies. Their rules are in `cookies.py`.
"""

import re
from collections.abc import Iterable, Mapping

SAFELISTED_METHODS = ("GET", "HEAD", "POST")
FORBIDDEN_METHODS = ("CONNECT", "TRACE", "TRACK")
NORMALIZED_METHODS = ("DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT")
SAFELISTED_CONTENT_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data", "text/plain")
FORBIDDEN_REQUEST_HEADERS = {
    *("accept-charset", "accept-encoding", "access-control-request-headers", "access-control-request-method"),
    *("connection", "content-length", "cookie", "cookie2", "date", "dnt", "expect", "host", "keep-alive", "origin"),
    *("referer", "set-cookie", "te", "trailer", "transfer-encoding", "upgrade", "via"),
}
CORS_UNSAFE_BYTES = re.compile(r'[\x00-\x08\x0a-\x1f"():<>?@\[\\\]{}\x7f]')
LANGUAGE_VALUE = re.compile(r"[0-9A-Za-z *,\-.;=]*")
TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


def normalize_method(method: str) -> str:
    """Convert the method to uppercase if it is one of NORMALIZED_METHODS, as fetch() does. `patch` isn't converted."""
    return method.upper() if method.upper() in NORMALIZED_METHODS else method


def is_forbidden_method(method: str) -> bool:
    return method.upper() in FORBIDDEN_METHODS


def is_forbidden_header(name: str) -> bool:
    """Return whether only browsers may set this header. They ignore a value that a page sets."""
    return name.lower() in FORBIDDEN_REQUEST_HEADERS or name.lower().startswith(("proxy-", "sec-"))


def is_token(text: str) -> bool:
    """Return whether the text is a token (RFC 9110 §5.6.2), as methods and header names must be."""
    return bool(TOKEN.fullmatch(text))


def unsafe_header_names(headers: Mapping[str, str]) -> list[str]:
    """Return the sorted lowercase names of the headers that require a preflight ("CORS-unsafe request-headers")."""
    safe = {name: value for name, value in headers.items() if _is_safelisted(name.lower(), value)}
    too_long = sum(map(len, safe.values())) > 1024
    return sorted(name.lower() for name in headers if too_long or name not in safe)


def needs_preflight(method: str, headers: Mapping[str, str]) -> bool:
    return method not in SAFELISTED_METHODS or bool(unsafe_header_names(headers))


def cors_problem(origin: str, response: Mapping[str, str]) -> str:
    """Return why a page on this origin may not read the response, or an empty string. Header names are lowercase."""
    return origin_problem(origin, response) or credentials_problem(response)


def origin_problem(origin: str, response: Mapping[str, str]) -> str:
    """Return why Access-Control-Allow-Origin fails the CORS check, or an empty string."""
    allowed = response.get("access-control-allow-origin")
    if allowed is None:
        return "the response has no Access-Control-Allow-Origin"
    if allowed == "*":
        return "Access-Control-Allow-Origin is *, which isn't valid for requests with cookies"
    if "," in allowed:
        return f"Access-Control-Allow-Origin has several values ({allowed}), but only one is allowed"
    if allowed != origin:
        return f"Access-Control-Allow-Origin is {allowed}, which doesn't match {origin}"
    return ""


def credentials_problem(response: Mapping[str, str]) -> str:
    """Return why Access-Control-Allow-Credentials fails the CORS check, or an empty string."""
    value = response.get("access-control-allow-credentials")
    if value is None:
        return "the response has no Access-Control-Allow-Credentials, which requests with cookies need"
    return "" if value == "true" else f"Access-Control-Allow-Credentials is {value!r}, but must be 'true'"


def method_problem(method: str, response: Mapping[str, str]) -> str:
    """Return why the response to the preflight doesn't allow the method, or an empty string."""
    allowed = _split_list(response.get("access-control-allow-methods"))
    if method in SAFELISTED_METHODS or method in allowed:
        return ""
    if method.upper() in allowed:
        return f"methods are case-sensitive, and {method!r} is not {method.upper()!r}"
    if "*" in allowed:
        return "Access-Control-Allow-Methods is *, which isn't a wildcard for requests with cookies"
    return f"Access-Control-Allow-Methods doesn't list {method}"


def headers_problem(names: Iterable[str], response: Mapping[str, str]) -> str:
    """Return why the response to the preflight doesn't allow all of these lowercase headers, or an empty string."""
    allowed = {name.lower() for name in _split_list(response.get("access-control-allow-headers"))}
    missing = [name for name in names if name not in allowed]
    if missing and "*" in allowed:
        return "Access-Control-Allow-Headers is *, which isn't a wildcard for requests with cookies"
    return f"Access-Control-Allow-Headers doesn't list {', '.join(missing)}" if missing else ""


def _split_list(value: str | None) -> list[str]:
    return [item.strip() for item in (value or "").split(",") if item.strip()]


def _is_safelisted(name: str, value: str) -> bool:
    """Return whether this is a CORS-safelisted request-header."""
    if len(value.encode()) > 128:
        return False
    if name in ("accept-language", "content-language"):
        return bool(LANGUAGE_VALUE.fullmatch(value))
    if name == "content-type":
        essence = value.partition(";")[0].strip().lower()
        return essence in SAFELISTED_CONTENT_TYPES and not CORS_UNSAFE_BYTES.search(value)
    if name == "range":
        return bool(re.fullmatch(r"bytes=\d+-\d*", value))
    return name == "accept" and not CORS_UNSAFE_BYTES.search(value)
