"""Tasks: which belong to a list, and the counts of their jobs and files (contract 4.8 and 5.2).

A list holds tasks whose modification (or creation) lies in the window, without those that never ended although they
are older than `FORGOTTEN_AFTER`. Counts of a task cover all its jobs in both job tables, whatever the window.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, and_, func, or_, select

from swf_monitor.panda.queries.conditions import contains, matches
from swf_monitor.panda.queries.task_counts import TaskCounts, count_tasks
from swf_monitor.panda.schema import table
from swf_monitor.panda.states import TERMINAL_TASK_STATES

_LARGEST_ID: Final = 2**63 - 1
FORGOTTEN_AFTER: Final = timedelta(days=60)
TASKS: Final = table("jedi_tasks")
LAST_CHANGE: Final = func.coalesce(TASKS.c.modificationtime, TASKS.c.creationdate)
ITEM_COLUMNS: Final = (
    "jeditaskid",
    "taskname",
    "status",
    "username",
    "creationdate",
    "starttime",
    "endtime",
    "modificationtime",
    "reqid",
    "processingtype",
    "transpath",
    "progress",
    "failurerate",
    "errordialog",
    "site",
    "corecount",
    "taskpriority",
    "currentpriority",
    "gshare",
    "attemptnr",
    "parent_tid",
    "workinggroup",
)
"""The columns of `jedi_tasks` that a list item shows, in the contract's order."""

COUNTED_ORDERS: Final = (
    "computed_progress",
    "nactive",
    "nfinished",
    "nfailed",
    "nrunning",
    "nretries",
    "avg_retries_success",
    "computed_failurerate",
    "nfinalfailed",
    "computed_finalfailurerate",
)
"""Orders by a counted value: these need the counts of all tasks found, not only of one page."""


@dataclass(frozen=True, slots=True)
class TaskSelection:
    """The filters of a task list; None means all.

    Attributes:
        since, now: the window, UTC without zone.
        status, username, processingtype, workinggroup: value, pattern with ``%``, or blank (`conditions.BLANK`).
        taskname: part of the name, or a pattern when it holds ``%``.
        reqid, taskid: exact.
        search: text looked for in id, name, status, processing type and user.
    """

    since: datetime
    now: datetime
    status: str | None = None
    username: str | None = None
    processingtype: str | None = None
    workinggroup: str | None = None
    taskname: str | None = None
    reqid: int | None = None
    taskid: int | None = None
    search: str = ""

    def without(self, field: str) -> TaskSelection:
        """The same selection with one filter lifted, for counting that filter's values."""
        lifted: dict[str, Any] = {field: None}
        return replace(self, **lifted)

    def window_only(self) -> TaskSelection:
        """The whole window, without filters and search."""
        return TaskSelection(self.since, self.now)

    def condition(self) -> ColumnElement[bool]:
        """The selection as SQL on `jedi_tasks`."""
        columns = TASKS.c
        texts = {name: getattr(self, name) for name in ("status", "username", "processingtype", "workinggroup")}
        numbers = {columns.reqid: self.reqid, columns.jeditaskid: self.taskid}
        return and_(
            self.since <= LAST_CHANGE,
            or_(columns.status.in_(TERMINAL_TASK_STATES), columns.creationdate >= self.now - FORGOTTEN_AFTER),
            *(matches(columns[name], value) for name, value in texts.items() if value is not None),
            *(column == value for column, value in numbers.items() if value is not None),
            *self._name_conditions(),
        )

    def _name_conditions(self) -> Iterable[ColumnElement[bool]]:
        columns = TASKS.c
        if self.taskname is not None:
            yield columns.taskname.like(self.taskname if "%" in self.taskname else f"%{self.taskname}%")
        if self.search:
            yield contains(
                self.search,
                columns.jeditaskid,
                columns.taskname,
                columns.status,
                columns.processingtype,
                columns.username,
            )


@dataclass(frozen=True, slots=True)
class Task:
    """One task of a list: its columns and its counts."""

    columns: RowMapping
    counts: TaskCounts

    def __getitem__(self, name: str) -> Any:
        return self.columns[name]


def number_of_tasks(connection: Connection, selection: TaskSelection) -> int:
    """How many tasks the selection holds."""
    return connection.execute(select(func.count()).select_from(TASKS).where(selection.condition())).scalar_one()


def tasks_by(connection: Connection, selection: TaskSelection, column: str) -> dict[str, int]:
    """Numbers of tasks by the value of one column, largest first; NULL counts as empty."""
    value = func.coalesce(TASKS.c[column], "").label("value")
    number = func.count().label("number")
    rows = connection.execute(
        select(value, number).where(selection.condition()).group_by(value).order_by(number.desc(), value)
    )
    return {row.value: row.number for row in rows}


def newest_tasks(
    connection: Connection, selection: TaskSelection, *, limit: int, before_id: int | None = None
) -> list[Task]:
    """The tasks of the selection with the highest ids, below `before_id` when given."""
    query = _items().where(selection.condition()).order_by(TASKS.c.jeditaskid.desc()).limit(limit)
    if before_id is not None:
        query = query.where(TASKS.c.jeditaskid < before_id)
    return _with_counts(connection, query)


def page_of_tasks(
    connection: Connection, selection: TaskSelection, *, order: str, descending: bool, start: int, length: int
) -> list[Task]:
    """One page of the task table, sorted by a column or by a counted value; equal rows by id, newest first."""
    if order in COUNTED_ORDERS:
        ids = _ids_by_count(connection, selection, order, descending=descending)[start : start + length]
        by_id = {task["jeditaskid"]: task for task in _with_counts(connection, _items_of(ids))}
        return [by_id[task_id] for task_id in ids]
    column = func.coalesce(TASKS.c[order], "") if order in ("taskname", "processingtype") else TASKS.c[order]
    query = (
        _items()
        .where(selection.condition())
        .order_by(column.desc() if descending else column.asc(), TASKS.c.jeditaskid.desc())
        .offset(start)
        .limit(length)
    )
    return _with_counts(connection, query)


def task_record(connection: Connection, task_id: int) -> RowMapping | None:
    """Every column of one task, or None; an id that no database column holds is nobody's."""
    if task_id > _LARGEST_ID:
        return None
    return connection.execute(select(TASKS).where(TASKS.c.jeditaskid == task_id)).mappings().first()


def _items() -> Select[Any]:
    return select(*(TASKS.c[name] for name in ITEM_COLUMNS))


def _items_of(ids: Sequence[int]) -> Select[Any]:
    return _items().where(TASKS.c.jeditaskid.in_(ids))


def _with_counts(connection: Connection, query: Select[Any]) -> list[Task]:
    rows = connection.execute(query).mappings().all()
    counts = count_tasks(connection, [row["jeditaskid"] for row in rows])
    return [Task(row, counts[row["jeditaskid"]]) for row in rows]


def _ids_by_count(connection: Connection, selection: TaskSelection, order: str, *, descending: bool) -> list[int]:
    matching = select(TASKS.c.jeditaskid).where(selection.condition())
    ids = connection.execute(matching.order_by(TASKS.c.jeditaskid.desc())).scalars().all()
    counts = count_tasks(connection, ids, matching)
    return sorted(ids, key=lambda task_id: _sortable(counts, task_id, order), reverse=descending)


def _sortable(counts: Mapping[int, TaskCounts], task_id: int, order: str) -> tuple[float, int]:
    value = getattr(counts[task_id], order)
    return (-1.0 if value is None else float(value), task_id)
