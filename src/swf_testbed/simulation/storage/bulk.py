"""New rows in bulk, for seeding: the driver's own quick way instead of SQLAlchemy's row by row.

The statement still comes from the table definitions; only the values are put in order here. SQLite gets times in the
form that SQLAlchemy itself writes and reads.
"""

from __future__ import annotations

import json
from operator import itemgetter
from typing import Any

from sqlalchemy import JSON, Connection, DateTime, Table, insert

from swf_monitor.panda.schema import table
from swf_testbed.simulation.core.ledger import Row

Values = tuple[Any, ...]


def insert_rows(connection: Connection, name: str, columns: tuple[str, ...], rows: list[Row]) -> None:
    """Insert rows that all have exactly these columns."""
    wanted = set(columns)
    columns = tuple(column.name for column in table(name).columns if column.name in wanted)
    if connection.dialect.name == "postgresql":
        _copy(connection, table(name), columns, rows)
    else:
        _execute_many(connection, table(name), columns, rows)


def _execute_many(connection: Connection, target: Table, columns: tuple[str, ...], rows: list[Row]) -> None:
    statement = insert(target).values(dict.fromkeys(columns)).compile(dialect=connection.dialect)
    text = str(statement).replace(f"{target.schema}.", "", 1)
    connection.exec_driver_sql(text, _values(target, columns, rows, _sqlite_form))


def _copy(connection: Connection, target: Table, columns: tuple[str, ...], rows: list[Row]) -> None:
    cursor = connection.connection.cursor()
    names = ", ".join(f'"{column}"' for column in columns)
    with cursor.copy(f"COPY {target.schema}.{target.name} ({names}) FROM STDIN") as copy:
        for values in _values(target, columns, rows, _postgresql_form):
            copy.write_row(values)


def _values(target: Table, columns: tuple[str, ...], rows: list[Row], form: Any) -> list[Values]:
    """The rows as tuples in the order of the columns, each value in the driver's form."""
    in_order = itemgetter(*columns)
    special = [n for n, column in enumerate(columns) if isinstance(target.c[column].type, DateTime | JSON)]
    if len(columns) == 1:
        return [(row[columns[0]],) for row in rows]
    if not special:
        return [in_order(row) for row in rows]
    prepared = []
    for row in rows:
        values = list(in_order(row))
        for n in special:
            if values[n] is not None:
                values[n] = form(values[n])
        prepared.append(tuple(values))
    return prepared


def _sqlite_form(value: Any) -> str:
    return json.dumps(value) if isinstance(value, dict) else str(value.isoformat(" ", "microseconds"))


def _postgresql_form(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, dict) else value
