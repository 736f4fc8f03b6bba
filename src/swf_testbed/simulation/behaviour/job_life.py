"""What a job does in each state, and what comes next: **the place to add a job behaviour**.

`LIFE` names, for each state, the function that decides what happens after it was entered. It puts its decision on the
agenda, counted from the row's own times; so the same function also picks a job up again after a restart. To add a
behaviour: draw its chance in `job_plan`, act on it in the function of the state concerned, let the step be legal in
`states.legal` (PanDA's rules, not ours), and give new error texts a line in `catalogue.failures`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

from swf_testbed.simulation.behaviour import inputs, job_reports, task_life, workers
from swf_testbed.simulation.behaviour.job_plan import OUTPUT_PROCESSINGS
from swf_testbed.simulation.catalogue import failures
from swf_testbed.simulation.catalogue.failures import Failure
from swf_testbed.simulation.core.world import Job, World
from swf_testbed.simulation.states.legal import JOB_FINAL
from swf_testbed.simulation.states.moves import archive, move_job

HEARTBEAT: Final = 1800.0
DEBUG_HEARTBEAT: Final = 60.0
LOST_AFTER: Final = 7200.0
UNANSWERED_AFTER: Final = 1800.0
HANGING: Final = 600.0  # how often a payload that hangs may come to its end after all
UNLIMITED: Final = 99
HOLDING_LIMIT: Final = 3 * 3600.0
#: States in which a pilot has the job: a kill waits for the pilot's next message.
HELD_BY_PILOT: Final = frozenset({"sent", "starting", "running", "holding", "transferring"})


def enter(world: World, job: Job, state: str, **values: Any) -> None:
    """Give the job its next state and let it go on from there."""
    move_job(world, job, state, **values)
    follow(world, job)


def follow(world: World, job: Job) -> None:
    """Put on the agenda what comes next for a job in its present state."""
    if job.state in JOB_FINAL:
        _ended(world, job)
    elif job.row["commandtopilot"] == "tobekilled":
        _after(
            world, job, world.dice("obey", job.row["pandaid"]).uniform(60, 1500), _pilot_obeys, since="modificationtime"
        )
    else:
        LIFE[job.state](world, job)


def _after(
    world: World, job: Job, seconds: float, action: Callable[..., None], *arguments: Any, since: str = "statechangetime"
) -> None:
    """Let the action happen unless the job has moved on by then."""
    world.later(job.row[since], seconds, _if_same_turn, job, job.turn, action, arguments)


def _if_same_turn(world: World, job: Job, turn: int, action: Callable[..., None], arguments: tuple[Any, ...]) -> None:
    if job.turn == turn:
        action(world, job, *arguments)


def _pending(world: World, job: Job) -> None:
    _after(world, job, job.plan.setup, enter, "defined" if job.plan.via_defined else "activated")


def _defined(world: World, job: Job) -> None:
    _after(world, job, job.plan.setup, enter, "activated")


def _activated(world: World, job: Job) -> None:
    wait = job.plan.wait
    if job.plan.killed:
        _after(world, job, wait * 0.5, kill, f"killed by {job.task.plan.person.name}")
    elif job.plan.reassigned:
        _after(world, job, wait * job.plan.moment, close_as_reassigned)
    if job.worker is None:
        _after(world, job, wait * 0.4, workers.submit)
    _after(world, job, wait, _dispatch)


def _throttled(_world: World, _job: Job) -> None:
    """Held back with its task; `release` ends it."""


def _dispatch(world: World, job: Job) -> None:
    """A pilot asks for work, unless the queue is shut."""
    if not world.circumstances.hands_out(world, job):
        world.later(world.now, 1200 + 600 * job.plan.moment, _if_same_turn, job, job.turn, _dispatch, ())
        return
    workers.submit(world, job)
    identity = job_reports.pilot_identity(world, job)
    if world.queues[job.queue].pull:
        workers.start(world, job)
        enter(world, job, "sent", starttime=world.now, **identity)
    else:
        enter(world, job, "starting", **identity)


def _sent(world: World, job: Job) -> None:
    if job.plan.unanswered:
        _after(world, job, UNANSWERED_AFTER, _no_answer)
    else:
        _after(world, job, job.plan.boot * 0.4, enter, "running" if job.plan.skips_starting else "starting")


def _no_answer(world: World, job: Job) -> None:
    text = f"no reply to sent job since {job.row['modificationtime']:%Y-%m-%d %H:%M:%S}"
    enter(world, job, "failed", endtime=world.now, jobdispatchererrorcode=102, jobdispatchererrordiag=text)


def _starting(world: World, job: Job) -> None:
    _after(world, job, job.plan.boot, _run)


def _run(world: World, job: Job) -> None:
    workers.start(world, job)
    enter(world, job, "running", starttime=world.now, **job_reports.start_values(job))


def _running(world: World, job: Job) -> None:
    failure = world.circumstances.failure(world, job)
    _await_end(world, job, job.plan.wall if failure is None else _time_of(failure, job), failure)


def _await_end(world: World, job: Job, end: float, failure: Failure | None) -> None:
    _after(world, job, end, _end_run, failure)
    _follow_heartbeats(world, job, end)


def _end_run(world: World, job: Job, failure: Failure | None) -> None:
    """The time of the payload, or of its failure, has come; one that hangs goes on and sends heartbeats."""
    if world.circumstances.hangs(job):
        _await_end(world, job, world.seconds_since(job.row["statechangetime"]) + HANGING, failure)
    elif failure is None:
        _payload_done(world, job)
    else:
        _END[failure.ending](world, job, failure)


def _interval(job: Job) -> float:
    return DEBUG_HEARTBEAT if job.plan.debugged else HEARTBEAT


def _follow_heartbeats(world: World, job: Job, end: float) -> None:
    """Put the next heartbeat before ``end`` on the agenda; of those that nobody will have seen, the last is enough."""
    # A hundredth of a second more, so that a heartbeat due now counts as past in spite of rounding.
    interval, elapsed = _interval(job), world.seconds_since(job.row["statechangetime"]) + 0.01
    unseen = elapsed + (world.unseen_until - world.now).total_seconds() * world.speed
    number = max(elapsed // interval + 1, min(unseen, end) // interval)
    if number * interval < end:
        _after(world, job, number * interval, _heartbeat, end)


def _heartbeat(world: World, job: Job, end: float) -> None:
    """The pilot reports that it is alive, until its end."""
    world.ledger.change(job.table, job.row, modificationtime=world.now, **job_reports.progress(world, job))
    job_reports.note_output(world, job)
    _follow_heartbeats(world, job, end)


def _note_last_heartbeat(world: World, job: Job) -> None:
    """Make up for heartbeats that were left out because nobody could see them."""
    begin, interval = job.row["statechangetime"], _interval(job)
    last = begin + timedelta(seconds=world.seconds_since(begin) // interval * interval / world.speed)
    if last > job.row["modificationtime"]:
        world.ledger.change(job.table, job.row, modificationtime=last)


def _time_of(failure: Failure, job: Job) -> float:
    """Seconds from the start of running to this failure."""
    wall, moment = job.plan.wall, job.plan.moment
    return {
        "early": min(wall, 60 + 540 * moment),
        "late": wall,
        "limit": wall * (1.0 + moment),
        "anywhere": wall * moment,
    }[failure.moment]


def _payload_done(world: World, job: Job) -> None:
    """The payload ended well; output may still fail where the storage is ill."""
    if world.storage_is_ill(job.task.plan.storage) and job.plan.luck_at_output < 0.8:
        failure = failures.pick(world.dice("failure", job.row["pandaid"]), failures.STORAGE_ILL, "")
        _END[failure.ending](world, job, failure)
    else:
        _report(world, job)


def _report(world: World, job: Job, failure: Failure | None = None) -> None:
    """The pilot's final report: the job holds until the server has registered its output."""
    values = job_reports.final_report(world, job, failure)
    workers.end(world, job, "finished")
    if failure is None and job.task.plan.kind in OUTPUT_PROCESSINGS and job.plan.moment < 0.3:
        enter(world, job, "transferring", endtime=world.now, **values)
    else:
        enter(world, job, "holding", endtime=world.now, **values)


def _fail_with(world: World, job: Job, failure: Failure) -> None:
    _report(world, job, failure)


def fall_silent(world: World, job: Job, failure: Failure) -> None:
    """The pilot is gone without a word; the server notices two hours after the last heartbeat."""
    job.turn += 1
    _note_last_heartbeat(world, job)
    seconds = LOST_AFTER + 600 * job.plan.moment
    _after(world, job, seconds, _lost, failure, since="modificationtime")


def _lost(world: World, job: Job, failure: Failure) -> None:
    heartbeat = job.row["modificationtime"]
    values = job_reports.error_values(world, job, failure)
    workers.end(world, job, "failed", code=1000, text="the batch system does not know the worker any more")
    enter(world, job, "failed", endtime=heartbeat, **values)


def _worker_dies(world: World, job: Job, failure: Failure) -> None:
    values = job_reports.error_values(world, job, failure)
    text = str(values["superrordiag"]).removeprefix("Diag from worker : ")
    workers.end(world, job, "failed", code=values["superrorcode"], text=text)
    enter(world, job, "failed", endtime=world.now, **values)


def _holding(world: World, job: Job) -> None:
    if job.row["jobdispatchererrorcode"] == 103:
        _after(world, job, HOLDING_LIMIT, enter, "failed")
    elif job_reports.reported_failure(job):
        _after(world, job, min(job.plan.holding, 400), enter, "failed")
    elif job.task.plan.kind in OUTPUT_PROCESSINGS and job.plan.moment < 0.6:
        _after(world, job, job.plan.holding, enter, "transferring")
    else:
        _after(world, job, job.plan.holding, _register)


def _transferring(world: World, job: Job) -> None:
    if job_reports.reported_failure(job):
        _after(world, job, job.plan.transfer, enter, "failed")
    else:
        _after(world, job, job.plan.transfer, _register)


def _register(world: World, job: Job) -> None:
    enter(world, job, "finished", **job_reports.success_values(job))


LIFE: Final[dict[str, Callable[[World, Job], None]]] = {
    "pending": _pending,
    "defined": _defined,
    "activated": _activated,
    "throttled": _throttled,
    "sent": _sent,
    "starting": _starting,
    "running": _running,
    "holding": _holding,
    "transferring": _transferring,
}
_END: Final[dict[str, Callable[[World, Job, Failure], None]]] = {
    "report": _fail_with,
    "registration": _fail_with,
    "silence": fall_silent,
    "worker": _worker_dies,
}


def kill(world: World, job: Job, text: str) -> None:
    """Kill a job: at once while it waits, else by an order that its pilot obeys later (panda-states 1, kill codes)."""
    values = {"taskbuffererrorcode": 100, "taskbuffererrordiag": text[:300]}
    if job.state not in HELD_BY_PILOT:
        workers.end(world, job, "cancelled", text=text)
        enter(world, job, "cancelled", endtime=world.now, **values)
    elif job.row["commandtopilot"] != "tobekilled":
        job.turn += 1
        world.ledger.change(job.table, job.row, modificationtime=world.now, commandtopilot="tobekilled", **values)
        follow(world, job)


def _pilot_obeys(world: World, job: Job) -> None:
    workers.end(world, job, "cancelled", text="killed on server command")
    times = {"endtime": job.row["endtime"] or world.now}
    if job.state == "starting":
        times |= {"starttime": world.now}
    enter(
        world,
        job,
        "cancelled",
        **times,
        piloterrorcode=1144,
        piloterrordiag="Received a kill command from the server (tobekilled)",
    )


def close(world: World, job: Job, code: int, text: str, substatus: str) -> None:
    """The system itself ends a job that does no useful work."""
    workers.end(world, job, "cancelled", text=text)
    values = {"taskbuffererrorcode": code, "taskbuffererrordiag": text[:300], "jobsubstatus": substatus}
    enter(world, job, "closed", endtime=world.now, **values)


def close_as_reassigned(world: World, job: Job) -> None:
    """JEDI takes the job back to make it anew (kill code 51)."""
    close(world, job, 100, "reassigned by JEDI", "toreassign")


def hold_back(world: World, job: Job) -> None:
    """The job's task is held: an activated job is throttled."""
    if job.state == "activated":
        enter(world, job, "throttled")


def release(world: World, job: Job) -> None:
    """The job's task goes on."""
    if job.state == "throttled":
        enter(world, job, "activated")


def _ended(world: World, job: Job) -> None:
    """Files, inputs and the task learn of the end; a failed user job is archived later."""
    job_reports.settle_files(world, job)
    job.task.jobs.pop(int(job.row["pandaid"]), None)
    if job.table != "jobsarchived4":
        follow_kept(world, job)
    if job.state == "finished":
        inputs.finish(world, job)
    else:
        inputs.give_back(world, job, limit=_attempts_allowed(job))
    task_life.job_ended(world, job.task)


def _attempts_allowed(job: Job) -> int:
    """The instance's two retry rules (epic-facts 8): a closed dataset is final, a purged sandbox has two attempts."""
    if job.state == "failed" and "is closed" in str(job.row["ddmerrordiag"]):
        return 1
    return 2 if job.row["exeerrorcode"] == 5303 else UNLIMITED


def follow_kept(world: World, job: Job) -> None:
    """A failed user job stays among the active ones up to an hour."""
    world.later(job.row["statechangetime"], 900 + 2700 * job.plan.moment, archive, job)
