"""What fires, as an event stream (``alarms/stream/``), for pages that notify whoever looks after the alarms.

An event ``firing`` comes at the begin and whenever something fires, ends, or is acknowledged: a JSON object with the
numbers and the newest events. It names no e-mail address, as it is for everybody.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

from django.db import close_old_connections
from starlette.types import ASGIApp, Receive, Scope, Send

from swf_remote.configuration import Configuration
from swf_remote.web.addresses import own_url
from swf_remote.web.event_streams import Channel, Edition, Listeners, event
from swf_remote.web.moments import iso

from .firing import counts
from .models import Event, State
from .pages.masking import without_addresses

PERIOD_SECONDS = 3.0
MOST_NAMED = 20


class LiveAlarms:
    """ASGI application: the stream at its own address, `pages` everywhere else."""

    def __init__(
        self, pages: ASGIApp, settings: Configuration, stopping: asyncio.Event, *, period: float = PERIOD_SECONDS
    ) -> None:
        """`stopping`: the gateway ends; `period`: seconds between two looks."""
        self._pages = pages
        self._path = f"{settings.mount}/alarms/stream/".encode()
        self._listeners = Listeners(stopping)
        self._channel = Channel(_edition, period)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request.

        Raises:
            ProblemError: it is answered by a page of words instead.
        """
        if scope["raw_path"] == self._path:
            await self._listeners.serve(scope, receive, send, self._channel.changes)
        else:
            await self._pages(scope, receive, send)


def _edition() -> Edition:
    # Outside Django's request cycle nobody else looks after the thread's connection.
    close_old_connections()
    try:
        return {"firing": event("firing", without_addresses(json.dumps(firing_now())))}
    finally:
        close_old_connections()


def firing_now() -> dict[str, Any]:
    """How many events fire and are acknowledged, and the newest that fire.

    Raises:
        DatabaseError: the database does not answer.
    """
    numbers = dict.fromkeys((State.FIRING.value, State.ACKNOWLEDGED.value), 0)
    for group in counts():
        numbers[group.state] += group.number
    newest = Event.objects.filter(state=State.FIRING).order_by("-fired_at", "pk").values(
        "pk", "alarm__name", "severity", "subject", "fired_at"
    )[:MOST_NAMED]  # fmt: skip
    return {
        **numbers,
        "newest": [
            {
                "id": one["pk"],
                "alarm": one["alarm__name"],
                "severity": one["severity"],
                "subject": one["subject"],
                "fired_at": one["fired_at"] and iso(one["fired_at"]),
                "url": own_url(f"alarms/events/{one['pk']}/"),
            }
            for one in newest
        ],
    }
