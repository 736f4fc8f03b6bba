"""Engines, tables and indexes, for an embedded SQLite file and for PostgreSQL alike."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, make_url
from sqlalchemy.schema import CreateIndex, CreateSchema, CreateTable

from swf_monitor.panda.schema import SQLITE_SCHEMAS, metadata

SCHEMAS: Final = ("doma_panda", "doma_pandaarch")


def parsed(url: str) -> URL:
    """The address, with the PostgreSQL driver that is installed here.

    Raises:
        sqlalchemy.exc.ArgumentError: not a database address.
    """
    address = make_url(url)
    return address.set(drivername="postgresql+psycopg") if address.drivername in ("postgresql", "postgres") else address


def sqlite_path(address: URL) -> Path | None:
    """The file of an embedded database, None for a server."""
    if address.get_backend_name() != "sqlite" or not address.database:
        return None
    return Path(address.database.removeprefix("file:"))


def open_engine(address: URL, *, bulk: bool = False) -> Engine:
    """An engine that writes.

    Args:
        bulk: for a new SQLite file that nobody reads yet: no journal, no waiting for disks.
    """
    path = sqlite_path(address)
    if path is None:
        return create_engine(address, pool_pre_ping=True, hide_parameters=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(URL.create("sqlite", database=str(path)), connect_args={"timeout": 10}, hide_parameters=True)
    pragmas = (
        ("journal_mode=OFF", "synchronous=OFF", "cache_size=-131072", "temp_store=MEMORY")
        if bulk
        else ("journal_mode=WAL", "synchronous=NORMAL")
    )

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # SQLAlchemy's begin below says which kind of transaction
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine.execution_options(schema_translate_map=SQLITE_SCHEMAS)


def create_tables(connection: Connection) -> None:
    """Every PanDA table, without its indexes: those come after the rows."""
    if connection.dialect.name == "postgresql":
        for schema in SCHEMAS:
            connection.execute(CreateSchema(schema, if_not_exists=True))
    for table in metadata.sorted_tables:
        connection.execute(CreateTable(table))


def create_indexes(connection: Connection) -> None:
    """The official indexes, and figures about the data for the query planner."""
    for table in metadata.sorted_tables:
        for index in sorted(table.indexes, key=lambda index: str(index.name)):
            connection.execute(CreateIndex(index))
    connection.exec_driver_sql("ANALYZE")


def drop_tables(connection: Connection) -> None:
    """Every PanDA table goes."""
    metadata.drop_all(connection)


def holds_tables(connection: Connection) -> bool:
    """Whether PanDA tables are there already, whoever made them."""
    schema = "doma_panda" if connection.dialect.name == "postgresql" else None
    return inspect(connection).has_table("jedi_tasks", schema=schema)
