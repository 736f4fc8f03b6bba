"""``GET api/panda/activity/`` (contract 5.3): numbers of jobs and tasks, never cached."""

from __future__ import annotations

from typing import Any, Final

from rest_framework.request import Request

from swf_monitor.panda import windows
from swf_monitor.panda.database import snapshot
from swf_monitor.panda.queries.activity import (
    ActivityFilters,
    Group,
    JobActivity,
    TaskActivity,
    job_activity,
    task_activity,
)
from swf_monitor.panda.queries.tasks import TaskSelection
from swf_monitor.panda.rest.parameters import integer, panda_endpoint, text

DEFAULT_DAYS: Final = 1


@panda_endpoint
def activity(request: Request) -> dict[str, Any]:
    """Jobs by state, user and site; tasks by state, type and user."""
    query = request.query_params
    days = integer(query, "days", minimum=1) or DEFAULT_DAYS
    filters = {name: text(query, name) for name in ("username", "site", "workinggroup")}
    since = windows.window_of_days(days).since
    selection = TaskSelection(
        since, windows.utc_now(), username=filters["username"], workinggroup=filters["workinggroup"]
    )
    with snapshot() as connection:
        jobs = job_activity(connection, since, ActivityFilters(**filters))
        tasks = task_activity(connection, selection)
    return {"jobs": _jobs(jobs), "tasks": _tasks(tasks), "filters": {"days": days, **filters}}


def _jobs(found: JobActivity) -> dict[str, Any]:
    return {
        "total": found.total,
        "by_status": found.by_status,
        "by_user": [_group("user", group) for group in found.by_user],
        "by_site": [_group("site", group) for group in found.by_site],
    }


def _tasks(found: TaskActivity) -> dict[str, Any]:
    return {
        "total": found.total,
        "by_status": found.by_status,
        "by_type": [
            {"type": kind.type, "count": kind.count, "is_test": kind.is_test, "filter_value": kind.filter_value}
            for kind in found.by_type
        ],
        "by_user": [_group("user", group) for group in found.by_user],
    }


def _group(key: str, group: Group) -> dict[str, Any]:
    return {key: group.name, "total": group.total, **group.by_status}
