"""A step's changes as SQL, in one transaction: either all of a step is in the tables or nothing of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import Any

from sqlalchemy import Connection, Delete, Insert, Update, and_, bindparam, delete, insert, update

from swf_monitor.panda.schema import table
from swf_testbed.simulation.core.ledger import IDENTITY, Ledger, Row

Columns = tuple[str, ...]
Inserter = Callable[[Connection, str, Columns, list[Row]], None]
_KEY_PREFIX = "key_"


def write(connection: Connection, ledger: Ledger, insert_rows: Inserter | None = None) -> int:
    """Write and empty the ledger. Returns the number of rows written. The caller's transaction decides.

    Args:
        insert_rows: how new rows get in; `swf_testbed.simulation.storage.bulk` has a way for very many.
    """
    put = insert_rows or _insert_rows
    size = len(ledger)
    for name, removed in ledger.removed.items():
        connection.execute(_delete(name), [_key(name, key) for key in removed])
    for name, rows in (*_new_rows(ledger), *ledger.appended.items()):
        for columns, group in _grouped(rows):
            put(connection, name, columns, group)
    for name, changes in ledger.changed.items():
        _write_changes(connection, name, changes)
    ledger.clear()
    return size


def _insert_rows(connection: Connection, name: str, columns: Columns, rows: list[Row]) -> None:
    connection.execute(_insert(name, columns), rows)


def _new_rows(ledger: Ledger) -> Iterator[tuple[str, list[Row]]]:
    for name, rows in ledger.added.items():
        yield name, list(rows.values())


def _write_changes(connection: Connection, name: str, changes: dict[Any, Row]) -> None:
    parameters = ({**values, **_key(name, key)} for key, values in changes.items() if values)
    for columns, group in _grouped(parameters):
        connection.execute(_update(name, columns), group)


def _grouped(rows: Iterable[Row]) -> Iterator[tuple[Columns, list[Row]]]:
    """Rows by the columns they have, because one statement has one list of columns."""
    groups: dict[Columns, list[Row]] = {}
    for row in rows:
        groups.setdefault(tuple(row), []).append(row)
    yield from groups.items()


def _key(name: str, key: Any) -> Row:
    columns = IDENTITY[name]
    values: tuple[Any, ...] = key if len(columns) > 1 else (key,)
    return {_KEY_PREFIX + column: value for column, value in zip(columns, values, strict=True)}


def _is_the_row(name: str) -> Any:
    columns = table(name).c
    return and_(*(columns[column] == bindparam(_KEY_PREFIX + column) for column in IDENTITY[name]))


@cache
def _insert(name: str, columns: Columns) -> Insert:
    return insert(table(name)).values({column: bindparam(column) for column in columns})


@cache
def _update(name: str, columns: Columns) -> Update:
    values: dict[str, Any] = {column: bindparam(column) for column in columns if not column.startswith(_KEY_PREFIX)}
    return update(table(name)).where(_is_the_row(name)).values(values)


@cache
def _delete(name: str) -> Delete:
    return delete(table(name)).where(_is_the_row(name))
