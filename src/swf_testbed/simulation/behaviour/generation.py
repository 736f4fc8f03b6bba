"""JEDI's job generator and broker: inputs that are ready become jobs, in batches, each at a queue."""

from __future__ import annotations

from typing import Final

from swf_testbed.simulation.behaviour import job_life, job_rows
from swf_testbed.simulation.catalogue.queues import BY_NAME, QUEUES, STREAMING, Queue
from swf_testbed.simulation.core.chance import weighted
from swf_testbed.simulation.core.world import Task, World

GENERATING: Final = frozenset({"scouting", "running"})
BATCH: Final = 120
SCOUTS: Final = 10


def source_name(world: World, task: Task) -> str:
    """Name of the input dataset of a task that reads data."""
    name, rng = str(task.row["taskname"]), world.dice("source", task.id)
    if task.plan.kind == "streaming":
        return f"group.daq:{name.removesuffix('.processed')}.run"
    sample = f"{rng.choice(('10x100', '18x275'))}/minQ2={rng.choice((1, 10, 100))}"
    return f"epic:/RECO/{task.row['campaign']}/epic_craterlake/DIS/NC/{sample}"


def wake(world: World, task: Task, seconds: float) -> None:
    """Let the generator look at the task that much later."""
    if not task.generating:
        task.generating = True
        world.later(world.now, seconds, _generate, task)


def wake_for_retries(world: World, task: Task) -> None:
    """Inputs came back: the generator looks again 2 to 30 minutes later (epic-facts 9)."""
    if task.ready and task.state == "running":
        wake(world, task, world.dice("again", task.id, task.serial).uniform(120, 1800))


def _generate(world: World, task: Task) -> None:
    task.generating = False
    if task.state not in GENERATING:
        return
    limit = SCOUTS - task.serial if task.state == "scouting" else BATCH
    for _ in range(min(max(limit, 0), len(task.ready))):
        entry = task.ready.popleft()
        job = job_rows.new_job(world, task, entry, broker(world, task, int(entry["fileid"])))
        job_life.follow(world, job)
    world.ledger.change("jedi_tasks", task.row, modificationtime=world.now, realmodificationtime=world.now)
    if task.ready and task.state == "running":
        wake(world, task, world.dice("cycle", task.id, task.serial).uniform(200, 900))


def broker(world: World, task: Task, number: int) -> Queue:
    """The queue of a new job: the task's own, else one by share among those that are open."""
    if task.row["site"]:
        return BY_NAME[task.row["site"]]
    return choose_queue(world, task.plan.kind, ("broker", task.id, number, task.serial))


def choose_queue(world: World, kind: str, name: tuple[object, ...]) -> Queue:
    """A queue for this kind of task, by share, open ones first."""
    if kind == "streaming":
        possible = [BY_NAME[queue] for queue in STREAMING]
    else:
        possible = [queue for queue in QUEUES if queue.share and (kind == "test" or not queue.tests_only)]
    if kind == "analysis":
        possible = [queue for queue in possible if queue.wait[1] < 6 * 3600]
    opened = [queue for queue in possible if world.status_of_queue(queue.name) == "online"] or possible
    return weighted(
        world.dice(*name), opened, [1.0 if kind in ("test", "streaming") else queue.share for queue in opened]
    )
