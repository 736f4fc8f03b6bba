"""``GET api/panda/jobs/<id>/``: what PanDA keeps about one job, as the MCP's ``panda_study_job`` tells it.

Beyond the contract: the laboratory's monitor has no such address. The facts are those of the job page.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from django.urls import reverse
from rest_framework.request import Request
from sqlalchemy import Connection

from swf_monitor.panda.database import snapshot
from swf_monitor.panda.job_logs import log_urls
from swf_monitor.panda.queries import job as queries
from swf_monitor.panda.queries.components import faults_of
from swf_monitor.panda.queries.job import FoundJob
from swf_monitor.panda.rest.diagnosis import told
from swf_monitor.panda.rest.parameters import LARGEST, NotFoundError, panda_endpoint
from swf_monitor.panda.task_fields import plain

_FILE: Final = ("lfn", "type", "dataset", "scope", "status", "fsize", "destinationse")
_ATTEMPT: Final = ("pandaid", "jobstatus", "attemptnr", "computingsite", "creationtime", "starttime", "endtime")


@panda_endpoint
def job_detail(_request: Request, pandaid: int) -> dict[str, Any]:
    """One job, whatever its age and in whatever table."""
    with snapshot() as connection:
        job = queries.find_job(connection, pandaid) if pandaid <= LARGEST else None
        if job is None:
            raise NotFoundError(f"Job {pandaid} not found")
        return _facts(connection, job)


def _facts(connection: Connection, job: FoundJob) -> dict[str, Any]:
    pandaid = job["pandaid"]
    record = _plain(job.row)
    workers = queries.workers_of(connection, pandaid)
    task = queries.task_of(connection, job["jeditaskid"])
    return {
        "pandaid": pandaid,
        "job": {
            **{name: value for name, value in record.items() if value not in (None, "")},
            "errors": [
                {**told(fault), "meaning": meaning} for fault, meaning in queries.explained_faults(connection, job)
            ],
        },
        "job_record": record,
        "table": job.home,
        "files": [_plain(row, _FILE) for row in queries.files_of(connection, pandaid)],
        "log_urls": dict(log_urls(job.row, workers)),
        "history": [_plain(row) for row in queries.history_of(connection, pandaid)],
        "attempts": [
            {**_plain(row, _ATTEMPT), "errors": [told(fault) for fault in faults_of(row)]}
            for row in queries.attempts_of(connection, job)
        ],
        "harvester": [_plain(row) for row in workers],
        "task": None if task is None else _plain(task),
        "monitor_url": reverse("panda_job_detail", args=[pandaid]),
    }


def _plain(row: Mapping[Any, Any], names: tuple[str, ...] = ()) -> dict[str, Any]:
    """A row, or some of its columns, as JSON has it."""
    return {str(name): _value(row[name]) for name in names or row}


def _value(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return plain(value)
