"""The experiment's computing queues: list and settings of one (contract 4.10)."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from operator import itemgetter
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from sqlalchemy import Connection

from swf_monitor.panda import windows
from swf_monitor.panda.database import snapshot
from swf_monitor.panda.datatables import TableRequest
from swf_monitor.panda.export import Export, Field, Found, exportable
from swf_monitor.panda.formatting import MISSING
from swf_monitor.panda.queries.queues import (
    LOAD_WINDOW,
    Queue,
    epic_queues,
    failure_rate,
    load_of_queues,
    queue_called,
)
from swf_monitor.panda.views import reading

CARDS: Final = (
    ("Identity", ("name", "nickname", "vo_name", "type", "resource_type", "capability", "objectstores")),
    ("Status", ("status", "state", "comment", "lastmod")),
    (
        "Resources",
        (
            "corecount",
            "corepower",
            "maxrss",
            "minrss",
            "meanrss",
            "maxtime",
            "mintime",
            "maxwdir",
            "maxinputsize",
            "nodes",
        ),
    ),
    ("Location", ("atlas_site", "region", "country", "cloud", "tier", "timezone")),
    ("Container", ("container_type", "container_options", "is_cvmfs")),
    ("Pilot", ("pilot_version", "pilot_manager", "python_version", "harvester", "harvester_template", "workflow")),
)


def _rows(connection: Connection) -> list[dict[str, Any]]:
    load = load_of_queues(connection, windows.utc_now())
    return [_row(queue, load.get(queue.name, Counter())) for queue in epic_queues(connection)]


def _exported(connection: Connection, _query: Mapping[str, str], _wanted: TableRequest) -> Found:
    rows = _rows(connection)
    return Found(len(rows), rows)


EXPORT: Final = Export(
    name="queues",
    fields=(
        *(Field(name, itemgetter(name)) for name in ("name", "status", "state", "resource_type", "type", "country")),
        *(Field(name, itemgetter(name)) for name in ("tier", "corepower", "updated")),
        *(Field(f"{name}_24h", itemgetter(name)) for name in ("running", "failed")),
        Field("failure_fraction_24h", itemgetter("failure_rate")),
        Field("jobs_24h", itemgetter("jobs")),
    ),
    read=_exported,
    table=(
        *("name", "status", "state", "resource_type", "type", "country", "tier", "corepower", "updated"),
        *("running_24h", "failed_24h", "jobs_24h"),
    ),
)


@exportable(EXPORT)
def queues_list(request: HttpRequest) -> HttpResponse:
    """All queues of the experiment with their jobs of the last day."""

    def read() -> dict[str, Any]:
        with snapshot() as connection:
            rows = _rows(connection)
        return {"queues": rows, "states": dict(Counter(row["status"] for row in rows))}

    return reading.page(request, "panda/queues.html", read, days=LOAD_WINDOW.days)


def queue_detail(request: HttpRequest, name: str) -> HttpResponse:
    """One queue; an unknown name gives the page with an alert and HTTP 200."""

    def read() -> dict[str, Any]:
        with snapshot() as connection:
            queue = queue_called(connection, name)
            if queue is None:
                return {"problem": f"Queue {name} not found: PanDA's queue table has no such name."}
            load = load_of_queues(connection, windows.utc_now(), name).get(name, Counter())
        return {
            "queue": queue,
            "row": _row(queue, load),
            "cards": _cards(queue.settings),
            "others": _others(queue.settings),
            "json_text": json.dumps(dict(queue.settings), indent=2, sort_keys=True, ensure_ascii=False),
        }

    return reading.page(request, "panda/queue.html", read, name=name, days=LOAD_WINDOW.days)


def _row(queue: Queue, load: Counter[str]) -> dict[str, Any]:
    settings = queue.settings
    return {
        "name": queue.name,
        "updated": queue.updated,
        **{
            field: settings.get(field)
            for field in ("status", "state", "resource_type", "type", "country", "tier", "corepower")
        },
        "running": load["running"],
        "failed": load["failed"],
        "failure_rate": failure_rate(load),
        "jobs": load.total(),
        "by_status": dict(load.most_common()),
    }


def _cards(settings: Mapping[str, Any]) -> list[tuple[str, list[tuple[str, str]]]]:
    cards = (
        (title, [(field, _text(settings[field])) for field in fields if field in settings]) for title, fields in CARDS
    )
    return [(title, rows) for title, rows in cards if rows]


def _others(settings: Mapping[str, Any]) -> list[tuple[str, str]]:
    shown = {field for _title, fields in CARDS for field in fields}
    return [(field, _text(settings[field])) for field in sorted(settings) if field not in shown]


def _text(value: Any) -> str:
    if value is None or value == "":
        return MISSING
    return json.dumps(value, ensure_ascii=False, sort_keys=True) if isinstance(value, dict | list) else str(value)
