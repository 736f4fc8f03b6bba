"""One job and everything PanDA keeps about it: files, parameters, attempts, history of states, worker, task, log.

Contract 4.6. The row is looked for in every job table, the archive included, since PanDA moves it from table to table
under one id. Every function makes a fixed number of queries.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, Table, and_, case, literal, or_, select, union_all

from swf_monitor.panda.queries.components import COMPONENTS, FAULT_COLUMNS, TRANSFORMATION, Fault, faults_of
from swf_monitor.panda.schema import table

ARCHIVE: Final = "doma_pandaarch"
_PREFIXES: Final = {component.name: component.prefix for component in COMPONENTS} | {TRANSFORMATION: "trans"}
# In the order of a job's life, so that of two rows left by a move in progress the later one wins when reversed.
_HOMES: Final[tuple[Table, ...]] = (
    table("jobsarchived4"),
    table("jobsactive4"),
    table("jobsdefined4"),
    table("jobswaiting4"),
    table("jobsarchived", ARCHIVE),
)
_ATTEMPT_COLUMNS: Final = (
    "pandaid",
    "jobstatus",
    "attemptnr",
    "computingsite",
    "creationtime",
    "starttime",
    "endtime",
    "parentid",
    *FAULT_COLUMNS,
)
_FILE_ORDER: Final = {"input": 0, "pseudo_input": 1, "output": 2, "log": 3}
_RETRY_RELATIONS: Final = ("retry", "jobset_retry")


@dataclass(frozen=True)
class FoundJob:
    """A job's row with the table it was found in."""

    home: str
    row: RowMapping

    def __getitem__(self, column: str) -> Any:
        return self.row[column]


def find_job(connection: Connection, pandaid: int) -> FoundJob | None:
    """The job's row, wherever it lives now, or None when PanDA has no such job."""
    for home in _HOMES:
        row = connection.execute(select(home).where(home.c.pandaid == pandaid)).mappings().first()
        if row is not None:
            return FoundJob(home.name, row)
    return None


def files_of(connection: Connection, pandaid: int) -> Sequence[RowMapping]:
    """The job's files: inputs first, then outputs, then logs."""
    sources = table("filestable4"), table("filestable_arch", ARCHIVE)
    columns = ("lfn", "type", "dataset", "scope", "status", "fsize", "destinationse", "row_id")
    parts = (
        select(*(files.c[name] for name in columns), literal(files.name).label("source")).where(
            files.c.pandaid == pandaid
        )
        for files in sources
    )
    both = union_all(*parts).subquery()
    return (
        connection.execute(
            select(both).order_by(case(_FILE_ORDER, value=both.c.type, else_=len(_FILE_ORDER)), both.c.row_id)
        )
        .mappings()
        .all()
    )


def parameters_of(connection: Connection, job: FoundJob) -> str:
    """The payload's parameters: from the row, or from the table in which PanDA keeps long ones."""
    if job["jobparameters"]:
        return str(job["jobparameters"])
    return _text_of(connection, "jobparamstable", "jobparamstable_arch", "jobparameters", job["pandaid"])


def metadata_of(connection: Connection, job: FoundJob) -> str:
    """What the pilot reported about the payload (JSON text), or an empty text."""
    if job["metadata"]:
        return str(job["metadata"])
    return _text_of(connection, "metatable", "metatable_arch", "metadata", job["pandaid"])


def _text_of(connection: Connection, current: str, archived: str, column: str, pandaid: int) -> str:
    sources = (table(current), table(archived, ARCHIVE))
    query = union_all(*(select(source.c[column]).where(source.c.pandaid == pandaid) for source in sources))
    return next((str(text) for text in connection.execute(query).scalars() if text), "")


def debug_log(connection: Connection, pandaid: int) -> str | None:
    """The last lines of the payload's output that PanDA keeps, or None."""
    debug = table("jobsdebug")
    return connection.execute(select(debug.c.stdout).where(debug.c.pandaid == pandaid)).scalar()


def history_of(connection: Connection, pandaid: int) -> Sequence[RowMapping]:
    """The job's recorded changes of state, oldest first; empty where the server does not record them."""
    log = table("jobs_statuslog")
    query = (
        select(log.c.jobstatus, log.c.modificationtime, log.c.computingsite, log.c.modificationhost)
        .where(log.c.pandaid == pandaid)
        .order_by(log.c.modificationtime, log.c.modiftime_extended)
    )
    return connection.execute(query).mappings().all()


def workers_of(connection: Connection, pandaid: int) -> Sequence[RowMapping]:
    """The Harvester workers that served the job, the latest first."""
    workers, relation = table("harvester_workers"), table("harvester_rel_jobs_workers")
    same = and_(workers.c.harvesterid == relation.c.harvesterid, workers.c.workerid == relation.c.workerid)
    query = (
        select(workers)
        .select_from(workers.join(relation, same))
        .where(relation.c.pandaid == pandaid)
        .order_by(workers.c.lastupdate.desc())
    )
    return connection.execute(query).mappings().all()


def task_of(connection: Connection, jeditaskid: int | None) -> RowMapping | None:
    """What the job page says about its task, or None when there is no such task."""
    tasks = table("jedi_tasks")
    query = select(tasks.c.jeditaskid, tasks.c.taskname, tasks.c.status, tasks.c.username, tasks.c.errordialog)
    return connection.execute(query.where(tasks.c.jeditaskid == jeditaskid)).mappings().first()


def attempts_of(connection: Connection, job: FoundJob) -> list[RowMapping]:
    """All attempts at the same work, this job among them, oldest first; only this one when it was never retried.

    The chain comes from ``jedi_job_retry_history``; the job's ``parentid`` is followed as well, since PanDA keeps no
    history for jobs that the pilot or the server itself retried.
    """
    ids = _chain(connection, job)
    homes = [select(*(home.c[name] for name in _ATTEMPT_COLUMNS)).where(home.c.pandaid.in_(ids)) for home in _HOMES]
    rows = union_all(*homes).subquery()
    found = connection.execute(select(rows).order_by(rows.c.pandaid)).mappings()
    return list({row["pandaid"]: row for row in found}.values())


def _chain(connection: Connection, job: FoundJob) -> set[int]:
    history = table("jedi_job_retry_history")
    pandaid = job["pandaid"]
    is_retry = or_(history.c.relationtype.is_(None), history.c.relationtype.in_(_RETRY_RELATIONS))
    as_new = and_(history.c.jeditaskid == job["jeditaskid"], history.c.newpandaid == pandaid)
    origins = select(history.c.originpandaid).where(is_retry, or_(history.c.oldpandaid == pandaid, as_new))
    links = select(history.c.oldpandaid, history.c.newpandaid).where(is_retry, history.c.originpandaid.in_(origins))
    ids = {pandaid, *(link for row in connection.execute(links) for link in row)}
    return ids | _by_parent(connection, job)


def _by_parent(connection: Connection, job: FoundJob) -> set[int]:
    """The job's ancestors and its direct successors by ``parentid``, within its task."""
    family = union_all(
        *(
            select(home.c.pandaid, home.c.parentid).where(home.c.jeditaskid == job["jeditaskid"], home.c.parentid > 0)
            for home in _HOMES
        )
    )
    parents: dict[int, int] = {row.pandaid: row.parentid for row in connection.execute(family)}
    pandaid = job["pandaid"]
    chain = {child for child, parent in parents.items() if parent == pandaid}
    while (parent := parents.get(pandaid)) is not None and parent not in chain:
        chain.add(parent)
        pandaid = parent
    return chain


def explained_faults(connection: Connection, job: FoundJob) -> list[tuple[Fault, str]]:
    """Every error of the job with what PanDA's code table says about it, or an empty text."""
    faults = faults_of(job.row)
    codes = [(_PREFIXES[fault.component], int(fault.code)) for fault in faults if fault.code.lstrip("-").isdigit()]
    meanings = {(prefix, str(code)): meaning for (prefix, code), meaning in _error_meanings(connection, codes).items()}
    return [(fault, meanings.get((_PREFIXES[fault.component], fault.code), "")) for fault in faults]


def _error_meanings(connection: Connection, faults: Sequence[tuple[str, int]]) -> dict[tuple[str, int], str]:
    """What PanDA's code table says about pairs of component (the prefix of its columns) and code."""
    if not faults:
        return {}
    codes = table("error_descriptions")
    wanted = or_(*(and_(codes.c.component == component, codes.c.code == code) for component, code in faults))
    columns = (codes.c.component, codes.c.code, codes.c.acronym, codes.c.description)
    rows = connection.execute(select(*columns).where(wanted))
    return {(row.component, row.code): ": ".join(filter(None, (row.acronym, row.description))) for row in rows}
