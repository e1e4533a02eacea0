"""Origins and sites, as the HTML standard defines them.

An origin is scheme, host and port. A site is scheme and registrable domain: a public suffix (com, co.uk, github.io)
and one more label. CORS depends on origins, cookies depend on sites. The list of public suffixes is part of the package
publicsuffixlist.
"""

import ipaddress
import re
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList

HOST = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?")
PRIVATE_NETWORKS = [
    ipaddress.ip_network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16")
]
PUBLIC_IPV6 = [ipaddress.ip_network(text) for text in ("2000::/3", "ff00::/8")]
DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Origin:
    """Scheme, host as browsers serialize it, and port. None is the scheme's default port."""

    scheme: str
    host: str
    port: int | None = None

    @classmethod
    def of(cls, url: str) -> Self:
        """Return the origin of a URL. "null" is the opaque origin.

        Raise ValueError if the URL isn't HTTP or HTTPS, or is invalid.
        """
        if url == "null":
            return cls("", "")
        parts = urlsplit(url)
        if parts.scheme not in DEFAULT_PORTS or not parts.hostname:
            raise ValueError("an origin starts with https:// or http:// and has a host")
        port = None if parts.port == DEFAULT_PORTS[parts.scheme] else parts.port
        return cls(parts.scheme, _serialized(parts.hostname), port)

    def __str__(self) -> str:
        if self.is_opaque:
            return "null"
        return f"{self.scheme}://{self.netloc}"

    @property
    def netloc(self) -> str:
        """The value of the header `Host`."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port is None else f"{host}:{self.port}"

    @property
    def is_opaque(self) -> bool:
        """Whether this is the origin `null`, as of sandboxed frames and local files. It is never the same site."""
        return not self.host

    @property
    def is_trustworthy(self) -> bool:
        """Whether this origin is potentially trustworthy by Secure Contexts §3.1: HTTPS or a loopback host."""
        return self.scheme == "https" or is_loopback(self.host)

    def is_same_site(self, other: "Origin") -> bool:
        """Compare schemefully: http and https of one domain are two sites. Ports don't matter."""
        if self.is_opaque or other.is_opaque or self.scheme != other.scheme:
            return False
        return self.host == other.host or site_of(self.host) == site_of(other.host)


def is_exact(text: str) -> bool:
    """Return whether the text is an origin as browsers serialize it. Django compares origins as strings."""
    try:
        return text != "null" and str(Origin.of(text)) == text
    except ValueError:
        return False


def site_of(host: str) -> str:
    """Return the registrable domain, or the host if it has none: public suffixes, localhost and IP addresses."""
    domain = None if is_ip(host) else _suffixes().privatesuffix(host.rstrip("."))
    if not domain:
        return host
    return f"{domain}." if host.endswith(".") else domain


def is_public_suffix(domain: str) -> bool:
    """Return whether the domain has no registrable domain, which is also true of localhost."""
    return not is_ip(domain) and not _suffixes().privatesuffix(domain.rstrip("."))


def is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def is_loopback(host: str) -> bool:
    """Return whether an IP address or a name is a loopback host."""
    if is_ip(host):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost" or host.endswith(".localhost")


class AddressSpace(IntEnum):
    """Address spaces of Local Network Access. Requests to a higher space than that of the page need a permission."""

    PUBLIC = 0
    LOCAL = 1
    LOOPBACK = 2


def address_space(host: str) -> AddressSpace:
    """Return the address space of a host, judging by its name. Browsers use the address that it resolves to."""
    if is_loopback(host):
        return AddressSpace.LOOPBACK
    if not is_ip(host):
        return AddressSpace.LOCAL if host.rstrip(".").endswith(".local") else AddressSpace.PUBLIC
    address = ipaddress.ip_address(host)
    if mapped := getattr(address, "ipv4_mapped", None):
        return address_space(str(mapped))
    if isinstance(address, ipaddress.IPv6Address):
        is_local = not any(address in network for network in PUBLIC_IPV6)
    else:
        is_local = any(address in network for network in PRIVATE_NETWORKS)
    return AddressSpace.LOCAL if is_local else AddressSpace.PUBLIC


def _serialized(host: str) -> str:
    """Return the host in lowercase and Punycode. Raise ValueError if it is invalid."""
    if ":" in host:
        return str(ipaddress.IPv6Address(host))
    ascii_host = host.encode("idna").decode().lower()
    if not HOST.fullmatch(ascii_host):
        raise ValueError(f"{host!r} is not a host name")
    return ascii_host


@cache
def _suffixes() -> "PublicSuffixList":
    from publicsuffixlist import PublicSuffixList  # a list of 10,000 lines, which most commands don't need

    return PublicSuffixList()
