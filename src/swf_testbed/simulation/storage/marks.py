"""What the simulation notes about itself, in PanDA's own `config` table: seed, and up to when it has simulated.

A scenario's name is noted there, too, and each of its chapters when it opens, so that whoever goes on knows the story.

`simulated_until` is written in the same transaction as the step it belongs to. It is also the guard against two
simulations on one database: a step is refused when the mark is not what this process wrote last.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, insert, select, update

from swf_monitor.panda.schema import table
from swf_testbed.simulation.core.ledger import Row

APP: Final = "swf_testbed"
FORMAT: Final = "1"
SIMULATION: Final = "simulation"
STORY: Final = "story"


class OtherWriterError(Exception):
    """Another simulation has moved this database on."""


@dataclass(frozen=True, slots=True)
class Marks:
    """The notes of a complete simulated database."""

    seed: int
    seeded_from: datetime
    simulated_until: datetime
    scenario: str | None = None
    chapters: Mapping[str, datetime] = field(default_factory=dict)


def read_marks(connection: Connection) -> Marks | None:
    """The notes, or None where they are missing, incomplete or of another format."""
    config = table("config")
    columns = select(config.c.component, config.c.key, config.c.value)
    rows = connection.execute(columns.where(config.c.app == APP)).all()
    notes = {str(row.key): str(row.value) for row in rows if row.component == SIMULATION}
    if notes.get("format") != FORMAT:
        return None
    return Marks(
        int(notes["seed"]),
        datetime.fromisoformat(notes["seeded_from"]),
        datetime.fromisoformat(notes["simulated_until"]),
        notes.get("scenario"),
        {str(row.key): datetime.fromisoformat(row.value) for row in rows if row.component == STORY},
    )


def write_marks(connection: Connection, marks: Marks) -> None:
    """Note that the database is complete."""
    notes = {
        "format": FORMAT,
        "seed": str(marks.seed),
        "seeded_from": marks.seeded_from.isoformat(),
        "simulated_until": marks.simulated_until.isoformat(),
    }
    if marks.scenario is not None:
        notes["scenario"] = marks.scenario
    connection.execute(insert(table("config")), [_row(SIMULATION, key, value) for key, value in notes.items()])


def chapter_row(name: str, at: datetime) -> Row:
    """The note that a chapter of the scenario's story has opened."""
    return _row(STORY, name, at.isoformat())


def _row(component: str, key: str, value: str) -> Row:
    return {
        "app": APP,
        "component": component,
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
