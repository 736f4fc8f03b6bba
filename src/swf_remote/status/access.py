"""Who may see all figures: staff by their session, machines by ``SWF_REMOTE_METRICS_TOKEN``."""

from django.http import HttpRequest
from django.utils.crypto import constant_time_compare

from swf_remote.configuration import configuration


def may_see_all(request: HttpRequest) -> bool:
    """Whether this request comes from staff, or brings the token."""
    return has_token(request) or (request.user.is_active and request.user.is_staff)


def has_token(request: HttpRequest) -> bool:
    """Whether it brings the token, as ``Authorization: Bearer …``; never where the settings name none."""
    token = configuration().metrics_token
    given = request.headers.get("Authorization", "")
    return bool(token) and constant_time_compare(given, f"Bearer {token}")
