"""Conditions that lists share: filters by value or pattern, search, and the union of the job tables.

A filter is exact, or an SQL pattern when it holds ``%``; `BLANK` selects rows whose value is NULL or empty. Jobs are
always the union of ``jobsactive4`` and ``jobsarchived4`` (contract, section 4).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, String, Subquery, Table, cast, func, or_, select, union_all

from swf_monitor.panda.schema import table

BLANK: Final = "__blank__"
JOB_TABLES: Final = (table("jobsactive4"), table("jobsarchived4"))

TableCondition = Callable[[Table], ColumnElement[bool]]


def matches(column: ColumnElement[Any], value: str) -> ColumnElement[bool]:
    """`column` equals `value`, is like it when it holds ``%``, or is blank when it is `BLANK`."""
    if value == BLANK:
        return func.coalesce(column, "") == ""
    return column.like(value) if "%" in value else column == value


def contains(term: str, *columns: ColumnElement[Any]) -> ColumnElement[bool]:
    """Any of `columns` holds `term`, whatever the case; ``%`` and ``_`` in it mean themselves."""
    return or_(*(cast(column, String).icontains(term, autoescape=True) for column in columns))


def jobs(columns: Sequence[str], *conditions: TableCondition) -> Subquery:
    """The union of the job tables: named columns of those rows that meet all conditions.

    The conditions are applied inside each table, where its indexes can serve them.
    """

    def part(source: Table) -> Select[Any]:
        return select(*(source.c[name] for name in columns)).where(*(condition(source) for condition in conditions))

    return union_all(*(part(source) for source in JOB_TABLES)).subquery("jobs")
