"""One task (contract 4.8); an unknown id gives the page with an alert and HTTP 200."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from sqlalchemy import Connection, RowMapping

from swf_monitor.panda import windows
from swf_monitor.panda.database import snapshot
from swf_monitor.panda.formatting import MISSING, long_duration, shorten, stamp
from swf_monitor.panda.queries.components import faults_of
from swf_monitor.panda.queries.task import (
    JOBS_SHOWN,
    JOBS_SINCE,
    datasets_of,
    history_of,
    jobs_by_status,
    jobs_of,
    parameters_of,
)
from swf_monitor.panda.queries.task_counts import count_tasks
from swf_monitor.panda.queries.tasks import task_record
from swf_monitor.panda.states import TERMINAL_TASK_STATES
from swf_monitor.panda.task_fields import job_parameters, plain
from swf_monitor.panda.views import reading
from swf_monitor.panda.views.task_cells import all_jobs_days

BIGMON_TASK: Final = "https://pandamon01.sdcc.bnl.gov/task/"
_PAUSABLE_NOT: Final = (*TERMINAL_TASK_STATES, "paused")
_RESUMABLE: Final = ("paused", "throttled", "staging")
_DIAGNOSTIC_LENGTH: Final = 80
_SIZES: Final = (
    ("RAM", "ramcount", "ramunit"),
    ("Walltime", "walltime", "walltimeunit"),
    ("Work disk", "workdiskcount", "workdiskunit"),
)


def task_detail(request: HttpRequest, task_id: int) -> HttpResponse:
    """The page of one task."""

    def read() -> dict[str, Any]:
        with snapshot() as connection:
            record = task_record(connection, task_id)
            if record is None:
                return {"problem": f"Task {task_id} not found: PanDA's task table has no such task."}
            return _context(connection, record)

    return reading.page(request, "panda/task.html", read, task_id=task_id)


def _context(connection: Connection, record: RowMapping) -> dict[str, Any]:
    task_id, now = record["jeditaskid"], windows.utc_now()
    jobs, jobs_found = jobs_of(connection, task_id, now)
    return {
        "task": record,
        "counts": count_tasks(connection, [task_id])[task_id],
        "by_status": jobs_by_status(connection, task_id),
        "all_days": all_jobs_days(record["creationdate"], now),
        "days_shown": JOBS_SINCE.days,
        "datasets": datasets_of(connection, task_id),
        "job_parameters": job_parameters(parameters_of(connection, task_id)),
        "jobs": [_job(job) for job in jobs],
        "jobs_found": jobs_found,
        "jobs_shown": JOBS_SHOWN,
        "history": history_of(connection, task_id),
        "resources": _resources(record),
        "age": long_duration((now - (record["statechangetime"] or record["modificationtime"])).total_seconds()),
        "operation": _operation(record["status"]),
        "parameters": sorted((str(name), _shown(value)) for name, value in record.items()),
        "bigmon_url": f"{BIGMON_TASK}{task_id}/",
        "live_match": f'{{"jedi_task_id": {task_id}, "jeditaskid": {task_id}}}',
        "stream_url": f"{reverse('messages_stream')}?msg_types=task_state,job_state",
    }


def _job(job: RowMapping) -> dict[str, Any]:
    faults = faults_of(job)
    error = faults[0] if faults else None
    text = f"{error.component}:{error.code} {shorten(error.diagnostic, _DIAGNOSTIC_LENGTH)}" if error else ""
    return {**job, "error": text.strip(), "more_errors": max(len(faults) - 1, 0)}


def _resources(record: Mapping[Any, Any]) -> list[tuple[str, str]]:
    sizes = [
        (label, f"{record[amount]} {record[unit] or ''}".strip()) for label, amount, unit in _SIZES if record[amount]
    ]
    named = [
        ("Container", record["container_name"]),
        ("Cores", record["corecount"]),
        *sizes,
        ("Resource type", record["resource_type"]),
        ("Site", record["site"]),
    ]
    return [(label, str(value)) for label, value in named if value not in (None, "")]


def _operation(status: str) -> str:
    if status in _RESUMABLE:
        return "Resume"
    return "" if status in _PAUSABLE_NOT else "Pause"


def _shown(value: Any) -> str:
    if value is None or value == "":
        return MISSING
    return stamp(value) or str(plain(value)) if hasattr(value, "year") else str(value)
