"""What the simulation notes about itself, in PanDA's own `config` table: seed, and up to when it has simulated.

`simulated_until` is written in the same transaction as the step it belongs to. It is also the guard against two
simulations on one database: a step is refused when the mark is not what this process wrote last.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, insert, select, update

from swf_monitor.panda.schema import table
from swf_testbed.simulation.core.ledger import Row

APP: Final = "swf_testbed"
FORMAT: Final = "1"


class OtherWriterError(Exception):
    """Another simulation has moved this database on."""


@dataclass(frozen=True, slots=True)
class Marks:
    """The notes of a complete simulated database."""

    seed: int
    seeded_from: datetime
    simulated_until: datetime


def read_marks(connection: Connection) -> Marks | None:
    """The notes, or None where they are missing, incomplete or of another format."""
    config = table("config")
    rows = connection.execute(select(config.c.key, config.c.value).where(config.c.app == APP))
    notes = {str(row.key): str(row.value) for row in rows}
    if notes.get("format") != FORMAT:
        return None
    return Marks(
        int(notes["seed"]),
        datetime.fromisoformat(notes["seeded_from"]),
        datetime.fromisoformat(notes["simulated_until"]),
    )


def write_marks(connection: Connection, marks: Marks) -> None:
    """Note that the database is complete."""
    notes = {
        "format": FORMAT,
        "seed": str(marks.seed),
        "seeded_from": marks.seeded_from.isoformat(),
        "simulated_until": marks.simulated_until.isoformat(),
    }
    connection.execute(insert(table("config")), [_row(key, value) for key, value in notes.items()])


def _row(key: str, value: str) -> Row:
    return {
        "app": APP,
        "component": "simulation",
        "key": key,
        "value": value,
        "type": "str",
        "vo": "epic",
        "descr": "kept by swf-testbed",
    }


def move_mark(connection: Connection, old: datetime, new: datetime) -> None:
    """Note that the simulation has come from ``old`` to ``new``.

    Raises:
        OtherWriterError: the mark is not at ``old``.
    """
    config = table("config")
    mark = (config.c.app == APP) & (config.c.key == "simulated_until") & (config.c.value == old.isoformat())
    if connection.execute(update(config).where(mark).values(value=new.isoformat())).rowcount != 1:
        raise OtherWriterError("another simulation works on this database")
