"""Cookies, as RFC 6265bis has them: which are kept (§5.7), and which go along with a call (§5.8.3).

A cookie goes where its Domain, Path, Secure and SameSite let it, whatever CORS says; and what CORS forbids to read
may still set cookies. Pure rules: they know no Django. The time, and the age of a cookie, don't matter here.
"""

from dataclasses import dataclass
from enum import Enum
from http.cookies import Morsel
from typing import Self
from urllib.parse import urlsplit

from config.cors.origins import Origin, is_public_suffix, site_of


class Stop(Enum):
    """Why a browser doesn't keep a cookie, or doesn't send it: in one sentence."""

    PREFIX = "A name that begins with __Secure- wants Secure; one with __Host- also Path=/ and no Domain."
    SECURE = "A Secure cookie is kept and sent by https only, and on this machine."
    NONE_WITHOUT_SECURE = "SameSite=None is only believed together with Secure."
    PUBLIC_SUFFIX = "Its Domain is a public suffix: everybody has names below it, so nobody may share cookies there."
    OTHER_DOMAIN = "A host can set cookies for itself and for the domains above it, and its Domain is none of those."
    HOST_ONLY = "It has no Domain, so it goes to the very host that set it and to no other."
    OTHER_PATH = "Its Path is not the beginning of the path that is called."
    CROSS_SITE = (
        "The page is of another site (scheme and registrable domain), and SameSite=Lax and Strict cookies don't go "
        "along with what such a page calls."
    )
    THIRD_PARTY = (
        "The page is of another site (scheme and registrable domain). SameSite=None lets the cookie go, but Safari, "
        "Firefox and the private windows of Chromium keep third parties' cookies home all the same."
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
        """From http.cookies, which Django and SimpleCookie speak. Without SameSite, browsers take it for Lax."""
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
        """Its attributes, as a Set-Cookie line has them."""
        told = [f"Domain={self.domain}" if self.domain else "no Domain", f"Path={self.path}"]
        told += ["Secure"] * self.secure + ["HttpOnly"] * self.http_only + [f"SameSite={self.same_site.title()}"]
        return "; ".join(told)

    def is_host_only(self, host: str) -> bool:
        """A public suffix may set one for itself, and then it is host-only."""
        return not self.domain or (self.domain == host and is_public_suffix(host))


def refused(cookie: Cookie, server: Origin) -> Stop | None:
    """Why a browser doesn't keep this cookie when its visitor is on the site that sets it; None if it does."""
    if not _prefix_holds(cookie, server):
        return Stop.PREFIX
    if cookie.secure and not server.is_trustworthy:
        return Stop.SECURE
    if cookie.same_site == "none" and not cookie.secure:
        return Stop.NONE_WITHOUT_SECURE
    if not cookie.is_host_only(server.host) and cookie.domain != server.host:
        if is_public_suffix(cookie.domain):
            return Stop.PUBLIC_SUFFIX
        if not domain_matches(server.host, cookie.domain):
            return Stop.OTHER_DOMAIN
    return None


def withheld(cookie: Cookie, url: str, *, set_by: Origin, same_site: bool) -> Stop | None:
    """Why a browser doesn't send a cookie that it has kept along with a call of this URL; None if it does."""
    server, path = Origin.of(url), urlsplit(url).path or "/"
    if cookie.is_host_only(set_by.host):
        if server.host != set_by.host:
            return Stop.HOST_ONLY
    elif not domain_matches(server.host, cookie.domain):
        return Stop.OTHER_DOMAIN
    if not _path_matches(path, cookie.path):
        return Stop.OTHER_PATH
    if cookie.secure and not server.is_trustworthy:
        return Stop.SECURE
    if same_site:
        return None
    return Stop.THIRD_PARTY if cookie.same_site == "none" else Stop.CROSS_SITE


def domain_matches(host: str, domain: str) -> bool:
    """§5.1.3: the domain itself, or a name below it in the same site."""
    return host == domain or (host.endswith(f".{domain}") and site_of(host) == site_of(domain))


def _path_matches(path: str, prefix: str) -> bool:
    """§5.1.4."""
    return path == prefix or path.startswith(prefix if prefix.endswith("/") else f"{prefix}/")


def _prefix_holds(cookie: Cookie, server: Origin) -> bool:
    """§4.1.3; the prefixes are read without regard to case."""
    name = cookie.name.lower()
    if name.startswith("__host-") and (cookie.domain or cookie.path != "/"):
        return False
    return not name.startswith(("__host-", "__secure-")) or (cookie.secure and server.is_trustworthy)
