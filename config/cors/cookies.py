"""Cookies by RFC 6265bis: which of them browsers store (§5.7), and which they send with a request (§5.8.3).

CORS doesn't affect this: cookies are sent as their Domain, Path, Secure and SameSite allow, and a response that the
page may not read can still set cookies. This module doesn't import Django. It ignores the expiry of cookies.
"""

from dataclasses import dataclass
from enum import Enum
from http.cookies import Morsel
from typing import Self
from urllib.parse import urlsplit

from config.cors.origins import Origin, is_public_suffix, site_of


class CookieProblem(Enum):
    """Why a browser doesn't store or send a cookie. The values are shown to users."""

    PREFIX = "A cookie named __Secure-… must be Secure. One named __Host-… must also have Path=/ and no Domain."
    SECURE = "Secure cookies are stored and sent over HTTPS only, except on loopback hosts."
    NONE_WITHOUT_SECURE = "SameSite=None requires Secure."
    PUBLIC_SUFFIX = (
        "Its Domain is a public suffix: anyone can register its subdomains, so cookies can't be shared there."
    )
    OTHER_DOMAIN = "A host can set cookies for itself and its parent domains only, and the Domain is none of these."
    HOST_ONLY = "It has no Domain, so it is sent only to the host that set it."
    OTHER_PATH = "Its Path is not a prefix of the requested path."
    CROSS_SITE = (
        "The page is on another site (scheme and registrable domain). Browsers don't send SameSite=Lax and Strict "
        "cookies with its requests."
    )
    THIRD_PARTY = (
        "The page is on another site (scheme and registrable domain). SameSite=None allows the cookie, but Safari, "
        "Firefox and private windows of Chromium block third-party cookies anyway."
    )


@dataclass(frozen=True)
class Cookie:
    name: str
    value: str = ""
    domain: str = ""
    """Without a leading dot. Empty: host-only."""
    path: str = "/"
    secure: bool = False
    http_only: bool = False
    same_site: str = "lax"

    @classmethod
    def of(cls, morsel: "Morsel[str]") -> Self:
        """Convert from http.cookies. The default of SameSite is Lax, as in browsers."""
        same_site = str(morsel["samesite"]).lower()
        return cls(
            name=morsel.key,
            value=morsel.value,
            domain=morsel["domain"].lower().removeprefix("."),
            path=morsel["path"] if morsel["path"].startswith("/") else "/",
            secure=bool(morsel["secure"]),
            http_only=bool(morsel["httponly"]),
            same_site=same_site if same_site in ("none", "strict") else "lax",
        )

    def __str__(self) -> str:
        """Return the attributes as in Set-Cookie."""
        attributes = [f"Domain={self.domain}" if self.domain else "no Domain", f"Path={self.path}"]
        attributes += ["Secure"] * self.secure + ["HttpOnly"] * self.http_only + [f"SameSite={self.same_site.title()}"]
        return "; ".join(attributes)

    def is_host_only(self, host: str) -> bool:
        """Return whether the cookie is for this host only. A Domain that is the host and a public suffix is ignored."""
        return not self.domain or (self.domain == host and is_public_suffix(host))


def storage_problem(cookie: Cookie, server: Origin) -> CookieProblem | None:
    """Return why browsers don't store a cookie that the server sets for its own page, or None if they do."""
    if not _meets_prefix(cookie, server):
        return CookieProblem.PREFIX
    if cookie.secure and not server.is_trustworthy:
        return CookieProblem.SECURE
    if cookie.same_site == "none" and not cookie.secure:
        return CookieProblem.NONE_WITHOUT_SECURE
    if not cookie.is_host_only(server.host) and cookie.domain != server.host:
        if is_public_suffix(cookie.domain):
            return CookieProblem.PUBLIC_SUFFIX
        if not domain_matches(server.host, cookie.domain):
            return CookieProblem.OTHER_DOMAIN
    return None


def sending_problem(cookie: Cookie, url: str, *, set_by: Origin, same_site: bool) -> CookieProblem | None:
    """Return why browsers don't send a stored cookie with a request to this URL, or None if they do."""
    server, path = Origin.of(url), urlsplit(url).path or "/"
    if cookie.is_host_only(set_by.host):
        if server.host != set_by.host:
            return CookieProblem.HOST_ONLY
    elif not domain_matches(server.host, cookie.domain):
        return CookieProblem.OTHER_DOMAIN
    if not _path_matches(path, cookie.path):
        return CookieProblem.OTHER_PATH
    if cookie.secure and not server.is_trustworthy:
        return CookieProblem.SECURE
    if same_site:
        return None
    return CookieProblem.THIRD_PARTY if cookie.same_site == "none" else CookieProblem.CROSS_SITE


def domain_matches(host: str, domain: str) -> bool:
    """Apply §5.1.3: the host is the domain, or a subdomain of it on the same site."""
    return host == domain or (host.endswith(f".{domain}") and site_of(host) == site_of(domain))


def _path_matches(path: str, prefix: str) -> bool:
    """Apply §5.1.4."""
    return path == prefix or path.startswith(prefix if prefix.endswith("/") else f"{prefix}/")


def _meets_prefix(cookie: Cookie, server: Origin) -> bool:
    """Apply §4.1.3. Prefixes are case-insensitive."""
    name = cookie.name.lower()
    if name.startswith("__host-") and (cookie.domain or cookie.path != "/"):
        return False
    return not name.startswith(("__host-", "__secure-")) or (cookie.secure and server.is_trustworthy)
