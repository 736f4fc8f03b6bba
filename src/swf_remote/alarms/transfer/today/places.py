"""Where today's tables are: a PostgreSQL address, an SQLite file, or a dump."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .databases import open_postgres, open_sqlite
from .dumps import open_dump
from .records import Source, SourceError

_SQLITE = b"SQLite format 3\0"
_CUSTOM = b"PGDMP"


@contextmanager
def open_source(where: str) -> Iterator[Source]:
    """The tables at this place: ``postgresql://…``, or the path of an SQLite file or of a dump. It is only read.

    Raises:
        SourceError: it cannot be reached or read, or does not hold today's tables.
    """
    if where.startswith(("postgresql://", "postgres://")):
        with open_postgres(where) as source:
            yield source
        return
    path = Path(where)
    try:
        with path.open("rb") as file:
            begin = file.read(len(_SQLITE))
    except (OSError, ValueError) as error:
        raise SourceError(f"{where[:200]!r} cannot be read: {error}") from None
    if begin == _SQLITE:
        with open_sqlite(path) as source:
            yield source
    elif begin.startswith(_CUSTOM):
        raise SourceError("this is a dump in pg_dump's custom format: make it plain first, by pg_restore -f plain.sql")
    else:
        yield open_dump(path)
