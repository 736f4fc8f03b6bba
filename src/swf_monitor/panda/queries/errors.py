"""Error patterns: component, code and the first 256 characters of the text, over the faulty jobs of a window.

Contract 4.9. A job counts once in each component that reported an error; with `first_only` it counts in the first of
them alone, in the order of `components.COMPONENTS`. At most 200 patterns, the most frequent first.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    Connection,
    DateTime,
    Float,
    Integer,
    RowMapping,
    Select,
    and_,
    case,
    cast,
    func,
    literal,
    null,
    select,
    union_all,
)

from swf_monitor.panda.queries.components import COMPONENTS, FAULT_COLUMNS, Component
from swf_monitor.panda.queries.expressions import SecondsBetween, time_or_null
from swf_monitor.panda.queries.selection import JobSelection

MOST_PATTERNS: Final = 200
DIAGNOSTIC_LENGTH: Final = 256
_KEY: Final = ("component", "code", "diagnostic")
_JOB: Final = (
    "jeditaskid",
    "produsername",
    "computingsite",
    "destinationse",
    "starttime",
    "endtime",
    "modificationtime",
)
_NAMES: Final = (("users", "produsername"), ("sites", "computingsite"), ("destinations", "destinationse"))
Key = tuple[str, int, str]


@dataclass(frozen=True)
class ErrorPattern:
    """One pattern and what it hit.

    Attributes:
        component, code, diagnostic: what identifies it.
        jobs, tasks: how many job records and how many tasks.
        seconds: mean time from start to end of the jobs that started and ended, or None.
        never_started: jobs without a start.
        first, last: when its jobs changed, the earliest and the latest of them: the time by which windows select.
        users, sites, destinations: names, most affected first; jobs without a name are not among them. Destinations
            are the storage elements to which the output was to go.
    """

    component: str
    code: int
    diagnostic: str
    jobs: int
    tasks: int
    seconds: float | None
    never_started: int
    first: datetime
    last: datetime
    users: list[str]
    sites: list[str]
    destinations: list[str]


@dataclass(frozen=True)
class ErrorSummary:
    """The most frequent patterns, and `total`, the number of errors of all patterns, those left out included."""

    total: int
    patterns: list[ErrorPattern]


def error_patterns(
    connection: Connection,
    selection: JobSelection,
    *,
    source: str | None = None,
    first_only: bool = False,
    most: int = MOST_PATTERNS,
) -> list[ErrorPattern]:
    """The `most` frequent patterns of the selected jobs, of one component when `source` names it."""
    return error_summary(connection, selection, source=source, first_only=first_only, most=most).patterns


def error_summary(
    connection: Connection,
    selection: JobSelection,
    *,
    source: str | None = None,
    first_only: bool = False,
    most: int = MOST_PATTERNS,
) -> ErrorSummary:
    """The same patterns, and how many errors there are in all."""
    components = [component for component in COMPONENTS if source in (None, component.name)]
    if not components:
        return ErrorSummary(0, [])
    faults = _faults(selection, components, first_only=first_only)
    top = _top(faults, most)
    names = [_names(faults, top, kind, column) for kind, column in _NAMES]
    # One statement, so that the faults are collected once.
    rows = connection.execute(union_all(_patterns(top), *names)).mappings().all()
    return ErrorSummary(next((row["total"] for row in rows if row["kind"] == "pattern"), 0), _assembled(rows))


def _assembled(rows: Sequence[RowMapping]) -> list[ErrorPattern]:
    """The patterns, most frequent first, with their names, most affected first."""
    names: dict[tuple[str, Key], list[str]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: (-row["jobs"], row["name"])):
        names[row["kind"], _key(row)].append(row["name"])
    patterns = sorted((row for row in rows if row["kind"] == "pattern"), key=lambda row: (-row["jobs"], _key(row)))
    return [
        ErrorPattern(
            *_key(row),
            jobs=row["jobs"],
            tasks=row["tasks"],
            # SQLite reckons in fractions of days, exact to some microseconds.
            seconds=None if row["seconds"] is None else round(row["seconds"], 3),
            never_started=row["never_started"],
            first=row["first"],
            last=row["last"],
            users=names["users", _key(row)],
            sites=names["sites", _key(row)],
            destinations=names["destinations", _key(row)],
        )
        for row in patterns
    ]


def _key(row: RowMapping) -> Key:
    return row["component"], row["code"], row["diagnostic"]


def _faults(selection: JobSelection, components: Iterable[Component], *, first_only: bool) -> CTE:
    """One row per job and component that reported an error."""
    jobs = selection.shared_rows(*_JOB, *FAULT_COLUMNS[:-1])
    return union_all(*(_of_component(jobs, component, first_only=first_only) for component in components)).cte("faults")


def _of_component(jobs: CTE, component: Component, *, first_only: bool) -> Select[Any]:
    diagnostic = func.substr(func.coalesce(jobs.c[component.diagnostic_column], ""), 1, DIAGNOSTIC_LENGTH)
    return select(
        literal(component.name).label("component"),
        jobs.c[component.code_column].label("code"),
        diagnostic.label("diagnostic"),
        *(jobs.c[name] for name in _JOB),
    ).where(component.is_set(jobs), *(_earlier_silent(jobs, component) if first_only else ()))


def _earlier_silent(jobs: CTE, component: Component) -> list[ColumnElement[bool]]:
    earlier = COMPONENTS[: COMPONENTS.index(component)]
    return [func.coalesce(jobs.c[other.code_column], 0) == 0 for other in earlier]


def _top(faults: CTE, most: int) -> CTE:
    started, ended = time_or_null(faults.c.starttime), time_or_null(faults.c.endtime)
    seconds = case((ended >= started, SecondsBetween(ended, started)))
    key = [faults.c[name] for name in _KEY]
    jobs = func.count().label("jobs")
    return (
        select(
            *key,
            jobs,
            func.count(faults.c.jeditaskid.distinct()).label("tasks"),
            func.avg(seconds).label("seconds"),
            (func.count() - func.count(started)).label("never_started"),
            func.min(faults.c.modificationtime).label("first"),
            func.max(faults.c.modificationtime).label("last"),
            # Over all patterns: the limit comes after it. PostgreSQL sums bigint as numeric.
            cast(func.sum(func.count()).over(), BigInteger).label("total"),
        )
        .group_by(*key)
        .order_by(jobs.desc(), *key)
        .limit(most)
        .cte("top")
    )


def _patterns(top: CTE) -> Select[Any]:
    return select(literal("pattern").label("kind"), top, literal("").label("name"))


def _names(faults: CTE, top: CTE, kind: str, column: str) -> Select[Any]:
    """For each top pattern the distinct names in a column, as rows of the same shape as `_patterns`."""
    same = and_(*(faults.c[name] == top.c[name] for name in _KEY))
    key, name = [faults.c[part] for part in _KEY], faults.c[column]
    nothing, never = cast(null(), Integer), cast(null(), DateTime)
    return (
        select(
            literal(kind),
            *key,
            func.count().label("jobs"),
            nothing.label("tasks"),
            cast(null(), Float).label("seconds"),
            nothing.label("never_started"),
            never.label("first"),
            never.label("last"),
            nothing.label("total"),
            name,
        )
        .select_from(faults.join(top, same))
        .where(name != "")
        .group_by(*key, name)
    )
