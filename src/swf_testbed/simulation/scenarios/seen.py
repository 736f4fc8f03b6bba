"""What a reader finds in the tables at a moment: living jobs, jobs that ended within a day, tasks, open queues."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Row, func, select

from swf_monitor.panda.queries.components import COMPONENTS
from swf_monitor.panda.schema import table

ENDED: Final = frozenset({"finished", "failed"})
_LIVE: Final = frozenset({"activated", "sent", "starting", "running", "holding", "transferring"})
_CODES: Final = tuple((component.name, component.code_column) for component in COMPONENTS)
_COLUMNS: Final = (
    *("jeditaskid", "jobstatus", "computingsite", "produsername", "creationtime", "starttime", "statechangetime"),
    *(column for _, column in _CODES),
)
_FIRST_CODE: Final = len(_COLUMNS) - len(_CODES)
#: How far back jobs are read; the rules of `evidence` look back a day before the last hour.
LOOKS_BACK: Final = timedelta(hours=25)


class SeenTask(NamedTuple):
    """A task as its row shows it; inputs that failed for good and that finished are of its master dataset."""

    id: int
    name: str
    campaign: str
    status: str
    since: datetime
    modified: datetime
    failed: int
    finished: int


class SeenJob(NamedTuple):
    """A job as its row shows it. ``errors`` are the subjects ``error:COMPONENT:CODE`` that it stands for."""

    task: SeenTask
    state: str
    site: str
    user: str
    created: datetime
    started: datetime | None
    changed: datetime
    errors: tuple[str, ...]

    @property
    def is_live(self) -> bool:
        """Whether it waits or runs."""
        return self.state in _LIVE

    def subjects(self) -> dict[str, str]:
        """What the job belongs to, by kind of subject."""
        return {
            "task": f"task:{self.task.id}",
            "site": f"site:{self.site}",
            "user": f"user:{self.user}",
            "campaign": f"campaign:{self.task.campaign}",
        }


@dataclass(frozen=True, slots=True)
class Seen:
    """The tables of a moment, as far as the rules ask."""

    now: datetime
    jobs: tuple[SeenJob, ...]
    tasks: tuple[SeenTask, ...]
    online: frozenset[str]

    def ended(self, oldest: float, newest: float = 0.0) -> list[SeenJob]:
        """Jobs that finished or failed between so many hours ago and so many."""
        first, last = self.now - timedelta(hours=oldest), self.now - timedelta(hours=newest)
        return [job for job in self.jobs if first < job.changed <= last and job.state in ENDED]


def read(connection: Connection, now: datetime) -> Seen:
    """What the tables show at ``now``, which is the moment they were written for."""
    tasks = _tasks(connection)
    jobs = tuple(_job(row, tasks[row[0]]) for row in _job_rows(connection, now - LOOKS_BACK))
    queues = connection.execute(select(table("schedconfig_json"))).mappings()
    online = frozenset(str(row["panda_queue"]) for row in queues if row["data"]["status"] == "online")
    return Seen(now, jobs, tuple(tasks.values()), online)


def _tasks(connection: Connection) -> dict[int, SeenTask]:
    tasks, data = table("jedi_tasks").c, table("jedi_datasets").c
    master = data.masterid.is_(None) & data.type.in_(("input", "pseudo_input"))
    inputs = (
        select(
            data.jeditaskid, func.sum(data.nfilesfailed).label("failed"), func.sum(data.nfilesfinished).label("done")
        )
        .where(master)
        .group_by(data.jeditaskid)
        .subquery()
    )
    query = select(
        tasks.jeditaskid,
        tasks.taskname,
        tasks.campaign,
        tasks.status,
        tasks.statechangetime,
        tasks.modificationtime,
        func.coalesce(inputs.c.failed, 0),
        func.coalesce(inputs.c.done, 0),
    ).outerjoin(inputs, inputs.c.jeditaskid == tasks.jeditaskid)
    return {row[0]: SeenTask(*row) for row in connection.execute(query.order_by(tasks.jeditaskid))}


def _job_rows(connection: Connection, since: datetime) -> Iterator[Row[Any]]:
    for name in ("jobsactive4", "jobsarchived4"):
        columns = table(name).c
        query = select(*(columns[column] for column in _COLUMNS)).where(columns.modificationtime >= since)
        yield from connection.execute(query.order_by(columns.pandaid)).all()


def _job(row: Row[Any], task: SeenTask) -> SeenJob:
    _, state, site, user, created, started, changed = row[:_FIRST_CODE]
    errors = tuple(_errors(row[_FIRST_CODE:])) if state == "failed" else ()
    return SeenJob(task, state, site, user, created, started, changed, errors)


def _errors(codes: Iterable[int | None]) -> Iterator[str]:
    return (f"error:{name}:{code}" for (name, _), code in zip(_CODES, codes, strict=True) if code)
