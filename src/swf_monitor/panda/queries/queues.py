"""Computing queues: their settings from ``schedconfig_json``, their jobs of some time, and what they do now.

The settings are one JSON object per queue, read whole: there are some dozens of queues.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, String, cast, func, select

from swf_monitor.panda.queries.conditions import TableCondition, jobs
from swf_monitor.panda.queries.expressions import time_or_null
from swf_monitor.panda.schema import table
from swf_monitor.panda.states import WAITING_JOB_STATES

EPIC_VO: Final = "eic"
LOAD_WINDOW: Final = timedelta(days=1)
LAST_END_WINDOW: Final = timedelta(days=7)
"""How far back the last end of a job is looked for."""
_ENDED: Final = ("finished", "failed")
_PRESENT: Final = table("jobsactive4")
_QUEUES: Final = table("schedconfig_json")


@dataclass(frozen=True, slots=True)
class Queue:
    """One queue: its name, when its settings were written, and the settings."""

    name: str
    updated: datetime | None
    settings: Mapping[str, Any]


def all_queues(connection: Connection) -> list[Queue]:
    """The queues of all experiments, by name."""
    return [_queue(row) for row in connection.execute(_columns().order_by(_QUEUES.c.panda_queue)).mappings()]


def epic_queues(connection: Connection) -> list[Queue]:
    """The queues of the experiment, by name."""
    return [queue for queue in all_queues(connection) if queue.settings.get("vo_name") == EPIC_VO]


def queue_called(connection: Connection, name: str) -> Queue | None:
    """One queue of any experiment, or None."""
    row = connection.execute(_columns().where(_QUEUES.c.panda_queue == name)).mappings().first()
    return _queue(row) if row else None


def load_of_queues(
    connection: Connection, now: datetime, name: str | None = None, *, window: timedelta = LOAD_WINDOW
) -> dict[str, Counter[str]]:
    """Numbers of jobs by queue and state, changed within `window`; of one queue when `name` is given."""
    found = jobs(("computingsite", "jobstatus"), lambda source: source.c.modificationtime >= now - window, *_at(name)).c
    rows = connection.execute(
        select(found.computingsite, found.jobstatus, func.count()).group_by(found.computingsite, found.jobstatus)
    )
    return _by_queue((row[0], row[1], row[2]) for row in rows)


def present_load(connection: Connection, name: str | None = None) -> dict[str, Counter[str]]:
    """Numbers of jobs that run or wait at this moment, however long they have, by queue and state."""
    columns = _PRESENT.c
    rows = connection.execute(
        select(columns.computingsite, columns.jobstatus, func.count())
        .where(
            columns.jobstatus.in_((*WAITING_JOB_STATES, "running")), *(condition(_PRESENT) for condition in _at(name))
        )
        .group_by(columns.computingsite, columns.jobstatus)
    )
    return _by_queue((row[0], row[1], row[2]) for row in rows)


def last_ends(
    connection: Connection, now: datetime, name: str | None = None, *, window: timedelta = LAST_END_WINDOW
) -> dict[str, datetime]:
    """When the last job finished or failed at each queue, of the jobs changed within `window`."""
    found = jobs(
        ("computingsite", "endtime"),
        lambda source: source.c.modificationtime >= now - window,
        lambda source: source.c.jobstatus.in_(_ENDED),
        *_at(name),
    ).c
    ended = func.max(time_or_null(found.endtime))
    rows = connection.execute(select(found.computingsite, ended).group_by(found.computingsite))
    return {row[0] or "": row[1] for row in rows if row[1] is not None}


def failure_rate(load: Counter[str]) -> float | None:
    """Failed among finished and failed jobs, 0..1; None where there are none."""
    ended = load["finished"] + load["failed"]
    return load["failed"] / ended if ended else None


def _at(name: str | None) -> list[TableCondition]:
    return [] if name is None else [lambda source: source.c.computingsite == name]


def _by_queue(rows: Iterable[tuple[str | None, str, int]]) -> dict[str, Counter[str]]:
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
