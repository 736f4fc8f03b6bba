"""ePIC's computing queues: their settings from ``schedconfig_json`` and their jobs of the last day.

The settings are one JSON object per queue, read whole: there are some dozens of queues.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, String, cast, func, select

from swf_monitor.panda.queries.conditions import jobs
from swf_monitor.panda.schema import table

EPIC_VO: Final = "eic"
LOAD_WINDOW: Final = timedelta(days=1)
_QUEUES: Final = table("schedconfig_json")


@dataclass(frozen=True, slots=True)
class Queue:
    """One queue: its name, when its settings were written, and the settings."""

    name: str
    updated: datetime | None
    settings: Mapping[str, Any]


def epic_queues(connection: Connection) -> list[Queue]:
    """The queues of the experiment, by name."""
    rows = connection.execute(_columns().order_by(_QUEUES.c.panda_queue)).mappings()
    return [queue for queue in map(_queue, rows) if queue.settings.get("vo_name") == EPIC_VO]


def queue_called(connection: Connection, name: str) -> Queue | None:
    """One queue of any experiment, or None."""
    row = connection.execute(_columns().where(_QUEUES.c.panda_queue == name)).mappings().first()
    return _queue(row) if row else None


def load_of_queues(connection: Connection, now: datetime, name: str | None = None) -> dict[str, Counter[str]]:
    """Numbers of jobs by queue and state, changed within `LOAD_WINDOW`; of one queue when `name` is given."""
    found = jobs(
        ("computingsite", "jobstatus"),
        lambda source: source.c.modificationtime >= now - LOAD_WINDOW,
        *([lambda source: source.c.computingsite == name] if name is not None else []),
    ).c
    rows = connection.execute(
        select(found.computingsite, found.jobstatus, func.count()).group_by(found.computingsite, found.jobstatus)
    )
    load: dict[str, Counter[str]] = {}
    for queue, status, number in rows:
        load.setdefault(queue or "", Counter())[status] += number
    return load


def _columns() -> Any:
    # As text: one unreadable object must not take the whole list down.
    return select(_QUEUES.c.panda_queue, _QUEUES.c.last_update, cast(_QUEUES.c.data, String).label("data"))


def _queue(row: RowMapping) -> Queue:
    try:
        settings = json.loads(row["data"] or "{}")
    except ValueError:
        settings = {"unreadable settings": row["data"]}
    return Queue(
        row["panda_queue"], row["last_update"], settings if isinstance(settings, dict) else {"value": settings}
    )
