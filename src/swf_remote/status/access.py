"""Who may see all figures: staff by their session, machines by ``SWF_REMOTE_METRICS_TOKEN``."""

from __future__ import annotations

from enum import StrEnum

from django.db import DatabaseError
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare
from starlette.types import Scope

from swf_remote.accounts.readers import reader_of
from swf_remote.configuration import configuration
from swf_remote.edge.intake import header


class Detail(StrEnum):
    """How much is told; the value is that of ``?detail=``."""

    PUBLIC = "public"
    FULL = "full"


def may_see_all(request: HttpRequest) -> bool:
    """Whether this request comes from staff, or brings the token; nobody is staff while the database is gone."""
    if is_token(request.headers.get("Authorization", "")):
        return True
    try:
        return request.user.is_active and request.user.is_staff
    except DatabaseError:
        return False


async def may_hear_all(scope: Scope) -> bool:
    """The same of a request that Django does not see."""
    if is_token(header(scope, b"authorization")):
        return True
    reader = await reader_of(header(scope, b"cookie"))
    return reader is not None and reader.is_staff


def is_token(authorization: str) -> bool:
    """Whether it is the token, as ``Bearer …``; never where the settings name none."""
    token = configuration().metrics_token
    return bool(token) and constant_time_compare(authorization, f"Bearer {token}")
