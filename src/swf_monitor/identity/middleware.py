"""Signs tunnel requests in for pages; runs after Django's AuthenticationMiddleware.

A valid session wins over the header. For tunnel requests Django's CSRF check is off, since their cookies stay at the
gateway, which makes the check itself. Sets ``request.is_tunnel`` for templates.
"""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.deprecation import MiddlewareMixin

from swf_monitor.identity.tunnel import account, asserted_name, is_tunnel


class TunnelAuthMiddleware(MiddlewareMixin):
    """Contract 1.2, row `TunnelAuthMiddleware`."""

    def process_request(self, request: HttpRequest) -> None:
        """Mark the request and set its user."""
        request.is_tunnel = is_tunnel(request)  # type: ignore[attr-defined]
        if not request.is_tunnel:  # type: ignore[attr-defined]
            return
        request._dont_enforce_csrf_checks = True  # type: ignore[attr-defined]
        name = asserted_name(request)
        if name and not request.user.is_authenticated:
            request.user = account(name)
