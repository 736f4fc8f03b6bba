"""From the tables back to a living world, after a restart: everything that is not final, and what will happen to it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import Connection, Select, func, select

from swf_monitor.panda.schema import table
from swf_testbed.simulation.behaviour import arrivals, job_life, task_life, workers
from swf_testbed.simulation.behaviour.circumstances import Circumstances
from swf_testbed.simulation.catalogue.queues import BY_NAME
from swf_testbed.simulation.core.ledger import Row
from swf_testbed.simulation.core.world import FIRST_IDS, Job, Task, World
from swf_testbed.simulation.states.legal import JOB_FINAL, TASK_FINAL, WORKER_FINAL
from swf_testbed.simulation.storage.marks import Marks

#: How long an ended task may still be retried.
RETRIED_WITHIN: Final = timedelta(days=3)
_CHUNK: Final = 400
_COUNTERS: Final = (
    ("task", "jedi_tasks", "jeditaskid"),
    ("dataset", "jedi_datasets", "datasetid"),
    ("file", "jedi_dataset_contents", "fileid"),
    ("row", "filestable4", "row_id"),
    ("worker", "harvester_workers", "workerid"),
)
_JOB_TABLES: Final = ("jobsdefined4", "jobsactive4")


def read_world(connection: Connection, marks: Marks, circumstances: Circumstances | None = None) -> World:
    """The world as the tables show it, at the time up to which it was simulated, running at speed 1.

    Args:
        circumstances: the story that goes on; None for ordinary life.
    """
    world = World(marks.seed, marks.simulated_until, circumstances or Circumstances(), ids=_counters(connection))
    world.queues = dict(BY_NAME)
    world.queue_rows = {row["panda_queue"]: row for row in _rows(connection, select(table("schedconfig_json")))}
    world.storage_rows = {row["ddm_endpoint_name"]: row for row in _rows(connection, select(table("ddm_endpoint")))}
    tasks = table("jedi_tasks")
    world.last_task_at = connection.execute(select(func.max(tasks.c.creationdate))).scalar() or world.now
    kept = _read_tasks(connection, world)
    _read_jobs(connection, world, kept)
    _follow(connection, world)
    return world


def _rows(connection: Connection, query: Select[Any]) -> Iterator[Row]:
    return (dict(row) for row in connection.execute(query).mappings())


def _rows_of(connection: Connection, name: str, column: str, keys: Iterable[int]) -> Iterator[Row]:
    """Rows whose column is among the keys, asked for in portions that every database accepts."""
    target, wanted = table(name), sorted(keys)
    order = list(target.primary_key.columns) or [target.c[column]]
    for start in range(0, len(wanted), _CHUNK):
        yield from _rows(
            connection, select(target).where(target.c[column].in_(wanted[start : start + _CHUNK])).order_by(*order)
        )


def _counters(connection: Connection) -> dict[str, int]:
    ids = dict(FIRST_IDS)
    for kind, name, column in _COUNTERS:
        ids[kind] = max(ids[kind], connection.execute(select(func.max(table(name).c[column]))).scalar() or 0)
    archives = (table("jobsarchived4"), table("jobsarchived", "doma_pandaarch"))
    for target in (*map(table, _JOB_TABLES), *archives):
        ids["job"] = max(ids["job"], connection.execute(select(func.max(target.c.pandaid))).scalar() or 0)
    return ids


def _read_tasks(connection: Connection, world: World) -> dict[int, Task]:
    """Every task that may still change; those not final, or to be retried, join the world."""
    tasks = table("jedi_tasks")
    living = tasks.c.status.not_in(TASK_FINAL) | (tasks.c.endtime > world.now - RETRIED_WITHIN)
    found: dict[int, Task] = {}
    for row in _rows(connection, select(tasks).where(living).order_by(tasks.c.jeditaskid)):
        plan = world.circumstances.task_plan(world.seed, row["jeditaskid"], row["taskname"])
        found[row["jeditaskid"]] = Task(row, plan)
    _read_datasets(connection, found)
    _read_contents(connection, found)
    _read_attempts(connection, found)
    for row in _rows_of(connection, "jedi_job_retry_history", "jeditaskid", found):
        found[row["jeditaskid"]].origins[row["newpandaid"]] = row["originpandaid"]
    world.tasks.update(found)
    return found


def _read_datasets(connection: Connection, found: dict[int, Task]) -> None:
    for row in _rows_of(connection, "jedi_datasets", "jeditaskid", found):
        task = found[row["jeditaskid"]]
        if row["type"] in ("input", "pseudo_input"):
            task.source = row
        else:
            task.products.append(row)


def _read_contents(connection: Connection, found: dict[int, Task]) -> None:
    """Inputs that wait or have failed; the serial is the number of log files announced so far."""
    for row in _rows_of(connection, "jedi_dataset_contents", "jeditaskid", found):
        task = found[row["jeditaskid"]]
        if row["type"] == "log":
            task.serial += 1
        elif row["type"] in ("input", "pseudo_input") and row["status"] in ("ready", "failed"):
            (task.ready if row["status"] == "ready" else task.failed).append(row)


def _read_attempts(connection: Connection, found: dict[int, Task]) -> None:
    for row in _rows_of(connection, "task_attempts", "jeditaskid", found):
        if row["endtime"] is None:
            found[row["jeditaskid"]].attempt = row


def _read_jobs(connection: Connection, world: World, tasks: dict[int, Task]) -> None:
    rows = [
        (name, row)
        for name in _JOB_TABLES
        for row in _rows(connection, select(table(name)).order_by(table(name).c.pandaid))
    ]
    ids = [int(row["pandaid"]) for _, row in rows]
    parts = _Parts(connection, world, ids)
    for name, row in rows:
        task = tasks.get(row["jeditaskid"])
        if task is not None:
            job = parts.job(name, row, task)
            if row["jobstatus"] in JOB_FINAL:
                job_life.follow_kept(world, job)
            else:
                task.jobs[int(row["pandaid"])] = job


class _Parts:
    """The rows of other tables that belong to jobs, read for all of them at once."""

    def __init__(self, connection: Connection, world: World, ids: list[int]) -> None:
        self._world = world
        self._files: dict[int, list[Row]] = defaultdict(list)
        for row in _rows_of(connection, "filestable4", "pandaid", ids):
            self._files[row["pandaid"]].append(row)
        self._contents = self._read_contents(connection)
        self._single = {
            name: {row["pandaid"]: row for row in _rows_of(connection, name, "pandaid", ids)}
            for name in ("jobparamstable", "metatable", "jobsdebug", "harvester_rel_jobs_workers")
        }
        wanted = {link["workerid"] for link in self._single["harvester_rel_jobs_workers"].values()}
        self._workers = {row["workerid"]: row for row in _rows_of(connection, "harvester_workers", "workerid", wanted)}

    def _read_contents(self, connection: Connection) -> dict[tuple[int, int], Row]:
        files = [file for group in self._files.values() for file in group]
        datasets = {file["datasetid"] for file in files}
        return {
            (row["datasetid"], row["fileid"]): row
            for row in _rows_of(connection, "jedi_dataset_contents", "datasetid", datasets)
        }

    def job(self, name: str, row: Row, task: Task) -> Job:
        """A job put together from its rows."""
        pandaid = int(row["pandaid"])
        files = self._files[pandaid]
        entries = [self._contents[file["datasetid"], file["fileid"]] for file in files]
        source = next(entry for entry in entries if entry["type"] in ("input", "pseudo_input"))
        queue, world = BY_NAME[row["computingsite"]], self._world
        link = self._single["harvester_rel_jobs_workers"].get(pandaid)
        return Job(
            row,
            task,
            source,
            world.circumstances.job_plan(world.seed, pandaid, task.plan.kind, queue, source),
            self._single["jobparamstable"][pandaid],
            report=self._single["metatable"].get(pandaid),
            table=name,
            files=files,
            outputs=[entry for entry in entries if entry["type"] in ("output", "log")],
            worker=self._workers.get(link["workerid"]) if link else None,
            debug_row=self._single["jobsdebug"].get(pandaid),
        )


def _follow(connection: Connection, world: World) -> None:
    """Put on the agenda what comes next for everything there is."""
    world.circumstances.follow(world)
    arrivals.follow_arrivals(world)
    for task in list(world.tasks.values()):
        for job in list(task.jobs.values()):
            job_life.follow(world, job)
        if task.state not in TASK_FINAL:
            task_life.follow(world, task)
            task_life.follow_commands(world, task)
        elif not task_life.follow_retry(world, task):
            del world.tasks[task.id]
    idle = table("harvester_workers")
    unfinished = idle.c.status.not_in(WORKER_FINAL) & (idle.c.njobs == 0)
    for worker in _rows(connection, select(idle).where(unfinished).order_by(idle.c.workerid)):
        workers.follow_idle(world, worker)
