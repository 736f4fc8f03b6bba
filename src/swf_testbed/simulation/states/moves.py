"""The only functions that change a state: each checks the step, stamps the times, writes the log and moves the row.

Time rules are those of panda-states 2 (jobs), 4 (tasks) and 8 (workers).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from swf_testbed.simulation.core.ledger import Row
from swf_testbed.simulation.core.world import Job, Task, World
from swf_testbed.simulation.states.legal import (
    JOB_FINAL,
    JOB_STEPS,
    JOB_TABLE,
    QUEUE_STEPS,
    TASK_FINAL,
    TASK_STEPS,
    WORKER_FINAL,
    WORKER_STEPS,
    require,
)

SERVER: Final = "pandaserver02.sdcc.bnl.gov"
#: How the input file calls the job's state (jedi_dataset_contents.proc_status).
_INPUT_VIEW: Final = {"activated": "queued", "starting": "starting", "running": "running"}


def move_job(world: World, job: Job, state: str, **values: Any) -> None:
    """Give a job its next state, with further new column values.

    Raises:
        IllegalTransitionError: PanDA does not take this step.
    """
    row, now = job.row, world.now
    require(JOB_STEPS, f"job {row['pandaid']}", job.state, state)
    job.turn += 1
    world.ledger.change(job.table, row, jobstatus=state, statechangetime=now, modificationtime=now, **values)
    log_job(world, job)
    if state in _INPUT_VIEW:
        world.ledger.change("jedi_dataset_contents", job.input, proc_status=_INPUT_VIEW[state])
    if not (state == "failed" and stays_active(job)):
        _settle(world, job, JOB_TABLE[state])


def stays_active(job: Job) -> bool:
    """A failed user job keeps its row among the active ones for a while (panda-states 1)."""
    return bool(job.row["prodsourcelabel"] == "user" and job.table == "jobsactive4")


def archive(world: World, job: Job) -> None:
    """Move a failed user job, kept among the active ones until now, to the archive."""
    world.ledger.change(job.table, job.row, modificationtime=world.now)
    _settle(world, job, "jobsarchived4")


def _settle(world: World, job: Job, table: str) -> None:
    if table != job.table:
        world.ledger.move(job.row, job.table, table)
        job.table = table
    if table == "jobsarchived4":
        _stamp_companions(world, job)


def _stamp_companions(world: World, job: Job) -> None:
    at = job.row["modificationtime"]
    for file in job.files:
        world.ledger.change("filestable4", file, modificationtime=at)
    world.ledger.change("jobparamstable", job.parameters, modificationtime=at)
    if job.report is not None:
        world.ledger.change("metatable", job.report, modificationtime=at)


def log_job(world: World, job: Job) -> None:
    """Record the job's state as new (jobs_statuslog)."""
    row = job.row
    world.ledger.append(
        "jobs_statuslog",
        {
            "pandaid": row["pandaid"],
            "modificationtime": world.now,
            "jobstatus": row["jobstatus"],
            "prodsourcelabel": row["prodsourcelabel"],
            "cloud": row["cloud"],
            "computingsite": row["computingsite"],
            "modificationhost": row["modificationhost"],
            "modiftime_extended": world.now,
        },
    )


def move_task(world: World, task: Task, state: str, reason: str = "", **values: Any) -> None:
    """Give a task its next state, with further new column values.

    Raises:
        IllegalTransitionError: PanDA does not take this step.
    """
    require(TASK_STEPS, f"task {task.id}", task.state, state)
    now = world.now
    task.turn += 1
    times: Row = {"statechangetime": now, "modificationtime": now, "realmodificationtime": now}
    if state in TASK_FINAL:
        times |= {"endtime": now, "frozentime": None}
    world.ledger.change("jedi_tasks", task.row, status=state, **(times | _superstatus(state) | values))
    log_task(world, task, reason)


def _superstatus(state: str) -> Row:
    """The outside view, which some states leave as it was (panda-states 4)."""
    if state == "scouting":
        return {"superstatus": "submitting"}
    if state in TASK_FINAL or state in {"assigning", "running", "aborting", "exhausted"}:
        return {"superstatus": state}
    return {}


def log_task(world: World, task: Task, reason: str = "") -> None:
    """Record the task's state as new (tasks_statuslog)."""
    world.ledger.append(
        "tasks_statuslog",
        {
            "jeditaskid": task.id,
            "modificationtime": world.now,
            "status": task.state,
            "modificationhost": SERVER,
            "attemptnr": task.row["attemptnr"],
            "reason": reason or None,
        },
    )


def move_worker(world: World, worker: Row, state: str, **values: Any) -> None:
    """Give a worker its next state; start and end times follow from it.

    Raises:
        IllegalTransitionError: a worker does not take this step.
    """
    require(WORKER_STEPS, f"worker {worker['workerid']}", worker["status"], state)
    times: Row = {"lastupdate": world.now}
    if state == "running":
        times |= {
            "starttime": world.now,
            "pilotstarttime": world.now,
            "pilotstatus": "started",
            "nativestatus": "running",
        }
    if state in WORKER_FINAL:
        times |= _worker_end(worker, world.now)
    world.ledger.change("harvester_workers", worker, status=state, **(times | values))


def _worker_end(worker: Row, at: datetime) -> Row:
    if worker["pilotstarttime"] is None:
        return {"endtime": at}
    return {"endtime": at, "pilotendtime": at, "pilotstatus": "finished", "pilotstatussynctime": at}


def move_queue(world: World, name: str, status: str, comment: str) -> None:
    """Give a queue its next status in its configuration document.

    Raises:
        IllegalTransitionError: queues do not take this step.
    """
    row = world.queue_rows[name]
    require(QUEUE_STEPS, f"queue {name}", row["data"]["status"], status)
    document = row["data"] | {"status": status, "comment": comment}
    world.ledger.change("schedconfig_json", row, data=document, last_update=world.now)


def is_final(job: Job) -> bool:
    """Whether the job has ended."""
    return job.state in JOB_FINAL
