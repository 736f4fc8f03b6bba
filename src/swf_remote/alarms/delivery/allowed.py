"""Where webhooks may go: the hosts that the operator lists, and never an address inside. Pure.

Both have to hold. The list alone would let whoever rules a listed name point it at this machine; the addresses alone
would let whoever edits an alarm post to anybody.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, IPv6Network
from typing import NamedTuple
from urllib.parse import urlsplit

Address = IPv4Address | IPv6Address
USUAL_PORTS = {"https": 443, "http": 80}
_NAT64 = IPv6Network("64:ff9b::/96")


class Origin(NamedTuple):
    """Scheme, host in lower case, and port."""

    scheme: str
    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}" + ("" if self.port == USUAL_PORTS[self.scheme] else f":{self.port}")


def origin_of(url: str) -> Origin:
    """Where this address leads.

    Raises:
        ValueError: it is no http or https address, or holds a user name; the text says so.
    """
    if not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        raise ValueError("it holds characters that no address has")
    parts = urlsplit(url)
    if parts.scheme not in USUAL_PORTS or not parts.hostname:
        raise ValueError("it is no https address")
    if parts.username is not None or parts.password is not None:
        raise ValueError("it holds a user name")
    if parts.port == 0:
        raise ValueError("port 0 does not exist")
    return Origin(parts.scheme, parts.hostname.rstrip("."), parts.port or USUAL_PORTS[parts.scheme])


def read_allowed(text: str) -> frozenset[Origin]:
    """The origins that a list such as ``chat.example, http://bot.example:8080`` names; https unless it says http.

    Raises:
        ValueError: an entry is no host; the text names it and says what to write.
    """
    return frozenset(_entry(part.strip()) for part in text.split(",") if part.strip())


def _entry(part: str) -> Origin:
    try:
        origin = origin_of(part if "://" in part else f"https://{part}")
        rest = urlsplit(part if "://" in part else f"https://{part}")
    except ValueError as error:
        raise ValueError(f"holds {part!r}, which cannot be used: {error}") from None
    if rest.path.strip("/") or rest.query or rest.fragment or "*" in part:
        raise ValueError(f"holds {part!r}: give hosts only, such as chat.example or chat.example:8443")
    return origin


def is_public(address: Address) -> bool:
    """Whether this is an ordinary address of the Internet: not private, loopback, link-local, multicast or reserved,
    nor a wrapping of such an IPv4 address.
    """
    if isinstance(address, IPv6Address):
        inner = _wrapped(address)
        if inner is not None:
            return is_public(inner)
        if address.is_site_local:
            return False
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


def _wrapped(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that packets to this one end at."""
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    if address.teredo is not None:
        return address.teredo[1]
    return address.ipv4_mapped or address.sixtofour
