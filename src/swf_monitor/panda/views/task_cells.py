"""The cells of the task table (contract 4.8, sample ``datatable-tasks.json``).

A count of jobs links to exactly those jobs: a task's counts have no window, so the link's window reaches back to
before the task was made.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from django.urls import reverse
from django.utils.html import format_html

from swf_monitor.panda.formatting import cell_link, fill, percent, shorten, stamp, status_cell, with_query
from swf_monitor.panda.processing_types import shown
from swf_monitor.panda.queries.conditions import BLANK
from swf_monitor.panda.queries.tasks import Task

NAME_LENGTH: Final = 77
_YEAR: Final = 365


def task_row(task: Task, days: int, now: datetime) -> list[Any]:
    """The 18 cells of one task; links keep the list's window of `days`."""
    task_id, counts = task["jeditaskid"], task.counts
    here, jobs = reverse("panda_tasks_list"), reverse("panda_jobs_list")
    reach = all_jobs_days(task["creationdate"], now)

    def jobs_in(status: str, number: int, colour: str) -> Any:
        if not number:
            return 0
        url = with_query(jobs, {"days": reach, "taskid": task_id, "status": status})
        return format_html('<a href="{}" class="fill-link">{}</a>', url, fill(colour, number))

    return [
        _checkbox(task_id),
        cell_link(task_url(task_id), task_id),
        _name(task),
        status_cell(task["status"], with_query(here, {"days": days, "status": task["status"]})),
        shown(task["processingtype"]),
        _user(task["username"], here, days),
        stamp(task["creationdate"]),
        stamp(task["modificationtime"]),
        "" if counts.computed_progress is None else f"{counts.computed_progress}%",
        fill("running", counts.nactive) if counts.nactive else 0,
        jobs_in("finished", counts.nfinished, "finished"),
        jobs_in("failed", counts.nfailed, "failed"),
        jobs_in("running", counts.nrunning, "running"),
        counts.nretries,
        "" if counts.avg_retries_success is None else f"{counts.avg_retries_success:.2f}",
        percent(counts.computed_failurerate),
        fill("failed", counts.nfinalfailed) if counts.nfinalfailed else 0,
        percent(counts.computed_finalfailurerate),
    ]


def task_url(task_id: int) -> str:
    """The page of one task."""
    return reverse("panda_task_detail", args=[task_id])


def all_jobs_days(created: datetime, now: datetime) -> int:
    """A window of a job list that holds every job of a task created at `created`: a year, or more for older ones."""
    return max(_YEAR, (now - created).days + 1)


def _checkbox(task_id: int) -> Any:
    # Pause and resume are commands to PanDA; a monitor that only reads draws them without effect.
    return format_html(
        '<input type="checkbox" class="panda-task-select" data-task-id="{}" data-pause-eligible="0" '
        'data-resume-eligible="0" aria-label="Select PanDA task {}" disabled>',
        task_id,
        task_id,
    )


def _name(task: Task) -> Any:
    name = task["taskname"] or f"(task {task['jeditaskid']} has no name)"
    return cell_link(task_url(task["jeditaskid"]), shorten(name, NAME_LENGTH), title=name)


def _user(name: str | None, here: str, days: int) -> Any:
    return cell_link(with_query(here, {"days": days, "username": name or BLANK}), name or "(blank)")
