"""The counts of a task: its jobs by state group and attempt, and its files (contract 4.8).

Two aggregate queries for any number of tasks. "Retries" are job records with attemptnr above 1; final failures are
files, counted in the task's master input datasets, since job records cannot tell a final failure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import BigInteger, ColumnElement, Connection, Select, case, cast, func, select

from swf_monitor.panda.queries.conditions import jobs
from swf_monitor.panda.schema import table
from swf_monitor.panda.states import ACTIVE_JOB_STATES

_INPUT_TYPES: Final = ("input", "pseudo_input")


@dataclass(frozen=True, slots=True)
class TaskCounts:
    """Counts of one task; rates are 0..1 and None where there is nothing to divide by."""

    nactive: int = 0
    nfinished: int = 0
    nfailed: int = 0
    nrunning: int = 0
    nretries: int = 0
    nretries_finished: int = 0
    maxattempt: int | None = None
    nfinalfailed: int = 0
    nfilesfinished: int = 0

    @property
    def computed_failurerate(self) -> float | None:
        """Failed among ended job records."""
        return _share(self.nfailed, self.nfailed + self.nfinished)

    @property
    def computed_finalfailurerate(self) -> float | None:
        """Finally failed among processed files."""
        return _share(self.nfinalfailed, self.nfinalfailed + self.nfilesfinished)

    @property
    def computed_progress(self) -> int | None:
        """Ended among all counted job records, whole percent."""
        ended = self.nfinished + self.nfailed
        share = _share(ended, ended + self.nactive)
        return None if share is None else round(100 * ended / (ended + self.nactive))

    @property
    def avg_retries_success(self) -> float | None:
        """Mean number of attempts before the one that finished."""
        return round(self.nretries_finished / self.nfinished, 2) if self.nfinished else None


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def count_tasks(
    connection: Connection, ids: Sequence[int], matching: Select[Any] | None = None
) -> dict[int, TaskCounts]:
    """The counts of each task in `ids`; zeros for a task without jobs and files.

    Args:
        connection: the snapshot.
        ids: the tasks wanted.
        matching: a query that gives the same ids, used instead of naming each when there may be many.
    """
    if not ids:
        return {}
    wanted = matching if matching is not None else ids
    found: dict[int, dict[str, Any]] = {task_id: {} for task_id in ids}
    for query in (_job_counts(wanted), _file_counts(wanted)):
        for row in connection.execute(query).mappings():
            found[row["jeditaskid"]].update({name: value for name, value in row.items() if name != "jeditaskid"})
    return {
        task_id: TaskCounts(**{str(name): value for name, value in counts.items()}) for task_id, counts in found.items()
    }


def _job_counts(wanted: Select[Any] | Sequence[int]) -> Select[Any]:
    rows = jobs(("jeditaskid", "jobstatus", "attemptnr", "maxattempt"), lambda source: source.c.jeditaskid.in_(wanted))
    columns = rows.c
    finished = columns.jobstatus == "finished"
    return select(
        columns.jeditaskid,
        _number(columns.jobstatus.in_(ACTIVE_JOB_STATES)).label("nactive"),
        _number(finished).label("nfinished"),
        _number(columns.jobstatus == "failed").label("nfailed"),
        _number(columns.jobstatus == "running").label("nrunning"),
        _number(columns.attemptnr > 1).label("nretries"),
        func.sum(case((finished & (columns.attemptnr > 1), columns.attemptnr - 1), else_=0)).label("nretries_finished"),
        func.max(columns.maxattempt).label("maxattempt"),
    ).group_by(columns.jeditaskid)


def _number(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.sum(case((condition, 1), else_=0))


def _sum(column: ColumnElement[int]) -> ColumnElement[int]:
    # PostgreSQL sums bigint as numeric, which the driver gives as Decimal.
    return cast(func.coalesce(func.sum(column), 0), BigInteger)


def _file_counts(wanted: Select[Any] | Sequence[int]) -> Select[Any]:
    columns = table("jedi_datasets").c
    return (
        select(
            columns.jeditaskid,
            _sum(columns.nfilesfailed).label("nfinalfailed"),
            _sum(columns.nfilesfinished).label("nfilesfinished"),
        )
        .where(columns.jeditaskid.in_(wanted), columns.masterid.is_(None), columns.type.in_(_INPUT_TYPES))
        .group_by(columns.jeditaskid)
    )
