"""The page of one job (contract 4.6). An unknown id is the same page with an alert, HTTP 200."""

from __future__ import annotations

from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from sqlalchemy import Connection, RowMapping

from swf_monitor.panda import windows
from swf_monitor.panda.database import snapshot
from swf_monitor.panda.formatting import between, duration, stamp
from swf_monitor.panda.job_logs import log_urls
from swf_monitor.panda.queries import job as queries
from swf_monitor.panda.queries.components import faults_of
from swf_monitor.panda.queries.job import FoundJob
from swf_monitor.panda.states import FAULTY_JOB_STATES
from swf_monitor.panda.views import job_blocks as blocks
from swf_monitor.panda.views import reading
from swf_monitor.panda.views.job_history import spans

LARGEST_ID: Final = 2**63 - 1
BIGMON_JOB: Final = "https://pandamon01.sdcc.bnl.gov/job?pandaid="
ENDED_JOB_STATES: Final = ("finished", *FAULTY_JOB_STATES)
_INPUTS: Final = ("input", "pseudo_input")


def job_detail(request: HttpRequest, pandaid: int) -> HttpResponse:
    """Everything PanDA keeps about one job."""

    def read() -> dict[str, Any]:
        with snapshot() as connection:
            job = queries.find_job(connection, pandaid) if pandaid <= LARGEST_ID else None
            return {"problem": f"Job {pandaid} was not found in PanDA."} if job is None else _facts(connection, job)

    return reading.page(request, "panda/job.html", read, pandaid=pandaid)


def _facts(connection: Connection, job: FoundJob) -> dict[str, Any]:
    pandaid = job["pandaid"]
    workers = queries.workers_of(connection, pandaid)
    return {
        "job": job.row,
        "ended": blocks.ended(job),
        "information": [blocks.information(job), blocks.timing(job), blocks.resources(job)],
        "history": spans(queries.history_of(connection, pandaid), windows.utc_now()),
        "attempts": [_attempt(row) for row in queries.attempts_of(connection, job)],
        "files": [_file(row) for row in queries.files_of(connection, pandaid)],
        "log_state": _log_state(job, queries.debug_log(connection, pandaid)),
        "logs": log_urls(job.row, workers),
        "errors": [
            {"fault": fault, "meaning": meaning} for fault, meaning in queries.explained_faults(connection, job)
        ],
        "task": blocks.task(queries.task_of(connection, job["jeditaskid"])),
        "further": blocks.further(job),
        "payload": queries.parameters_of(connection, job),
        "report": queries.metadata_of(connection, job),
        "workers": [blocks.worker(row) for row in workers],
        "everything": blocks.everything(job),
        "home": job.home,
        "bigmon_url": f"{BIGMON_JOB}{pandaid}",
        "live_match": f'{{"pandaid": {pandaid}}}',
        "stream_url": f"{reverse('messages_stream')}?msg_types=job_state,payload_log_ready",
    }


def _log_state(job: FoundJob, log: str | None) -> str:
    """Whether a log is there, may still come, or cannot be had."""
    if log is not None:
        return "there"
    return "none" if job["jobstatus"] in ENDED_JOB_STATES else "may come"


def _attempt(row: RowMapping) -> dict[str, Any]:
    faults = faults_of(row)
    return {
        **row,
        "started": stamp(row["starttime"]),
        "ended": stamp(row["endtime"]),
        "lasted": duration(between(row["starttime"], row["endtime"])),
        "fault": faults[0] if faults else None,
    }


def _file(row: RowMapping) -> dict[str, Any]:
    return {**row, "stage": "in" if row["type"] in _INPUTS else "out"}
