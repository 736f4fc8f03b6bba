"""Headers of readers, signed in or not, for gateways with a cache."""

from __future__ import annotations

from asgiref.sync import sync_to_async
from django.conf import settings

from tests.remote.laboratory.readers import session_of

NOBODY = {"Accept": "text/html", "Accept-Encoding": "identity"}


async def reader(name: str, *, known: bool = True, staff: bool = False) -> dict[str, str]:
    """A new reader's browser."""
    session = await sync_to_async(session_of)(name, known=known, staff=staff)
    return {**NOBODY, "Cookie": f"{settings.SESSION_COOKIE_NAME}={session}"}
