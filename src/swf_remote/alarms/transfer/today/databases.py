"""Today's tables in the database itself, PostgreSQL or SQLite, opened for reading alone."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from .records import ENTRY, VERSION, Raw, Source, SourceError

BATCH = 1000
SECONDS = 10
_VERSION_COLUMNS = ("entry_id", *VERSION[1:])


class Postgres:
    """A connection to PostgreSQL."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        self._entry = self._table("entry", ENTRY)
        self._version = self._table("entry_version", _VERSION_COLUMNS)

    def entries(self, kind: str) -> Iterator[Raw]:
        """See ``Source``."""
        return self._rows(self._entry, ENTRY, kind)

    def versions(self) -> Iterator[Raw]:
        """See ``Source``."""
        return self._rows(self._version, _VERSION_COLUMNS, None)

    def _rows(self, table: sql.Identifier, columns: Sequence[str], kind: str | None) -> Iterator[Raw]:
        # As texts: what a JSON column holds is read by the same rules as a dump.
        chosen = [sql.SQL("{}::text").format(sql.Identifier(one)) for one in columns]
        query = sql.SQL("SELECT {} FROM {}").format(sql.SQL(", ").join(chosen), table)
        if kind is not None:
            query += sql.SQL(" WHERE kind = %s ORDER BY timestamp_created, id")
        try:
            with self._connection.cursor(name="today") as cursor:
                cursor.itersize = BATCH
                cursor.execute(query, None if kind is None else (kind,))
                for row in cursor:
                    yield _by_name(row, columns)
        except psycopg.Error as error:
            raise SourceError(f"the database cannot be read: {str(error).splitlines()[0]}") from None

    def _table(self, name: str, columns: Sequence[str]) -> sql.Identifier:
        query = (
            "SELECT table_schema, table_name FROM information_schema.columns "
            "WHERE table_schema NOT IN ('pg_catalog', 'information_schema') AND column_name = ANY(%s) "
            "GROUP BY 1, 2 HAVING count(*) = %s ORDER BY 1, 2"
        )
        found = self._connection.execute(query, (list(columns), len(columns))).fetchall()
        return sql.Identifier(*_the_one(name, [(schema, table) for schema, table in found]))


class Sqlite:
    """An SQLite file."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._entry = self._table("entry", ENTRY)
        self._version = self._table("entry_version", _VERSION_COLUMNS)

    def entries(self, kind: str) -> Iterator[Raw]:
        """See ``Source``."""
        return self._rows(self._entry, ENTRY, kind)

    def versions(self) -> Iterator[Raw]:
        """See ``Source``."""
        return self._rows(self._version, _VERSION_COLUMNS, None)

    def _rows(self, table: str, columns: Sequence[str], kind: str | None) -> Iterator[Raw]:
        chosen = ", ".join(f'"{one}"' for one in columns)
        where = "" if kind is None else " WHERE kind = ? ORDER BY timestamp_created, id"
        # The names come from the database's own list of tables and from this module, quoted.
        query = f'SELECT {chosen} FROM "{table}"{where}'  # noqa: S608
        try:
            for row in self._connection.execute(query, () if kind is None else (kind,)):
                yield _by_name(row, columns)
        except sqlite3.Error as error:
            raise SourceError(f"the file cannot be read: {error}") from None

    def _table(self, name: str, columns: Sequence[str]) -> str:
        found = []
        names = self._connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").fetchall()
        for (table,) in names:
            known = {row[0] for row in self._connection.execute("SELECT name FROM pragma_table_info(?)", (table,))}
            if known.issuperset(columns) and '"' not in table:
                found.append(("", table))
        return _the_one(name, found)[1]


@contextmanager
def open_postgres(address: str) -> Iterator[Source]:
    """A PostgreSQL database by its URL; nothing in it can be changed through this.

    Raises:
        SourceError: it cannot be reached, or does not hold the tables.
    """
    try:
        connection = psycopg.connect(
            address,
            connect_timeout=SECONDS,
            options="-c default_transaction_read_only=on",
            application_name="swf-remote",
        )
    except (psycopg.Error, ValueError, UnicodeError) as error:
        # The message may name the host and the user, never the password.
        raise SourceError(f"the database cannot be reached: {str(error).splitlines()[0]}") from None
    with closing(connection):
        yield Postgres(connection)


@contextmanager
def open_sqlite(path: Path) -> Iterator[Source]:
    """An SQLite file; nothing in it can be changed through this.

    Raises:
        SourceError: it cannot be opened, or does not hold the tables.
    """
    try:
        connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=SECONDS)
        with closing(connection):
            yield Sqlite(connection)
    except sqlite3.Error as error:
        raise SourceError(f"the file cannot be read: {error}") from None


def _the_one(name: str, found: Sequence[tuple[str, str]]) -> tuple[str, str]:
    """The table of that name, else the only one whose name ends so."""
    exact = [one for one in found if one[1] == name]
    alike = exact or [one for one in found if one[1].endswith(f"_{name}") or one[1].endswith(name.replace("_", ""))]
    if len(alike) != 1:
        there = ", ".join(table for _, table in alike) or "none"
        raise SourceError(f"one table {name!r} with the columns of today's alarms is needed; there is {there}")
    return alike[0]


def _by_name(row: Sequence[Any], columns: Sequence[str]) -> dict[str, Any]:
    return {("entry" if name == "entry_id" else name): value for name, value in zip(columns, row, strict=True)}
