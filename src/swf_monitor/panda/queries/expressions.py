"""SQL expressions that SQLite and PostgreSQL spell differently, and PanDA's idea of "not set".

Several time columns of the active job table default to 1970-01-01; that value means the same as NULL.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Float, FunctionElement, String, case, null
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler

NOT_SET_BEFORE: Final = datetime(1971, 1, 1)  # noqa: DTZ001 - PanDA times are UTC without zone


class SecondsBetween(FunctionElement[float]):
    """``SecondsBetween(later, earlier)``: the difference of two timestamps in seconds."""

    type = Float()
    inherit_cache = True
    name = "seconds_between"


@compiles(SecondsBetween, "sqlite")
def _sqlite_seconds(element: SecondsBetween, compiler: SQLCompiler, **options: Any) -> str:
    later, earlier = (compiler.process(clause, **options) for clause in element.clauses)
    return f"((julianday({later}) - julianday({earlier})) * 86400.0)"


@compiles(SecondsBetween, "postgresql")
def _postgresql_seconds(element: SecondsBetween, compiler: SQLCompiler, **options: Any) -> str:
    later, earlier = (compiler.process(clause, **options) for clause in element.clauses)
    return f"CAST(EXTRACT(EPOCH FROM ({later} - {earlier})) AS DOUBLE PRECISION)"


class StartOfHour(FunctionElement[str]):
    """``StartOfHour(time)``: the beginning of the hour a timestamp lies in, as ISO text."""

    type = String()
    inherit_cache = True
    name = "start_of_hour"


class StartOfDay(FunctionElement[str]):
    """``StartOfDay(time)``: the beginning of the day a timestamp lies in, as ISO text."""

    type = String()
    inherit_cache = True
    name = "start_of_day"


# Cut from the stored text: SQLite's own date functions round to milliseconds, and so may reach the next hour.
@compiles(StartOfHour, "sqlite")
def _sqlite_hour(element: StartOfHour, compiler: SQLCompiler, **options: Any) -> str:
    stored = compiler.process(element.clauses, **options)
    return f"(substr({stored}, 1, 10) || 'T' || substr({stored}, 12, 2) || ':00:00')"


@compiles(StartOfDay, "sqlite")
def _sqlite_day(element: StartOfDay, compiler: SQLCompiler, **options: Any) -> str:
    return f"(substr({compiler.process(element.clauses, **options)}, 1, 10) || 'T00:00:00')"


@compiles(StartOfHour, "postgresql")
def _postgresql_hour(element: StartOfHour, compiler: SQLCompiler, **options: Any) -> str:
    return f"""to_char({compiler.process(element.clauses, **options)}, 'YYYY-MM-DD"T"HH24:00:00')"""


@compiles(StartOfDay, "postgresql")
def _postgresql_day(element: StartOfDay, compiler: SQLCompiler, **options: Any) -> str:
    return f"""to_char({compiler.process(element.clauses, **options)}, 'YYYY-MM-DD"T"00:00:00')"""


def time_or_null(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """The timestamp, or NULL where PanDA's default of 1970 stands for "not set"."""
    return case((column > NOT_SET_BEFORE, column), else_=null())
