"""What fires now, as pages show it: a copy in each process's memory, so that no page waits for the database.

Every few seconds one small question tells whether anything has changed; only then the events are read. While the
database is gone nothing is shown: a badge that may be wrong is worse than none.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import urlencode

from asgiref.sync import sync_to_async
from django.db import close_old_connections
from django.db.models import Count, Max

from swf_remote.web.addresses import own_url

from .badges import QUEUE, SEVERITIES, TASK, Badges, Firing
from .models import Event, State

LOG = logging.getLogger("swf_remote.alarms")
LOOK_SECONDS = 3.0
WHOLE_LOOKS = 20
"""After so many looks the events are read again, whatever has changed."""
MOST_EVENTS = 50_000
STALE_SECONDS = 30.0
"""What was read so long ago is shown no more: the database may hang, and nobody knows what fires."""
FIRES = (State.FIRING, State.ACKNOWLEDGED)


class Group(NamedTuple):
    """How many events are in one state, with one severity."""

    state: str
    severity: str
    number: int
    fired: datetime | None
    """When the last of them fired."""
    acknowledged: datetime | None
    """When the last of them was acknowledged."""


class Found(NamedTuple):
    """One event that fires."""

    id: str
    alarm: str
    state: str
    severity: str
    labels: Mapping[str, Any]


def counts() -> tuple[Group, ...]:
    """How many fire, by state and severity; one question to an index.

    Raises:
        DatabaseError: the database does not answer.
    """
    grouped = Event.objects.filter(state__in=FIRES).order_by().values_list("state", "severity")
    told = grouped.annotate(Count("pk"), Max("fired_at"), Max("acknowledged_at")).order_by("state", "severity")
    return tuple(Group(*row) for row in told)


def places(found: Iterable[Found]) -> dict[tuple[str, str], Firing]:
    """What stands in the slots of pages: a task's events at the task, a site's at its queue."""
    at: dict[tuple[str, str], list[Found]] = {}
    for event in found:
        if (place := _place(event.labels)) is not None:
            at.setdefault(place, []).append(event)
    return {place: _firing(place, events) for place, events in at.items()}


def _place(labels: Mapping[str, Any]) -> tuple[str, str] | None:
    if task := labels.get("task"):
        return TASK, str(task)
    if site := labels.get("site"):
        return QUEUE, str(site)
    return None


def _firing(place: tuple[str, str], events: list[Found]) -> Firing:
    worst = min((event.severity for event in events), key=_rank)
    one = len(events) == 1
    subject = {TASK: "task", QUEUE: "site"}[place[0]]
    url = own_url(f"alarms/events/{events[0].id}/") if one else subject_url(subject, place[1])
    acknowledged = sum(event.state == State.ACKNOWLEDGED for event in events)
    return Firing(len({event.alarm for event in events}), worst, url, acknowledged)


def subject_url(kind: str, name: str) -> str:
    """The page about all events of one task or site."""
    return own_url(f"alarms/history/?{urlencode({kind: name})}")


def _rank(severity: str) -> int:
    return SEVERITIES.index(severity) if severity in SEVERITIES else len(SEVERITIES)


class FiringWatch:
    """One per process; ``fill`` is what the proxy's slots ask, ``number`` what stands in the navigation."""

    def __init__(self, seconds: float = LOOK_SECONDS, monotonic: Callable[[], float] = time.monotonic) -> None:
        """`seconds` between two looks."""
        self._seconds, self._monotonic = seconds, monotonic
        self._looked_at = monotonic()
        self._badges = Badges()
        self._seen: tuple[Group, ...] = ()
        self._looks = 0
        self._number = 0
        self._failing = False

    def fill(self, slot: str, key: str) -> bytes:
        """HTML for the slot of a page, from memory (``proxy.slots.Fill``)."""
        return b"" if self._is_stale() else self._badges.fill(slot, key)

    def number(self) -> int:
        """How many events fire that nobody has acknowledged; 0 while it is not known."""
        return 0 if self._is_stale() else self._number

    async def run(self) -> None:
        """Look until cancelled."""
        look = sync_to_async(self.look_with_connection, thread_sensitive=False)
        while True:
            await look()
            await asyncio.sleep(self._seconds)

    def look_with_connection(self) -> None:
        """Look, and never fail: outside Django's request cycle nobody else closes a connection."""
        try:
            close_old_connections()
            self.look()
        except Exception as error:
            # Whatever the reason, pages are served without badges.
            if not self._failing:
                LOG.warning("alarms: what fires cannot be read, so that pages do not show it: %s", error)
            self._failing = True
            self._forget()
        else:
            self._failing = False
        finally:
            close_old_connections()

    def look(self) -> None:
        """Look now.

        Raises:
            DatabaseError: the database does not answer; what was known stays.
        """
        begin = self._monotonic()
        seen = counts()
        if seen != self._seen or self._looks % WHOLE_LOOKS == 0:
            rows = Event.objects.filter(state__in=FIRES).order_by("-fired_at")[:MOST_EVENTS]
            found = rows.values_list("pk", "alarm_id", "state", "severity", "labels")
            self._badges.replace(places(Found(*row) for row in found.iterator()))
        self._seen, self._looked_at = seen, begin
        self._looks += 1
        self._number = sum(one.number for one in seen if one.state == State.FIRING)

    def _is_stale(self) -> bool:
        return self._monotonic() - self._looked_at >= STALE_SECONDS

    def _forget(self) -> None:
        self._badges.replace({})
        self._seen, self._looks, self._number = (), 0, 0
