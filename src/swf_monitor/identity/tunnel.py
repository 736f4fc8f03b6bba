"""The tunnel rule (contract 1.2): a request from the loopback address is the gateway's.

Such a request may name its user in ``X-Remote-User``; an unknown name becomes an account on the spot, without
password, groups or staff rights, and an inactive one is accepted. No other address is believed, no other header read.
"""

from __future__ import annotations

from typing import Final

from django.contrib.auth.models import User
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest

LOOPBACK: Final = ("127.0.0.1", "::1")
PROXY_ACCOUNT: Final = "swf-remote-proxy"
"""The user of REST requests that come through the tunnel without naming anybody."""


def is_tunnel(request: HttpRequest) -> bool:
    """True when the peer's address is exactly a loopback address."""
    return request.META.get("REMOTE_ADDR") in LOOPBACK


def asserted_name(request: HttpRequest) -> str:
    """The user that a tunnel request names, without outer spaces; empty for none and for other addresses."""
    return str(request.META.get("HTTP_X_REMOTE_USER", "")).strip() if is_tunnel(request) else ""


def account(name: str) -> User:
    """The account called `name` (case counts), created when there is none.

    Raises:
        SuspiciousOperation: the name is longer than an account's may be; answered with HTTP 400.
    """
    limit = User._meta.get_field("username").max_length
    if limit is not None and len(name) > limit:
        raise SuspiciousOperation("X-Remote-User is longer than a user name may be")
    user, created = User.objects.get_or_create(username=name)
    if created:
        user.set_unusable_password()
        user.save(update_fields=["password"])
    return user
