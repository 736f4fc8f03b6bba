"""Trouble: queues that fall ill and are shut for a while, storage that refuses output for hours (epic-facts 8 and 9).

What is ill is written where PanDA keeps it: the status in a queue's document, the write blacklisting of an endpoint.
"""

from __future__ import annotations

from typing import Final

from swf_testbed.simulation.behaviour import job_life
from swf_testbed.simulation.catalogue import failures
from swf_testbed.simulation.catalogue.queues import QUEUES
from swf_testbed.simulation.catalogue.storages import PRODUCTION
from swf_testbed.simulation.core.ledger import Row
from swf_testbed.simulation.core.world import Job, World
from swf_testbed.simulation.states.moves import move_queue

HOUR: Final = 3600.0
DAYS_BETWEEN_OUTAGES: Final = 22.0  # of one queue
DAYS_BETWEEN_ILLNESSES: Final = 16.0  # of one storage endpoint
SILENCED: Final = 0.3  # share of running jobs lost when a queue falls ill
REBROKERED: Final = 0.5  # share of waiting jobs that a shut queue gives back, where the task is not bound to it
_HOURS: Final = {"brokeroff": (0.5, 3.0), "offline": (1.0, 8.0), "test": (0.3, 1.5)}
_COMMENTS: Final = {
    "brokeroff": "high failure rate: brokerage off while the site looks into it",
    "offline": "set offline by the operators: worker nodes lost their network, ticket open",
    "test": "back after repair: tests only",
    "online": "",
}


def follow_queue(world: World, name: str) -> None:
    """Put on the agenda when this queue's status will change next."""
    row = world.queue_rows[name]
    status, since = row["data"]["status"], row["last_update"]
    rng = world.dice("queue", name, status, since.isoformat())
    if status == "online":
        world.later(since, rng.expovariate(1 / (DAYS_BETWEEN_OUTAGES * 24 * HOUR)), _change, name, "brokeroff")
    else:
        following = {"brokeroff": "online" if rng.random() < 0.3 else "offline", "offline": "test", "test": "online"}[
            status
        ]
        world.later(since, rng.uniform(*_HOURS[status]) * HOUR, _change, name, following)


def _change(world: World, name: str, status: str) -> None:
    move_queue(world, name, status, _COMMENTS[status])
    follow_queue(world, name)
    if status == "brokeroff":
        lose_running_jobs(world, name, SILENCED)
    elif status == "offline":
        _give_back_waiting_jobs(world, name)


def _jobs_at(world: World, name: str, state: str) -> list[Job]:
    return [
        job for task in world.tasks.values() for job in task.jobs.values() if job.state == state and job.queue == name
    ]


def lose_running_jobs(world: World, name: str, share: float) -> None:
    """Pilots of that share of the running jobs at a queue are gone without a word."""
    for job in _jobs_at(world, name, "running"):
        if job.plan.luck_at_output < share and job.row["commandtopilot"] != "tobekilled":
            job_life.fall_silent(world, job, failures.BY_NAME["lost_heartbeat"])


def _give_back_waiting_jobs(world: World, name: str) -> None:
    for job in _jobs_at(world, name, "activated"):
        if not job.task.row["site"] and job.plan.luck_at_output < REBROKERED:
            job_life.close(world, job, 105, f"re-brokered: {name} was set offline", "toreassign")


def follow_storage(world: World, name: str) -> None:
    """Put on the agenda when this endpoint falls ill or recovers."""
    row = world.storage_rows[name]
    rng = world.dice("storage", name, row["space_timestamp"].isoformat())
    if world.storage_is_ill(name):
        world.later(row["space_timestamp"], rng.uniform(1.0, 9.0) * HOUR, _recover, row)
    else:
        world.later(row["space_timestamp"], rng.expovariate(1 / (DAYS_BETWEEN_ILLNESSES * 24 * HOUR)), _fall_ill, row)


def _fall_ill(world: World, row: Row) -> None:
    reason = "checksum requests time out (HTTP 500)"
    _set_storage(world, row, "Y", {"write": {"status": "ill", "reason": reason}})


def _recover(world: World, row: Row) -> None:
    _set_storage(world, row, "N", {"write": {"status": "ok"}})


def _set_storage(world: World, row: Row, blacklisted: str, status: Row) -> None:
    world.ledger.change(
        "ddm_endpoint", row, blacklisted_write=blacklisted, detailed_status=status, space_timestamp=world.now
    )
    follow_storage(world, row["ddm_endpoint_name"])


def follow_all(world: World) -> None:
    """Every queue and every endpoint that takes production output."""
    for queue in QUEUES:
        follow_queue(world, queue.name)
    for storage in PRODUCTION:
        follow_storage(world, storage.name)
