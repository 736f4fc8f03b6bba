"""Middleware that keeps e-mail addresses from open readers, whatever page of the alarms they came to stand on."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseBase

from swf_remote.web.addresses import own_url

from .access import is_signed_in
from .pages.masking import without_addresses


class HideAddresses:
    """What leaves the alarms' pages and their REST to an open reader names no e-mail address.

    The last line behind pages that do not show such fields to begin with: it holds for whatever people typed anywhere.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        """As Django's middleware is made."""
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer the request."""
        response = self._get_response(request)
        if isinstance(response, HttpResponse) and request.path.startswith(_places()) and not is_signed_in(request.user):
            text = response.content.decode(response.charset, "replace")
            masked = without_addresses(text)
            if masked != text:
                response.content = masked.encode(response.charset)
        return response


def _places() -> tuple[str, ...]:
    return own_url("alarms/"), own_url("api/alarms/")
