"""The job list: one page of rows, its totals, the values of its filters, and the REST form of the same.

Contract 4.5 and 5.3. Every function takes a connection and makes a fixed number of queries, however many jobs there
are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, RowMapping, Subquery, case, func, or_, select, true

from swf_monitor.panda.datatables import TableRequest
from swf_monitor.panda.queries.conditions import BLANK, contains
from swf_monitor.panda.queries.selection import JobSelection

LIST_COLUMNS: Final = (
    "pandaid",
    "jeditaskid",
    "produsername",
    "jobstatus",
    "computingsite",
    "transformation",
    "creationtime",
    "starttime",
    "endtime",
    "corecount",
)
REST_COLUMNS: Final = (
    "pandaid",
    "jeditaskid",
    "reqid",
    "produsername",
    "jobstatus",
    "computingsite",
    "transformation",
    "processingtype",
    "creationtime",
    "starttime",
    "endtime",
    "modificationtime",
    "corecount",
    "nevents",
    "noutputdatafiles",
    "outputfilebytes",
    "destinationse",
)
_SEARCHED: Final = ("pandaid", "jeditaskid", "produsername", "jobstatus", "computingsite", "transformation")
_FILTERS: Final = (("status", "jobstatus"), ("username", "produsername"), ("site", "computingsite"))


@dataclass(frozen=True)
class JobPage:
    """Rows of one page; `total` counts after the filters, `filtered` after the search as well."""

    total: int
    filtered: int
    rows: Sequence[RowMapping]


@dataclass(frozen=True)
class RestPage:
    """One REST answer: the page's rows, and figures that cover the whole selection."""

    rows: Sequence[RowMapping]
    has_more: bool
    summary: dict[str, int]


def job_page(connection: Connection, selection: JobSelection, request: TableRequest) -> JobPage:
    """The rows that one draw of the job table asks for."""
    jobs = selection.rows(*LIST_COLUMNS)
    matching = _matching(jobs, request.search)
    total, filtered = connection.execute(select(func.count(), func.count(case((matching, 1)))).select_from(jobs)).one()
    column = jobs.c[request.order.column]
    direction = column.desc() if request.order.descending else column.asc()
    page = (
        select(jobs)
        .where(matching)
        .order_by(direction.nulls_last(), jobs.c.pandaid.desc())
        .offset(request.start)
        .limit(request.length)
    )
    return JobPage(total=total, filtered=filtered, rows=connection.execute(page).mappings().all())


def _matching(jobs: Subquery, words: str) -> ColumnElement[bool]:
    """What the search finds; without words, everything.

    SQLite folds the case of ASCII letters only, so other words are looked for in both cases.
    """
    if not words:
        return true()
    columns = [jobs.c[name] for name in _SEARCHED]
    spellings = (words,) if words.isascii() else (words.lower(), words.upper())
    return or_(*(contains(spelling, *columns) for spelling in spellings))


def filter_counts(connection: Connection, selection: JobSelection) -> dict[str, list[list[Any]]]:
    """For each filter its values and their counts, most frequent first, the other filters applied.

    An empty value is given as ``[label, count, "__blank__"]``.
    """
    return {field: _value_counts(connection, selection.without(field), column) for field, column in _FILTERS}


def status_counts(connection: Connection, selection: JobSelection) -> dict[str, int]:
    """Jobs by state, most frequent first."""
    jobs = selection.rows("jobstatus")
    number = func.count().label("number")
    grouped = select(jobs.c.jobstatus, number).group_by(jobs.c.jobstatus)
    return {row.jobstatus: row.number for row in connection.execute(grouped.order_by(number.desc(), jobs.c.jobstatus))}


def rest_page(connection: Connection, selection: JobSelection, *, before_id: int | None, limit: int) -> RestPage:
    """The newest `limit` jobs with an id below `before_id`."""
    jobs = selection.rows(*REST_COLUMNS)
    page = select(jobs).order_by(jobs.c.pandaid.desc()).limit(limit + 1)
    if before_id is not None:
        page = page.where(jobs.c.pandaid < before_id)
    rows = connection.execute(page).mappings().all()
    return RestPage(rows=rows[:limit], has_more=len(rows) > limit, summary=status_counts(connection, selection))


def _value_counts(connection: Connection, selection: JobSelection, column: str) -> list[list[Any]]:
    jobs = selection.rows(column)
    value = func.coalesce(jobs.c[column], "").label("value")
    number = func.count().label("number")
    grouped = select(value, number).group_by(value).order_by(number.desc(), value)
    return [
        [row.value, row.number] if row.value else ["(blank)", row.number, BLANK] for row in connection.execute(grouped)
    ]
