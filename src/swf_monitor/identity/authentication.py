"""The tunnel rule for REST endpoints, where a nameless tunnel request still is somebody: the proxy account."""

from __future__ import annotations

from django.contrib.auth.models import User
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from swf_monitor.identity.tunnel import PROXY_ACCOUNT, account, asserted_name, is_tunnel


class TunnelAuthentication(BaseAuthentication):  # type: ignore[misc]  # the framework carries no types
    """Contract 1.2, row `TunnelAuthentication`; first in the list, so a wrong token is ignored over the tunnel."""

    def authenticate(self, request: Request) -> tuple[User, None] | None:
        """The named user or the proxy account for tunnel requests; None (try the next class) for others."""
        if not is_tunnel(request._request):
            return None
        signed_in = getattr(request._request, "user", None)
        if signed_in is not None and signed_in.is_authenticated:
            return signed_in, None
        return account(asserted_name(request._request) or PROXY_ACCOUNT), None
