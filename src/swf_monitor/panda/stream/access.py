"""Who may listen (contract section 6): a signed-in session, a valid token, or a user named by the tunnel.

A request that was forwarded for another address did not begin at the tunnel's end, so the name it carries is not
believed here (contract 1.2, consequence 4); a session or a token still is.
"""

from __future__ import annotations

from typing import Final

from django.contrib.auth import SESSION_KEY
from django.http import HttpRequest
from rest_framework.authentication import TokenAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", ""})


def may_listen(request: HttpRequest) -> bool:
    """Whether the request names somebody known. Reads the monitor's own database."""
    if SESSION_KEY in request.session and request.user.is_authenticated:
        return True
    if request.user.is_authenticated and not _forwarded_for_a_stranger(request):
        return True
    return _has_valid_token(request)


def _forwarded_for_a_stranger(request: HttpRequest) -> bool:
    addresses = request.headers.get("X-Forwarded-For", "").split(",")
    return any(address.strip() not in _LOOPBACK for address in addresses)


def _has_valid_token(request: HttpRequest) -> bool:
    try:
        return TokenAuthentication().authenticate(Request(request)) is not None
    except AuthenticationFailed:
        return False
