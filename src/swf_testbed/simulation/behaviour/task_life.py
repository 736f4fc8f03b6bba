"""What a task does in each state, and what people do to tasks. The counterpart of `job_life`, with its own `LIFE`."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any, Final

from swf_testbed.simulation.behaviour import generation, inputs, job_life, task_rows
from swf_testbed.simulation.catalogue import storages
from swf_testbed.simulation.core.ledger import Row
from swf_testbed.simulation.core.world import Task, World
from swf_testbed.simulation.states.legal import TASK_FINAL, TASK_STEPS
from swf_testbed.simulation.states.moves import move_task

HOUR: Final = 3600.0
#: States that a held task comes back to.
WORKING: Final = frozenset({"ready", "scouting", "running"})
KEPT_FOR_RETRY: Final = frozenset({"finished", "failed"})


def enter(world: World, task: Task, state: str, reason: str = "", **values: Any) -> None:
    """Give the task its next state and let it go on from there."""
    move_task(world, task, state, reason, **values)
    follow(world, task)


def follow(world: World, task: Task) -> None:
    """Put on the agenda what comes next for a task in its present state."""
    if task.state in TASK_FINAL:
        _ended(world, task)
    else:
        LIFE[task.state](world, task, world.dice("step", task.id, task.state, task.row["attemptnr"]))


def follow_commands(world: World, task: Task) -> None:
    """Put on the agenda what people will ask of this task, as far as it lies ahead."""
    refined = task.row["starttime"]
    if refined is None or task.row["attemptnr"]:
        return
    elapsed = world.seconds_since(refined)
    for hour, command in task.plan.commands:
        if hour * HOUR >= elapsed:
            world.later(refined, hour * HOUR, COMMANDS[command], task)


def _after(world: World, task: Task, seconds: float, action: Callable[..., None], *arguments: Any) -> None:
    """Let the action happen unless the task has moved on by then."""
    world.later(task.row["statechangetime"], seconds, _if_same_turn, task, task.turn, action, arguments)


def _if_same_turn(world: World, task: Task, turn: int, action: Callable[..., None], arguments: tuple[Any, ...]) -> None:
    if task.turn == turn:
        action(world, task, *arguments)


def _registered(world: World, task: Task, rng: random.Random) -> None:
    if task.plan.broken:
        _after(world, task, rng.uniform(60, 300), _break)
    else:
        _after(world, task, rng.uniform(20, 120), _refine)


def _break(world: World, task: Task) -> None:
    text = world.dice("break", task.id).choice(
        (
            "unknown endpoint: local",
            'failed to refine: <a href="https://pandaserver02.sdcc.bnl.gov/log">log</a> dataset '
            + f"{task.row['taskname']}_log/ exists already",
            "cannot decode task parameters: 'nEventsPerJob' must be > 0 & an integer",
        )
    )
    enter(world, task, "tobroken", text, errordialog=text)


def _refine(world: World, task: Task) -> None:
    """The task's datasets become known."""
    kind, name = task_rows.KINDS[task.plan.kind], task.row["taskname"]
    pseudo = task.plan.kind in ("production", "test")
    source = task_rows.dataset_row(
        world,
        task,
        "pseudo_input" if pseudo else "input",
        "seq_number" if pseudo else generation.source_name(world, task),
        "SEQNUMBER" if pseudo else "IN",
    )
    task.source = source
    task.products = [task_rows.dataset_row(world, task, "log", f"{name}.log", "LOG", destination=storages.LOG_STORAGE)]
    if kind.output:
        task.products.append(
            task_rows.dataset_row(world, task, "output", f"{name}.out", "OUTPUT", destination=task.plan.storage)
        )
    for dataset in (source, *task.products):
        world.ledger.add("jedi_datasets", dataset)
    enter(world, task, "defined", starttime=world.now, frozentime=None)
    _begin_attempt(world, task)
    follow_commands(world, task)


def _begin_attempt(world: World, task: Task) -> None:
    task.attempt = {
        "jeditaskid": task.id,
        "attemptnr": task.row["attemptnr"],
        "starttime": world.now,
        "endtime": None,
        "startstatus": task.state,
        "endstatus": None,
    }
    world.ledger.add("task_attempts", task.attempt)


def _defined(world: World, task: Task, rng: random.Random) -> None:
    _after(world, task, rng.uniform(20, 150), _read_contents)


def _read_contents(world: World, task: Task) -> None:
    """The inputs are read; the task may wait for something, or be brokered."""
    source = task.source
    assert source is not None, "a refined task has a master input"
    if not source["nfiles"]:
        entries = task_rows.source_rows(world, task, source)
        for entry in entries:
            world.ledger.add("jedi_dataset_contents", entry)
        task.ready.extend(entries)
        world.ledger.change(
            "jedi_datasets",
            source,
            status="ready",
            state="closed",
            modificationtime=world.now,
            **dict.fromkeys(("nfiles", "nfilestobeused", "nevents", "neventstobeused"), len(entries)),
        )
        for product in task.products:
            world.ledger.change("jedi_datasets", product, status="registered", modificationtime=world.now)
    enter(world, task, "assigning" if task.plan.assigning else "ready")


def _assigning(world: World, task: Task, rng: random.Random) -> None:
    _after(world, task, rng.uniform(30, 400), enter, "ready")


def _ready(world: World, task: Task, rng: random.Random) -> None:
    if task.plan.pending_first and task.row["oldstatus"] is None and not task.row["attemptnr"]:
        text = "insufficient inputs are ready or no queue has free slots"
        _after(world, task, rng.uniform(20, 90), _hold, "pending", text)
        return
    scouting = task.plan.scouts and not task.row["attemptnr"]
    _after(world, task, rng.uniform(30, 200), enter, "scouting" if scouting else "running")


def _working(world: World, task: Task, rng: random.Random) -> None:
    generation.wake(world, task, rng.uniform(5, 60))
    job_ended(world, task)


def _scouted(world: World, task: Task, rng: random.Random) -> None:
    _after(world, task, rng.uniform(30, 120), enter, "running")


def _held(world: World, task: Task, rng: random.Random) -> None:
    share = {"paused": 1.0, "throttled": 0.3, "pending": 0.15}[task.state]
    _after(world, task, task.plan.hold_hours * HOUR * share * rng.uniform(0.5, 1.0), _resume)


def _hold(world: World, task: Task, state: str, text: str) -> None:
    values: Row = {"oldstatus": task.state, "errordialog": text}
    if state == "throttled":
        values |= {"throttledtime": world.now, "numthrottled": int(task.row["numthrottled"] or 0) + 1}
    enter(world, task, state, text, **values)
    for job in list(task.jobs.values()):
        job_life.hold_back(world, job)


def _resume(world: World, task: Task) -> None:
    enter(world, task, str(task.row["oldstatus"]), "resumed", errordialog=None)
    for job in list(task.jobs.values()):
        job_life.release(world, job)


def _exhausted(world: World, task: Task, rng: random.Random) -> None:
    hours = rng.uniform(2.0, 30.0)
    if task.plan.killed_when_exhausted:
        _after(world, task, hours * HOUR, kill)
    else:
        _after(world, task, hours * HOUR, _retry)


def _aborting(world: World, task: Task, rng: random.Random) -> None:
    _after(world, task, rng.uniform(20, 60), _kill_jobs)


def _kill_jobs(world: World, task: Task) -> None:
    for job in list(task.jobs.values()):
        job_life.kill(world, job, f"killed by {task.plan.person.name} with the task")
    job_ended(world, task)


def _toabort(world: World, task: Task, rng: random.Random) -> None:
    _after(world, task, rng.uniform(20, 90), enter, "aborted")


def _finishing(world: World, task: Task, rng: random.Random) -> None:
    _after(world, task, rng.uniform(20, 60), _close_waiting_jobs)


def _close_waiting_jobs(world: World, task: Task) -> None:
    for job in list(task.jobs.values()):
        if job.state not in job_life.HELD_BY_PILOT:
            job_life.close(world, job, 100, "task is almost done: not needed any more", "taskdone")
    job_ended(world, task)


def _passed(world: World, task: Task, rng: random.Random) -> None:
    _after(world, task, rng.uniform(20, 60), enter, "prepared")


def _prepared(world: World, task: Task, rng: random.Random) -> None:
    _after(world, task, rng.uniform(30, 150), _post_process)


def _post_process(world: World, task: Task) -> None:
    """The final state follows from the master input (panda-states 4)."""
    source = task.source
    assert source is not None, "a prepared task has a master input"
    done, total = int(source["nfilesfinished"]), int(source["nfiles"])
    state = "done" if done == total else "finished" if done else "failed"
    text = None if state == "done" else f"{total - done} of {total} inputs were not processed"
    enter(world, task, state, errordialog=text)


def _tobroken(world: World, task: Task, rng: random.Random) -> None:
    _after(world, task, rng.uniform(10, 60), enter, "broken")


def _toretry(world: World, task: Task, rng: random.Random) -> None:
    _after(world, task, rng.uniform(20, 120), _reopen)


def _reopen(world: World, task: Task) -> None:
    """The failed inputs become usable again."""
    inputs.reopen_failed(world, task, 2)
    enter(world, task, "ready")


LIFE: Final[dict[str, Callable[[World, Task, random.Random], None]]] = {
    "registered": _registered,
    "defined": _defined,
    "assigning": _assigning,
    "ready": _ready,
    "scouting": _working,
    "scouted": _scouted,
    "running": _working,
    "pending": _held,
    "throttled": _held,
    "paused": _held,
    "exhausted": _exhausted,
    "aborting": _aborting,
    "toabort": _toabort,
    "finishing": _finishing,
    "passed": _passed,
    "prepared": _prepared,
    "tobroken": _tobroken,
    "toretry": _toretry,
}


def job_ended(world: World, task: Task) -> None:
    """See whether the end of a job, or of the last one, takes the task on."""
    if task.jobs:
        generation.wake_for_retries(world, task)
    elif task.state in _WITHOUT_JOBS:
        _WITHOUT_JOBS[task.state](world, task)


def _scouts_done(world: World, task: Task) -> None:
    if task.source is None or not (task.source["nfilesused"] or task.failed or task.source["nfilesfinished"]):
        return
    if task.plan.scouts_fail:
        text = "all scout jobs failed or used more than their limits"
        _after(world, task, world.seconds_since(task.row["statechangetime"]) + 90, enter, "exhausted", text)
    else:
        _after(world, task, world.seconds_since(task.row["statechangetime"]) + 45, enter, "scouted")


def _maybe_prepared(world: World, task: Task) -> None:
    if task.ready:
        generation.wake_for_retries(world, task)
    else:
        _after(world, task, world.seconds_since(task.row["statechangetime"]) + 120, _prepare)


def _prepare(world: World, task: Task) -> None:
    if not task.jobs and not task.ready:
        enter(world, task, "prepared")


def _killed(world: World, task: Task) -> None:
    _after(world, task, world.seconds_since(task.row["statechangetime"]) + 30, enter, "toabort")


def _all_passed(world: World, task: Task) -> None:
    _after(world, task, world.seconds_since(task.row["statechangetime"]) + 30, enter, "passed")


_WITHOUT_JOBS: Final[dict[str, Callable[[World, Task], None]]] = {
    "scouting": _scouts_done,
    "running": _maybe_prepared,
    "aborting": _killed,
    "finishing": _all_passed,
}


def kill(world: World, task: Task) -> None:
    """A person kills the task."""
    if "aborting" in TASK_STEPS[task.state]:
        enter(world, task, "aborting", "killed", errordialog=f"killed by {task.plan.person.name}")


def finish(world: World, task: Task) -> None:
    """A person asks the task to finish with what it has."""
    if "finishing" in TASK_STEPS[task.state]:
        enter(world, task, "finishing", "finish", errordialog=f"finish command from {task.plan.person.name}")


def pause(world: World, task: Task) -> None:
    """A person pauses the task."""
    if task.state in WORKING:
        _hold(world, task, "paused", f"paused by {task.plan.person.name}: output storage is checked")


def throttle(world: World, task: Task) -> None:
    """The server holds back the task's job generation."""
    if task.state in WORKING:
        _hold(world, task, "throttled", "throttled: too many queued jobs compared with running ones")


COMMANDS: Final[dict[str, Callable[[World, Task], None]]] = {
    "kill": kill,
    "finish": finish,
    "pause": pause,
    "throttle": throttle,
}


def _ended(world: World, task: Task) -> None:
    """Close datasets and the attempt; the task is forgotten unless somebody will retry it."""
    if task.attempt is not None:
        world.ledger.change("task_attempts", task.attempt, endtime=world.now, endstatus=task.state)
        task.attempt = None
    _close_products(world, task)
    if not follow_retry(world, task):
        world.tasks.pop(task.id, None)


def follow_retry(world: World, task: Task) -> bool:
    """Put on the agenda the retry of an ended task. Returns whether there will be one."""
    wanted = task.state in KEPT_FOR_RETRY and task.plan.retried and not task.row["attemptnr"] and bool(task.failed)
    if wanted:
        _after(world, task, task.plan.retry_after_hours * HOUR, _retry)
    return wanted


def _retry(world: World, task: Task) -> None:
    attempt = int(task.row["attemptnr"]) + 1
    if task.attempt is not None:
        world.ledger.change("task_attempts", task.attempt, endtime=world.now, endstatus=task.state)
    enter(
        world,
        task,
        "toretry",
        "retry",
        attemptnr=attempt,
        starttime=None,
        endtime=None,
        errordialog=None,
        oldstatus=None,
    )
    _begin_attempt(world, task)


def _close_products(world: World, task: Task) -> None:
    bad = task.state in ("failed", "broken", "aborted")
    for product in task.products:
        made, planned = int(product["nfilesfinished"]), int(product["nfiles"])
        status = "failed" if bad else "finished" if planned > made else "done"
        world.ledger.change("jedi_datasets", product, status=status, state="closed", modificationtime=world.now)
    if task.source is not None:
        status = "finished" if task.state in ("done", "finished") else task.state
        world.ledger.change(
            "jedi_datasets", task.source, status=status if status != "aborted" else "failed", modificationtime=world.now
        )
