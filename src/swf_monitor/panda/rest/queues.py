"""``GET api/panda/queues/`` and ``GET api/panda/queues/<name>/``: queues as configured, and what their jobs do.

Beyond the contract: the laboratory's monitor has no such address. Fields are named as in the MCP's
``panda_list_queues``; numbers of jobs are those of the queue page, for any number of hours.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from rest_framework.request import Request
from sqlalchemy import Connection

from swf_monitor.panda import windows
from swf_monitor.panda.database import snapshot
from swf_monitor.panda.formatting import iso
from swf_monitor.panda.queries.queues import (
    LAST_END_WINDOW,
    Queue,
    all_queues,
    failure_rate,
    last_ends,
    load_of_queues,
    present_load,
    queue_called,
)
from swf_monitor.panda.rest.parameters import NotFoundError, integer, panda_endpoint, text
from swf_monitor.panda.states import WAITING_JOB_STATES

DEFAULT_HOURS: Final = 24
MOST_HOURS: Final = 720
SETTINGS: Final = (
    "status",
    "state",
    "vo_name",
    "resource_type",
    "type",
    "capability",
    "corepower",
    "corecount",
    "atlas_site",
    "region",
    "country",
    "tier",
    "cloud",
    "container_type",
    "pilot_version",
    "maxrss",
    "maxtime",
    "maxwdir",
)
"""The settings that a queue is listed with."""

_EXACT: Final = (("vo", "vo_name"), ("status", "status"), ("state", "state"))
_SEARCHED: Final = ("nickname", "atlas_site", "region", "country")


@dataclass(frozen=True, slots=True)
class _Work:
    """What the queues' jobs did within some hours, and do now, by queue."""

    recent: dict[str, Counter[str]]
    present: dict[str, Counter[str]]
    ends: dict[str, datetime]


@panda_endpoint
def queue_list(request: Request) -> dict[str, Any]:
    """All queues that fit, by name."""
    query = request.query_params
    hours = _hours(request)
    filters = {name: text(query, name) for name in ("vo", "status", "state", "search")}
    fits = _condition(filters)
    with snapshot() as connection:
        queues = [queue for queue in all_queues(connection) if fits(queue)]
        work = _work(connection, hours)
    return {
        "queues": [_item(queue, work) for queue in queues],
        "count": len(queues),
        "filters": {**filters, "hours": hours},
    }


@panda_endpoint
def queue_detail(request: Request, name: str) -> dict[str, Any]:
    """One queue, of whatever experiment, with all its settings."""
    hours = _hours(request)
    with snapshot() as connection:
        queue = queue_called(connection, name)
        if queue is None:
            raise NotFoundError(f"Queue {name} not found")
        work = _work(connection, hours, name)
    return {**_item(queue, work), "settings": dict(queue.settings)}


def _hours(request: Request) -> int:
    return integer(request.query_params, "hours", minimum=1, maximum=MOST_HOURS) or DEFAULT_HOURS


def _condition(filters: dict[str, str | None]) -> Callable[[Queue], bool]:
    """Whether a queue fits; upper and lower case are the same, since settings are spelled as people like."""
    exact = [(field, value.casefold()) for name, field in _EXACT if (value := filters[name]) is not None]
    term = (filters["search"] or "").casefold()

    def fits(queue: Queue) -> bool:
        settings = queue.settings
        if any(str(settings.get(field) or "").casefold() != value for field, value in exact):
            return False
        return any(term in str(word or "").casefold() for word in (queue.name, *map(settings.get, _SEARCHED)))

    return fits


def _work(connection: Connection, hours: int, name: str | None = None) -> _Work:
    now, window = windows.utc_now(), timedelta(hours=hours)
    return _Work(
        load_of_queues(connection, now, name, window=window),
        present_load(connection, name),
        last_ends(connection, now, name, window=max(window, LAST_END_WINDOW)),
    )


def _item(queue: Queue, work: _Work) -> dict[str, Any]:
    recent, present = (load.get(queue.name, Counter()) for load in (work.recent, work.present))
    return {
        "panda_queue": queue.name,
        **{name: queue.settings.get(name) for name in SETTINGS},
        "last_update": iso(queue.updated),
        "jobs": recent.total(),
        "by_status": dict(recent.most_common()),
        "running": recent["running"],
        "waiting": _waiting(recent),
        "finished": recent["finished"],
        "failed": recent["failed"],
        "failure_rate": failure_rate(recent),
        "running_now": present["running"],
        "waiting_now": _waiting(present),
        "last_job_end": iso(work.ends.get(queue.name)),
    }


def _waiting(load: Counter[str]) -> int:
    return sum(load[status] for status in WAITING_JOB_STATES)
