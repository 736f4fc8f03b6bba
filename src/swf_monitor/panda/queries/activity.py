"""Numbers of jobs and tasks in a window by state, user, site and processing type (contract 4.4 and 5.3).

One grouped query each for jobs and tasks; the tables of the page and of REST are sums over its few rows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select

from swf_monitor.panda.processing_types import TypeCount, type_counts
from swf_monitor.panda.queries.conditions import jobs, matches
from swf_monitor.panda.queries.tasks import TASKS, TaskSelection


@dataclass(frozen=True, slots=True)
class Group:
    """One user or site: its name (empty for none), its total and its numbers by state, largest first."""

    name: str
    total: int
    by_status: dict[str, int]


@dataclass(frozen=True, slots=True)
class JobActivity:
    """Jobs of the window."""

    total: int
    by_status: dict[str, int]
    by_user: list[Group]
    by_site: list[Group]


@dataclass(frozen=True, slots=True)
class TaskActivity:
    """Tasks of the window."""

    total: int
    by_status: dict[str, int]
    by_type: list[TypeCount]
    by_user: list[Group]


@dataclass(frozen=True, slots=True)
class ActivityFilters:
    """Values or patterns with ``%``; None means all. `site` concerns jobs only, since a task runs at many."""

    username: str | None = None
    site: str | None = None
    workinggroup: str | None = None


def job_activity(connection: Connection, since: datetime, filters: ActivityFilters) -> JobActivity:
    """Jobs modified at or after `since`."""
    wanted = {"produsername": filters.username, "computingsite": filters.site, "workinggroup": filters.workinggroup}
    conditions = [
        lambda source, name=name, value=value: matches(source.c[name], value)
        for name, value in wanted.items()
        if value is not None
    ]
    found = jobs(
        ("jobstatus", "produsername", "computingsite"),
        lambda source: source.c.modificationtime >= since,
        *conditions,
    ).c
    keys = (found.jobstatus, func.coalesce(found.produsername, ""), func.coalesce(found.computingsite, ""))
    rows = connection.execute(select(*keys, func.count()).group_by(*keys)).all()
    return JobActivity(
        total=sum(row[3] for row in rows),
        by_status=_sums((row[0], row[3]) for row in rows),
        by_user=_groups((row[1], row[0], row[3]) for row in rows),
        by_site=_groups((row[2], row[0], row[3]) for row in rows),
    )


def task_activity(connection: Connection, selection: TaskSelection) -> TaskActivity:
    """Tasks of the selection."""
    columns = TASKS.c
    keys = (columns.status, func.coalesce(columns.processingtype, ""), func.coalesce(columns.username, ""))
    rows: Sequence[Any] = connection.execute(
        select(*keys, func.count()).where(selection.condition()).group_by(*keys)
    ).all()
    return TaskActivity(
        total=sum(row[3] for row in rows),
        by_status=_sums((row[0], row[3]) for row in rows),
        by_type=type_counts((row[1], row[3]) for row in rows),
        by_user=_groups((row[2], row[0], row[3]) for row in rows),
    )


def _sums(pairs: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Sums by key, largest first, equal ones in the order of their names."""
    totals: Counter[str] = Counter()
    for key, number in pairs:
        totals[key] += number
    return dict(sorted(totals.items(), key=lambda item: (-item[1], item[0])))


def _groups(rows: Iterable[tuple[str, str, int]]) -> list[Group]:
    by_name: dict[str, list[tuple[str, int]]] = {}
    for name, status, number in rows:
        by_name.setdefault(name, []).append((status, number))
    groups = [Group(name, sum(number for _, number in pairs), _sums(pairs)) for name, pairs in by_name.items()]
    return sorted(groups, key=lambda group: (-group.total, group.name))
