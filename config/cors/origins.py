"""Origins and sites, as the HTML standard has them.

An origin is scheme, host and port, compared exactly. A site is scheme and registrable domain: the public suffix
(com, co.uk, github.io) and one label more. Cookies go by sites, CORS goes by origins. The list of public suffixes
comes with the package publicsuffixlist; nothing is fetched.
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
    """A scheme, a host as browsers write it, and a port; None is the scheme's own."""

    scheme: str
    host: str
    port: int | None = None

    @classmethod
    def of(cls, url: str) -> Self:
        """The origin of a URL; `null` is the opaque one. ValueError if it has none that could call an API."""
        if url == "null":
            return cls("", "")
        parts = urlsplit(url)
        if parts.scheme not in DEFAULT_PORTS or not parts.hostname:
            raise ValueError("an origin begins with https:// or http:// and has a host")
        port = None if parts.port == DEFAULT_PORTS[parts.scheme] else parts.port
        return cls(parts.scheme, _as_browsers_write(parts.hostname), port)

    def __str__(self) -> str:
        if self.is_opaque:
            return "null"
        return f"{self.scheme}://{self.netloc}"

    @property
    def netloc(self) -> str:
        """What a browser sends as `Host`."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port is None else f"{host}:{self.port}"

    @property
    def is_opaque(self) -> bool:
        """A sandboxed frame or a file: it is called `null`, and is the same as nothing, not even as itself."""
        return not self.host

    @property
    def is_trustworthy(self) -> bool:
        """Secure Contexts §3.1: nobody on the way can listen or change anything, since it is https or this machine."""
        return self.scheme == "https" or is_this_machine(self.host)

    def is_same_site(self, other: "Origin") -> bool:
        """Schemeful: http and https of one domain are two sites. Ports don't count."""
        if self.is_opaque or other.is_opaque or self.scheme != other.scheme:
            return False
        return self.host == other.host or site_of(self.host) == site_of(other.host)


def is_exact(text: str) -> bool:
    """Is it written as browsers send it? Whoever compares it with theirs does so letter by letter."""
    try:
        return text != "null" and str(Origin.of(text)) == text
    except ValueError:
        return False


def site_of(host: str) -> str:
    """The registrable domain; or the host itself when it has none, as a public suffix, localhost or an IP address."""
    domain = None if is_ip(host) else _suffixes().privatesuffix(host.rstrip("."))
    if not domain:
        return host
    return f"{domain}." if host.endswith(".") else domain


def is_public_suffix(domain: str) -> bool:
    """Does everybody register names below it? Also localhost, and all else without a registrable domain."""
    return not is_ip(domain) and not _suffixes().privatesuffix(domain.rstrip("."))


def is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def is_this_machine(host: str) -> bool:
    """Loopback, by number or by name."""
    if is_ip(host):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost" or host.endswith(".localhost")


class AddressSpace(IntEnum):
    """Local Network Access: a call to a higher space than that of its page needs a permission."""

    PUBLIC = 0
    LOCAL = 1
    LOOPBACK = 2


def address_space(host: str) -> AddressSpace:
    """Return the address space of a host as far as its name tells; browsers look at what it resolves to."""
    if is_this_machine(host):
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


def _as_browsers_write(host: str) -> str:
    """Lower case, with foreign letters in ASCII (xn--…)."""
    if ":" in host:
        return str(ipaddress.IPv6Address(host))
    ascii_host = host.encode("idna").decode().lower()
    if not HOST.fullmatch(ascii_host):
        raise ValueError(f"{host!r} is not the name of a host")
    return ascii_host


@cache
def _suffixes() -> "PublicSuffixList":
    from publicsuffixlist import PublicSuffixList  # 10,000 lines, which most commands don't need

    return PublicSuffixList()
