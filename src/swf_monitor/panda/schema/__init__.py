"""The official PanDA tables (panda-database 0.1.6) as SQLAlchemy Core definitions.

``columns.tsv`` and ``indexes.tsv`` hold the facts: one line per column and per index. Core tables rather than Django
models, because many PanDA tables have no primary key or a composite one, and lists read unions of tables.

On PostgreSQL the tables live in the schemas ``doma_panda`` and ``doma_pandaarch``; SQLite has no schemas, so there an
engine translates both to none (see `SQLITE_SCHEMAS`).
"""

from __future__ import annotations

import csv
import re
from importlib.resources import files
from typing import Any, Final

from sqlalchemy import (
    CHAR,
    JSON,
    BigInteger,
    Column,
    DateTime,
    Index,
    Integer,
    MetaData,
    Numeric,
    SmallInteger,
    String,
    Table,
    Text,
    func,
    text,
)
from sqlalchemy.types import TypeEngine

SQLITE_SCHEMAS: Final[dict[str | None, str | None]] = {"doma_panda": None, "doma_pandaarch": None}

_SIMPLE_TYPES: Final[dict[str, TypeEngine[Any]]] = {
    "bigint": BigInteger(),
    "bigserial": BigInteger(),
    "integer": Integer(),
    "smallint": SmallInteger(),
    "timestamp": DateTime(),
    "text": Text(),
    "json": JSON(),
    "jsonb": JSON(),
}
_SIZED_TYPE: Final = re.compile(r"(varchar|char|numeric|decimal)\((\d+)(?:,(\d+))?\)")


def _rows(name: str) -> list[dict[str, str]]:
    with (files(__name__) / name).open(encoding="utf-8") as lines:
        return list(csv.DictReader(lines, delimiter="\t"))


def _column_type(declared: str) -> TypeEngine[Any]:
    if declared in _SIMPLE_TYPES:
        return _SIMPLE_TYPES[declared]
    match = _SIZED_TYPE.fullmatch(declared)
    if match is None:
        raise ValueError(f"columns.tsv names an unknown column type: {declared!r}")
    kind, size, scale = match[1], int(match[2]), int(match[3] or 0)
    if kind == "varchar":
        return String(size)
    if kind == "char":
        return CHAR(size)
    return Numeric(size, scale, asdecimal=False)


def _server_default(declared: str) -> Any:
    """A constant default as the database writes it; those computed by the server (now, sequences) are the writer's."""
    if not declared or declared.startswith(("now", "identity", "nextval")):
        return None
    return text(declared) if declared.isdigit() else text(f"'{declared}'")


def _define_tables() -> MetaData:
    metadata = MetaData()
    indexes = _rows("indexes.tsv")
    primary_keys = {row["table"]: row["columns"].split(",") for row in indexes if row["kind"] == "primary key"}
    by_table: dict[str, list[Column[Any]]] = {}
    for row in _rows("columns.tsv"):
        column: Column[Any] = Column(
            row["column"],
            _column_type(row["type"]),
            primary_key=row["column"] in primary_keys.get(row["table"], ()),
            autoincrement=False,
            nullable=row["nullable"] == "YES",
            server_default=_server_default(row["default"]),
        )
        by_table.setdefault(row["table"], []).append(column)
    for qualified, columns in by_table.items():
        schema, _, name = qualified.partition(".")
        Table(name, metadata, *columns, schema=schema)
    for row in indexes:
        if row["kind"] != "primary key":
            _define_index(metadata.tables[row["table"]], row)
    return metadata


def _define_index(table: Table, row: dict[str, str]) -> None:
    if "(case when" in row["columns"]:
        return  # a device of the server's own propagation; no reader of ours can use it
    # SQLite keeps index names in one space per file, so the archive schema's get a prefix.
    name = row["index"] if table.schema == "doma_panda" else f"arch_{row['index']}"
    columns = [_index_column(table, declared) for declared in row["columns"].split(",")]
    Index(name, *columns, unique=row["kind"].startswith("unique"))


def _index_column(table: Table, declared: str) -> Any:
    upper = re.fullmatch(r"upper\((\w+)\)", declared)
    if upper:
        return func.upper(table.c[upper[1]])
    name, _, direction = declared.partition(" ")
    return table.c[name].desc() if direction == "desc" else table.c[name]


metadata: Final = _define_tables()


def table(name: str, schema: str = "doma_panda") -> Table:
    """The definition of one PanDA table.

    Raises:
        KeyError: no such table in the official schema.
    """
    return metadata.tables[f"{schema}.{name}"]
