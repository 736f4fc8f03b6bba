"""The PanDA hub, and the figures of the production hub."""

from __future__ import annotations

from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from swf_monitor.panda import windows
from swf_monitor.panda.database import snapshot
from swf_monitor.panda.queries.activity import ActivityFilters, job_activity
from swf_monitor.panda.queries.tasks import TaskSelection, tasks_by

HUB_JOB_DAYS: Final = 1
HUB_TASK_DAYS: Final = 7


def panda_hub(request: HttpRequest) -> HttpResponse:
    """Cards that lead to the PanDA pages; no data (contract 4.3)."""
    return render(request, "panda/hub.html")


def hub_figures() -> dict[str, Any]:
    """What happens right now: jobs of the last day and tasks of the last week, each number a link to its rows.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database cannot be read.
    """
    tasks_since = windows.window_of_days(HUB_TASK_DAYS).since
    with snapshot() as connection:
        jobs = job_activity(connection, windows.window_of_days(HUB_JOB_DAYS).since, ActivityFilters())
        tasks = tasks_by(connection, TaskSelection(tasks_since, windows.utc_now()), "status")
    finished, failed = jobs.by_status.get("finished", 0), jobs.by_status.get("failed", 0)
    return {
        "job_days": HUB_JOB_DAYS,
        "task_days": HUB_TASK_DAYS,
        "jobs": jobs,
        "running": jobs.by_status.get("running", 0),
        "activated": jobs.by_status.get("activated", 0),
        "finished": finished,
        "failed": failed,
        "failure_rate": failed / (failed + finished) if failed + finished else None,
        "tasks": tasks,
        "tasks_total": sum(tasks.values()),
        "tasks_running": tasks.get("running", 0),
        "sites": jobs.by_site[:8],
    }
