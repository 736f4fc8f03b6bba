"""Single faulty jobs with all their errors, newest first (contract 4.9), and how many reported which code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import CTE, Connection, RowMapping, Select, String, cast, func, literal, select, union_all

from swf_monitor.panda.queries.components import COMPONENTS, FAULT_COLUMNS, TRANSFORMATION, reported_by
from swf_monitor.panda.queries.jobs import REST_COLUMNS
from swf_monitor.panda.queries.selection import JobSelection

MOST_JOBS: Final = 500
_COLUMNS: Final = ("pandaid", "jeditaskid", "produsername", "jobstatus", "computingsite", "endtime", *FAULT_COLUMNS)
_EVERY: Final = (*REST_COLUMNS, *FAULT_COLUMNS)


@dataclass(frozen=True, slots=True)
class CodeCount:
    """How many of the selected jobs reported one code of one component; `sample` is one of the texts, or empty."""

    component: str
    code: str
    jobs: int
    sample: str


def faulty_jobs(connection: Connection, selection: JobSelection, most: int = MOST_JOBS) -> Sequence[RowMapping]:
    """At most `most` jobs of the selection, the highest ids first, with the columns `components.faults_of` reads."""
    jobs = selection.rows(*_COLUMNS)
    newest = select(jobs).order_by(jobs.c.pandaid.desc()).limit(most)
    return connection.execute(newest).mappings().all()


def faulty_page(
    connection: Connection, selection: JobSelection, *, before_id: int | None, most: int
) -> Sequence[RowMapping]:
    """The same below an id, with all columns that REST lists of a job besides those of its errors."""
    jobs = selection.rows(*_EVERY)
    newest = select(jobs).order_by(jobs.c.pandaid.desc()).limit(most)
    if before_id is not None:
        newest = newest.where(jobs.c.pandaid < before_id)
    return connection.execute(newest).mappings().all()


def number_of_jobs(connection: Connection, selection: JobSelection) -> int:
    """How many jobs the selection holds."""
    return connection.execute(select(func.count()).select_from(selection.rows("pandaid"))).scalar_one()


def code_counts(connection: Connection, selection: JobSelection) -> list[CodeCount]:
    """Every code that the selected jobs reported, the most frequent first."""
    jobs = selection.shared_rows(*FAULT_COLUMNS)
    faults = union_all(
        *(_reports(jobs, one.name, one.code_column, one.diagnostic_column) for one in COMPONENTS),
        _reports(jobs, TRANSFORMATION, "transexitcode", None),
    ).subquery()
    key = (faults.c.component, faults.c.code)
    number = func.count().label("number")
    rows = connection.execute(select(*key, number, func.max(faults.c.diagnostic)).group_by(*key))
    counts = [CodeCount(row[0], row[1].strip(), row[2], row[3] or "") for row in rows]
    return sorted(counts, key=lambda one: (-one.jobs, one.component, one.code))


def _reports(jobs: CTE, component: str, code: str, diagnostic: str | None) -> Select[Any]:
    text = literal("") if diagnostic is None else jobs.c[diagnostic]
    return select(
        literal(component).label("component"), cast(jobs.c[code], String).label("code"), text.label("diagnostic")
    ).where(reported_by(jobs, component))
