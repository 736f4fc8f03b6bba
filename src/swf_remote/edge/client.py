"""Who is asking: the address of a reader, believed from front proxies only.

The address in the ASGI scope is set once by the edge; everything behind it (lock-out, logs) reads that one.
"""

from __future__ import annotations

from django.http import HttpRequest


def address_of(request: HttpRequest) -> str:
    """The reader's address as the edge found it; no forwarding header is read here."""
    return str(request.META.get("REMOTE_ADDR") or "")
