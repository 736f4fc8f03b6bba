"""Is a write sent by a page of ours? The gateway's guard against forged requests on proxied forms and scripts.

``Sec-Fetch-Site`` decides where the browser sends it (no script can forge it); else ``Origin`` must name our own host.
A request with neither is refused: no browser of today sends such a write. Addresses typed by hand ("none") never write.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

DEFAULT_PORTS = {"http": 80, "https": 443}


def same_origin(
    headers: Mapping[bytes, bytes] | Iterable[tuple[bytes, bytes]], host: str, public_url: str | None = None
) -> bool:
    """True when the request comes from a page of this site.

    Args:
        headers: names in lower case, as ASGI gives them.
        host: value of the request's Host header.
        public_url: the site's own address, for a front proxy that sends another Host.
    """
    pairs = list(headers.items()) if isinstance(headers, Mapping) else list(headers)
    sites = _values(pairs, b"sec-fetch-site")
    if sites:
        return sites == [b"same-origin"]
    origins = _values(pairs, b"origin")
    return len(origins) == 1 and _is_ours(origins[0].decode("latin-1"), host, public_url)


def _values(pairs: list[tuple[bytes, bytes]], name: bytes) -> list[bytes]:
    return [value.strip() for key, value in pairs if key.lower() == name]


def _is_ours(origin: str, host: str, public_url: str | None) -> bool:
    scheme, authority = _parts(origin)
    public = _parts(public_url or "")
    # A page without TLS is another origin, and anybody on the way could have written it.
    if authority is None or (public[0] == "https" and scheme != "https"):
        return False
    return authority == _parts(f"{scheme}://{host}")[1] or (scheme, authority) == public


def _parts(url: str) -> tuple[str, tuple[str, int | None] | None]:
    """Scheme and (host, port) of a URL; the second is None for ``null`` and everything malformed."""
    try:
        parts = urlsplit(url)
        port = parts.port or DEFAULT_PORTS.get(parts.scheme)
    except ValueError:
        return "", None
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname or parts.username is not None:
        return "", None
    return parts.scheme, (parts.hostname.lower(), port)
