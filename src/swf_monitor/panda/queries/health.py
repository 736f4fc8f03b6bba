"""Is PanDA alive: the newest Harvester heartbeat and the newest changes of jobs and tasks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from swf_monitor.panda.queries.conditions import JOB_TABLES
from swf_monitor.panda.schema import table


@dataclass(frozen=True, slots=True)
class Freshness:
    """Newest times in the database, UTC without zone; None where a table is empty."""

    heartbeat: datetime | None
    job_change: datetime | None
    task_change: datetime | None


def freshness(connection: Connection) -> Freshness:
    """Read the newest times; each is one look-up in an index or a table of few rows."""
    newest = [connection.execute(select(func.max(source.c.statechangetime))).scalar() for source in JOB_TABLES]
    return Freshness(
        heartbeat=connection.execute(select(func.max(table("harvester_instances").c.lastupdate))).scalar(),
        job_change=max((moment for moment in newest if moment), default=None),
        task_change=connection.execute(select(func.max(table("jedi_tasks").c.modificationtime))).scalar(),
    )
