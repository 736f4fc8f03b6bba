"""Security headers of every answer, whoever gives it.

Own pages run only what carries the answer's nonce. Pages of the monitor hold inline scripts and load files from the
hosts that the exposure table names, so their policy allows those and nothing else. What is no page may do nothing when
it is opened alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from swf_remote.edge.exchange import Exchange

Headers = list[tuple[bytes, bytes]]
Kind = Literal["own page", "own file", "proxied page", "proxied data"]

EVERYWHERE = "connect-src 'self'; object-src 'none'; form-action 'self'; frame-ancestors 'none'"
NOTHING = f"default-src 'none'; {EVERYWHERE}; base-uri 'none'"
PROXIED_DATA_POLICY = (
    f"default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; {EVERYWHERE}; base-uri 'self'"
)
FIXED: Headers = [
    (b"server", b"swf-remote"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (
        b"permissions-policy",
        b"accelerometer=(), browsing-topics=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), "
        b"magnetometer=(), microphone=(), midi=(), payment=(), serial=(), usb=()",
    ),
]
"""For every answer; what is refused before a request exists (``NOTHING`` fits it) takes them, too."""
TRANSPORT = b"strict-transport-security"
POLICY = b"content-security-policy"
_OURS_ALONE = frozenset({name for name, _ in FIXED} | {TRANSPORT, POLICY})
_PAGES = (b"text/html", b"application/xhtml+xml")


def own_page_policy(nonce: str) -> str:
    """For pages of ours: scripts and style sheets that carry `nonce`, nothing inline without it."""
    return (
        f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; img-src 'self' data:; "
        f"font-src 'self'; manifest-src 'self'; {EVERYWHERE}; base-uri 'none'"
    )


def proxied_page_policy(hosts: Sequence[str]) -> str:
    """For pages of the monitor: their inline scripts and handlers, and files of ours and of `hosts` (``https://…``)."""
    named = "".join(f" {host}" for host in hosts)
    return (
        f"default-src 'self'; script-src 'self' 'unsafe-inline'{named}; style-src 'self' 'unsafe-inline'{named}; "
        f"img-src 'self' data: blob:; font-src 'self' data:{named}; {EVERYWHERE}; base-uri 'self'"
    )


class SecurityHeaders:
    """The headers of one gateway."""

    def __init__(self, asset_hosts: Sequence[str], transport_seconds: int = 0) -> None:
        """`transport_seconds`: how long browsers insist on TLS (RFC 6797); 0 says nothing of it."""
        self._policies = {
            "proxied page": proxied_page_policy(asset_hosts).encode(),
            "proxied data": PROXIED_DATA_POLICY.encode(),
            "own file": NOTHING.encode(),
        }
        self._fixed = list(FIXED)
        if transport_seconds:
            self._fixed.append((TRANSPORT, f"max-age={transport_seconds}".encode()))

    def added(self, headers: Iterable[tuple[bytes, bytes]], status: int, exchange: Exchange) -> Headers:
        """The answer's headers with ours in place of any of the same names."""
        kept = [(name, value) for name, value in headers if name.lower() not in _OURS_ALONE]
        policy = self._policies.get(_kind(kept, status, exchange)) or own_page_policy(exchange.nonce).encode()
        return [*kept, *self._fixed, (POLICY, policy)]


def _kind(headers: Headers, status: int, exchange: Exchange) -> Kind:
    if status == 304:
        # It names no type, and a browser puts its policy in place of the stored page's (RFC 9111 3.2).
        is_page = exchange.area == "page"
    else:
        kind = next((value for name, value in headers if name.lower() == b"content-type"), b"")
        is_page = kind.split(b";")[0].strip().lower() in _PAGES
    if exchange.proxied:
        return "proxied page" if is_page else "proxied data"
    return "own page" if is_page else "own file"
