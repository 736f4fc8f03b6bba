"""Book-keeping of inputs and outputs: what a job's start and end do to file states and dataset counters.

Holds at every moment: nfilesfinished + nfilesfailed <= nfilesused <= nfiles (panda-states 6). Who tries again follows
panda-states 3: only a failure raises failedattempt, every ended attempt raises attemptnr.
"""

from __future__ import annotations

from swf_testbed.simulation.core.ledger import Row
from swf_testbed.simulation.core.world import Job, Task, World

_FILE = "jedi_dataset_contents"
_DATASET = "jedi_datasets"


def take(world: World, task: Task, entry: Row, pandaid: int) -> None:
    """A job was made for this input."""
    world.ledger.change(
        _FILE, entry, status="running", proc_status="queued", pandaid=pandaid, lastattempttime=world.now
    )
    _count(world, task.source, nfilesused=1, neventsused=1)


def finish(world: World, job: Job) -> None:
    """The job succeeded: input and outputs are finished."""
    world.ledger.change(
        _FILE, job.input, status="finished", proc_status="finished", attemptnr=job.row["attemptnr"], keeptrack=0
    )
    _count(world, job.task.source, nfilesfinished=1)
    for product in job.outputs:
        world.ledger.change(_FILE, product, status="finished", keeptrack=0)
        _count(world, _dataset_of(job.task, product), nfilesfinished=1)


def give_back(world: World, job: Job, *, limit: int) -> None:
    """The job ended without success: its input may be tried again, or has failed for good.

    Args:
        limit: attempts after which this kind of failure is not tried again.
    """
    entry, failed = job.input, job.state == "failed"
    attempt = int(job.row["attemptnr"])
    again = attempt < min(int(entry["maxattempt"]), limit)
    _end_products(world, job, "failed" if failed else "cancelled")
    state = "ready" if again else "failed"
    failures = int(entry["failedattempt"]) + int(failed)
    world.ledger.change(_FILE, entry, status=state, proc_status=state, attemptnr=attempt, failedattempt=failures)
    if again:
        _count(world, job.task.source, nfilesused=-1, neventsused=-1)
        job.task.ready.append(entry)
    else:
        _count(world, job.task.source, nfilesfailed=1)
        job.task.failed.append(entry)


def reopen_failed(world: World, task: Task, attempts: int) -> None:
    """A task is retried: its failed inputs may be tried ``attempts`` times more."""
    for entry in task.failed:
        ceiling = int(entry["attemptnr"]) + attempts
        world.ledger.change(
            _FILE,
            entry,
            status="ready",
            proc_status="ready",
            maxattempt=ceiling,
            maxfailure=int(entry["failedattempt"]) + attempts,
        )
        task.ready.append(entry)
    _count(
        world, task.source, nfilesfailed=-len(task.failed), nfilesused=-len(task.failed), neventsused=-len(task.failed)
    )
    task.failed.clear()


def announce_product(world: World, task: Task, product: Row) -> None:
    """A job is going to make one more file of this output dataset."""
    dataset = _dataset_of(task, product)
    _count(world, dataset, nfiles=1, nfilestobeused=1, nfilesused=1)


def _end_products(world: World, job: Job, state: str) -> None:
    for product in job.outputs:
        world.ledger.change(_FILE, product, status=state, keeptrack=0)
        _count(world, _dataset_of(job.task, product), nfilesfailed=1)


def _dataset_of(task: Task, product: Row) -> Row:
    return next(dataset for dataset in task.products if dataset["datasetid"] == product["datasetid"])


def _count(world: World, dataset: Row | None, **steps: int) -> None:
    assert dataset is not None, "a task with jobs has a master input"
    values = {column: int(dataset[column]) + step for column, step in steps.items()}
    world.ledger.change(_DATASET, dataset, modificationtime=world.now, **values)
