"""The door to the PanDA database: one engine, opened read-only, and one snapshot per page.

Nothing here writes. SQLite files are opened with ``mode=ro``; PostgreSQL sessions are ``READ ONLY`` and
``REPEATABLE READ``, so that all figures of one page belong together.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, create_engine, event

from swf_monitor.panda.schema import SQLITE_SCHEMAS

UNREADABLE: Final = "The PanDA database cannot be read at the moment."
"""What readers are told when it fails; the driver's own words could hold an address and go to the log."""


def sqlite_url(path: Path, *, read_only: bool) -> str:
    """URL of an embedded PanDA database file."""
    mode = "ro" if read_only else "rwc"
    return f"sqlite:///file:{path.resolve()}?mode={mode}&uri=true"


def read_only_engine(url: str | URL) -> Engine:
    """An engine that cannot write, for SQLite or PostgreSQL."""
    if str(url).startswith("sqlite"):
        # Django runs views in threads that change; SQLite itself is compiled thread-safe.
        engine = create_engine(url, connect_args={"check_same_thread": False, "timeout": 10})
        event.listen(engine, "connect", _leave_transactions_to_us)
        event.listen(engine, "begin", _begin_deferred)
        return engine.execution_options(schema_translate_map=SQLITE_SCHEMAS)
    return create_engine(
        url,
        isolation_level="REPEATABLE READ",
        pool_pre_ping=True,
        connect_args={"options": "-c default_transaction_read_only=on"},
    )


def _leave_transactions_to_us(connection: Any, _record: object) -> None:
    connection.isolation_level = None


def _begin_deferred(connection: Connection) -> None:
    # The driver starts no transaction for a SELECT, so two SELECTs would see two states of the database.
    connection.exec_driver_sql("BEGIN DEFERRED")


@cache
def panda_engine() -> Engine:
    """The engine of the configured PanDA database (``PANDA_DB_*``)."""
    from swf_monitor.configuration import configuration  # noqa: PLC0415 - settings are read late

    return read_only_engine(configuration().panda_url())


@contextmanager
def snapshot() -> Iterator[Connection]:
    """One read-only transaction: every query inside sees the database at one moment.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database cannot be opened or read.
    """
    with panda_engine().connect() as connection, connection.begin():
        yield connection
