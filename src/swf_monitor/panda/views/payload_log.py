"""The end of a job's output that PanDA keeps in its debug table (contract 4.7).

200 text when it is there. A job that has not ended may still get one: 202 and a page that asks again, woken by the
event ``payload_log_ready``. An ended job without a log, or an unknown one: 404 text.
"""

from __future__ import annotations

from typing import Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from sqlalchemy.exc import SQLAlchemyError

from swf_monitor.panda.database import snapshot
from swf_monitor.panda.queries.job import debug_log, find_job
from swf_monitor.panda.views.job import ENDED_JOB_STATES, LARGEST_ID

MEMBER: Final = "payload.stdout"


def payload_log(request: HttpRequest, pandaid: int) -> HttpResponse:
    """The job's log as text, or what can be said about it."""
    if pandaid > LARGEST_ID:
        return _text(f"Job {pandaid} was not found in PanDA.\n", 404)
    try:
        with snapshot() as connection:
            log = debug_log(connection, pandaid)
            job = find_job(connection, pandaid) if log is None else None
    except SQLAlchemyError:
        return _text(f"The log of job {pandaid} cannot be read: the PanDA database does not answer.\n", 502)
    if log is not None:
        return _text(f"===== {MEMBER} =====\n{log}", 200)
    if job is None:
        return _text(f"Job {pandaid} was not found in PanDA.\n", 404)
    if job["jobstatus"] in ENDED_JOB_STATES:
        return _text(f"PanDA keeps no payload log of job {pandaid}, which has ended ({job['jobstatus']}).\n", 404)
    return render(request, "panda/payload_log_wait.html", {"pandaid": pandaid, "status": job["jobstatus"]}, status=202)


def _text(content: str, status: int) -> HttpResponse:
    return HttpResponse(content, status=status, content_type="text/plain; charset=utf-8")
