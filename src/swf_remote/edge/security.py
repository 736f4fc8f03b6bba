"""Security headers of every answer.

Own pages live under a strict Content-Security-Policy. Pages of the monitor hold inline scripts and load files from the
hosts of contract 3.3, so their policy allows those and nothing else. What is neither may do nothing when opened alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

Headers = list[tuple[bytes, bytes]]
Kind = Literal["own", "proxied page", "proxied data"]

ASSET_HOSTS = (
    "https://cdn.jsdelivr.net",
    "https://code.jquery.com",
    "https://cdn.datatables.net",
    "https://cdnjs.cloudflare.com",
    "https://cdn.plot.ly",
)
_HOSTS = " ".join(ASSET_HOSTS)

OWN_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
PROXIED_PAGE_POLICY = (
    f"default-src 'self'; script-src 'self' 'unsafe-inline' {_HOSTS}; style-src 'self' 'unsafe-inline' {_HOSTS}; "
    f"img-src 'self' data: blob:; font-src 'self' data: {_HOSTS}; connect-src 'self'; object-src 'none'; "
    "base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
)
PROXIED_DATA_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
POLICIES: dict[Kind, str] = {
    "own": OWN_POLICY,
    "proxied page": PROXIED_PAGE_POLICY,
    "proxied data": PROXIED_DATA_POLICY,
}
FIXED: Headers = [
    (b"server", b"swf-remote"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
]
STRICT_TRANSPORT = (b"strict-transport-security", b"max-age=31536000")
_OURS_ALONE = frozenset({name for name, _ in FIXED} | {STRICT_TRANSPORT[0], b"content-security-policy"})


def secured(headers: Iterable[tuple[bytes, bytes]], *, proxied: bool, over_tls: bool) -> Headers:
    """The answer's headers with ours in place of any of the same names."""
    kept = [(name, value) for name, value in headers if name.lower() not in _OURS_ALONE]
    policy = POLICIES[_kind(kept, proxied)].encode()
    transport = [STRICT_TRANSPORT] if over_tls else []
    return [*kept, *FIXED, *transport, (b"content-security-policy", policy)]


def _kind(headers: Headers, proxied: bool) -> Kind:
    if not proxied:
        return "own"
    kind = next((value for name, value in headers if name.lower() == b"content-type"), b"")
    is_page = kind.split(b";")[0].strip().lower() in (b"text/html", b"application/xhtml+xml")
    return "proxied page" if is_page else "proxied data"
