"""New rows in bulk, for seeding: the driver's own quick way instead of SQLAlchemy's row by row.

The statement still comes from the table definitions; only the values are put in order here. SQLite gets times in the
form that SQLAlchemy itself writes and reads.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from operator import itemgetter
from typing import Any

from sqlalchemy import JSON, Connection, DateTime, Table, insert

from swf_monitor.panda.schema import table
from swf_testbed.simulation.core.ledger import Row

Columns = tuple[str, ...]
Values = tuple[Any, ...]


def insert_rows(connection: Connection, name: str, columns: Columns, rows: list[Row]) -> None:
    """Insert rows that all have exactly these columns."""
    columns = _columns_with_values(table(name), set(columns), rows)
    if connection.dialect.name == "postgresql":
        _copy(connection, table(name), columns, rows)
    else:
        _execute_many(connection, table(name), columns, rows)


def _columns_with_values(target: Table, given: set[str], rows: list[Row]) -> Columns:
    """In the table's order, without those that are empty in every row; a column with a default has to be named."""
    return tuple(
        column.name
        for column in target.columns
        if column.name in given
        and (column.server_default is not None or any(row[column.name] is not None for row in rows))
    )


def _execute_many(connection: Connection, target: Table, columns: Columns, rows: list[Row]) -> None:
    statement = insert(target).values(dict.fromkeys(columns)).compile(dialect=connection.dialect)
    text = str(statement).replace(f"{target.schema}.", "", 1)
    connection.exec_driver_sql(text, _values(target, columns, rows, _sqlite_time))


def _copy(connection: Connection, target: Table, columns: Columns, rows: list[Row]) -> None:
    cursor = connection.connection.cursor()
    names = ", ".join(f'"{column}"' for column in columns)
    with cursor.copy(f"COPY {target.schema}.{target.name} ({names}) FROM STDIN") as copy:
        for values in _values(target, columns, rows, _postgresql_time):
            copy.write_row(values)


def _values(target: Table, columns: Columns, rows: list[Row], time_form: Callable[[Any], Any]) -> list[Values]:
    """The rows as tuples in the order of the columns, times and documents in the driver's form."""
    if len(columns) == 1:
        return [(row[columns[0]],) for row in rows]
    in_order = itemgetter(*columns)
    forms = [
        (n, time_form if isinstance(target.c[column].type, DateTime) else json.dumps)
        for n, column in enumerate(columns)
        if isinstance(target.c[column].type, DateTime | JSON)
    ]
    return [_formed(list(in_order(row)), forms) for row in rows] if forms else [in_order(row) for row in rows]


def _formed(values: list[Any], forms: list[tuple[int, Callable[[Any], Any]]]) -> Values:
    for n, form in forms:
        if values[n] is not None:
            values[n] = form(values[n])
    return tuple(values)


@lru_cache(maxsize=200_000)
def _sqlite_time(value: datetime) -> str:
    """Cached because one moment stands in many rows: in a job's, in its files', in its log."""
    return value.isoformat(" ", "microseconds")


def _postgresql_time(value: datetime) -> datetime:
    return value
