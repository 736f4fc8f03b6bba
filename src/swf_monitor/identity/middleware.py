"""Signs tunnel requests in for pages; runs after Django's AuthenticationMiddleware.

A valid session wins over the header. For tunnel requests Django's CSRF check is off, since their cookies stay at the
gateway, which makes the check itself. Sets ``request.is_tunnel`` for templates. Where the gateway's public key is
known, a name without a valid token is refused outright: without its name the request would run as the proxy account.
"""

from __future__ import annotations

import logging
from functools import cache

from django.http import HttpRequest, HttpResponse
from django.utils.deprecation import MiddlewareMixin

from swf_monitor.configuration import configuration
from swf_monitor.identity.token import IdentityCheck, IdentityRefusedError, read_keys
from swf_monitor.identity.tunnel import account, asserted_name, is_tunnel

LOG = logging.getLogger("swf_monitor.identity")


class TunnelAuthMiddleware(MiddlewareMixin):
    """Contract 1.2, row `TunnelAuthMiddleware`."""

    def process_request(self, request: HttpRequest) -> HttpResponse | None:
        """Mark the request and set its user; an answer of its own only where a name is not proven."""
        request.is_tunnel = is_tunnel(request)  # type: ignore[attr-defined]
        if not request.is_tunnel:  # type: ignore[attr-defined]
            return None
        request._dont_enforce_csrf_checks = True  # type: ignore[attr-defined]
        name = asserted_name(request)
        try:
            _prove(request, name)
        except IdentityRefusedError as refused:
            LOG.warning("X-Remote-User refused: %s", refused)
            return HttpResponse(
                "The user's name is not proven.\n", status=403, content_type="text/plain; charset=utf-8"
            )
        if name and not request.user.is_authenticated:
            request.user = account(name)
        return None


def _prove(request: HttpRequest, name: str) -> None:
    check = _check()
    if name and check is not None:
        token = str(request.META.get("HTTP_X_REMOTE_USER_TOKEN", ""))
        check.prove(token, name=name, host=request.get_host(), method=request.method or "", path=request.path)


@cache
def _check() -> IdentityCheck | None:
    file = configuration().identity_key_file
    return IdentityCheck(read_keys(file)) if file else None
