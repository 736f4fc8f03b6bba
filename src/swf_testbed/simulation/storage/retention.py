"""What is too old for the live tables moves to the archive schema, or goes, as in production (panda-states 1 and 2).

jobsarchived4 keeps 365 days; files, parameters and metadata of jobs 30 days; the state logs 90 days, then they are
dropped.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, Connection, delete, insert, select

from swf_monitor.panda.schema import table

_ARCHIVES: Final = {
    "jobsarchived4": "jobsarchived",
    "filestable4": "filestable_arch",
    "jobparamstable": "jobparamstable_arch",
    "metatable": "metatable_arch",
}
_LOGS: Final = ("jobs_statuslog", "tasks_statuslog")
_LIVING: Final = ("jobsdefined4", "jobsactive4")


@dataclass(frozen=True, slots=True)
class Retention:
    """How long rows stay in the live tables."""

    jobs: timedelta = timedelta(days=365)
    companions: timedelta = timedelta(days=30)
    logs: timedelta = timedelta(days=90)


def move_old_rows(connection: Connection, now: datetime, retention: Retention) -> int:
    """Move or drop what is older than its time. Returns the number of rows that left the live tables."""
    moved = _archive(connection, "jobsarchived4", now - retention.jobs)
    for name in ("filestable4", "jobparamstable", "metatable"):
        moved += _archive(connection, name, now - retention.companions)
    for name in _LOGS:
        old = table(name).c.modificationtime < now - retention.logs
        moved += connection.execute(delete(table(name)).where(old)).rowcount
    return moved


def _archive(connection: Connection, name: str, limit: datetime) -> int:
    source, target = table(name), table(_ARCHIVES[name], "doma_pandaarch")
    old: ColumnElement[bool] = source.c.modificationtime < limit
    for living in _LIVING:
        old &= source.c.pandaid.not_in(select(table(living).c.pandaid))
    shared = [column.name for column in source.columns if column.name in target.c]
    connection.execute(insert(target).from_select(shared, select(*(source.c[column] for column in shared)).where(old)))
    return connection.execute(delete(source).where(old)).rowcount
