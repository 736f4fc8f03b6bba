"""What matches are about: labels, links and words of tasks, sites, users and campaigns."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import quote, urlencode

from swf_remote.alarms.inputs.items import Task

from .contract import Link

CAMPAIGN = re.compile(r"[^./]+\.[^./]+\.(\d\d\.(?:0[1-9]|1[0-2])\.\d{1,3})[./]")
"""``<scope>.<version>.…``, the scope in two parts, the version ``YY.MM.N``: how production's tasks are named."""


@lru_cache(maxsize=32_768)
def campaign_of(taskname: str) -> str:
    """The campaign that a task's name tells; empty for tasks of none."""
    found = CAMPAIGN.match(taskname)
    return found[1] if found else ""


def labelled(**labels: str) -> dict[str, str]:
    """Labels without those that are not known."""
    return {name: value for name, value in labels.items() if value}


def task_labels(task: Task) -> dict[str, str]:
    """The names by which scopes, silences and routes match; those that are not known are left out."""
    return labelled(
        task=str(task.jeditaskid),
        taskname=task.taskname,
        status=task.status,
        user=task.username,
        site=task.site,
        workinggroup=task.workinggroup,
        campaign=campaign_of(task.taskname),
        processingtype=task.processingtype,
    )


def page(path: str, **filters: str | int) -> str:
    """A list of the monitor with these filters, below the mount (contract section 4)."""
    known = {name: value for name, value in filters.items() if value != ""}
    return f"panda/{path}/?{urlencode(known)}" if known else f"panda/{path}/"


def queue_page(name: str) -> str:
    """A queue's page; its name is a segment of the path (contract 4.10)."""
    return f"panda/queues/{quote(name, safe='')}/"


def task_links(task: Task, days: int) -> tuple[Link, ...]:
    """Where the task and its failed jobs are shown."""
    return _task_links(task.jeditaskid, days)


@lru_cache(maxsize=32_768)
def _task_links(number: int, days: int) -> tuple[Link, ...]:
    return (
        Link(f"Task {number}", f"panda/tasks/{number}/"),
        Link("Failed jobs", page("jobs", taskid=number, status="failed", days=days)),
        Link("Diagnostics", page("diagnostics", taskid=number, days=days)),
    )


def percent(share: float) -> str:
    """``12.4 %``; one decimal, two where it is below one percent, none where that would say nothing."""
    text = f"{share * 100:.1f}" if share >= 0.01 or share == 0 else f"{share * 100:.2g}"
    return f"{text.removesuffix('.0')} %"


def group_label(by: str, name: str) -> dict[str, str]:
    """The label of a group of tasks or jobs."""
    return {} if by == "all" else labelled(**{by: name})


def group_links(by: str, name: str, days: int, status: str = "") -> tuple[Link, ...]:
    """Where a group's jobs and errors are shown; the monitor filters by site and user only."""
    filters = {"site": {"site": name}, "user": {"username": name}}.get(by)
    if filters is None:
        return (Link("Tasks", page("tasks", days=days)),)
    return (
        Link("Jobs", page("jobs", **filters, status=status, days=days)),
        Link("Errors", page("errors", **filters, days=days)),
    )
