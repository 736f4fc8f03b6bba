"""What a job will try to do, drawn when it is made: how long it waits and runs, and how lucky it is.

The plan is a function of the seed and the pandaid alone, so it is the same again after a restart. How likely things
are is set in the constants below (epic-facts 9). What the plan means in each state is in `job_life`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from swf_testbed.simulation.catalogue.queues import MINUTE, Queue
from swf_testbed.simulation.core.chance import clamped, dice, lognormal, waiting_time

#: Median and spread of the wall time by kind of task, seconds.
WALL_TIME: Final = {
    "production": (1.7 * 3600, 0.35),
    "analysis": (25 * MINUTE, 0.7),
    "streaming": (4.5 * MINUTE, 0.35),
    "test": (2.5 * MINUTE, 0.4),
}
REASSIGNED: Final = 0.018  # of activated jobs: closed and made anew
KILLED: Final = 0.003  # killed one by one by a person
UNANSWERED: Final = 0.004  # sent to a pilot that never answers
VIA_DEFINED: Final = 0.25  # setup seen in two steps
SKIPS_STARTING: Final = 0.3  # pull pilots that go from sent to running
DEBUGGED: Final = 0.25  # jobs in debug mode: a heartbeat every minute, the last output lines kept
IDLE_WORKER: Final = 0.05  # workers that find no work, as a share of those that do
OUTPUT_PROCESSINGS: Final = frozenset({"analysis", "streaming"})  # kinds whose output PanDA moves


@dataclass(frozen=True, slots=True)
class JobPlan:
    """Durations in seconds; luck between 0 and 1, the lower the worse."""

    setup: float
    via_defined: bool
    wait: float
    reassigned: bool
    killed: bool
    unanswered: bool
    skips_starting: bool
    boot: float
    wall: float
    luck: float
    luck_at_output: float
    moment: float
    holding: float
    transfer: float
    efficiency: float
    memory: int
    debugged: bool
    brings_idle_worker: bool


def plan_job(seed: int, pandaid: int, kind: str, queue: Queue) -> JobPlan:
    """The plan of one job."""
    rng = dice(seed, "job", pandaid)
    median, sigma = WALL_TIME[kind]
    quick = kind == "test"
    return JobPlan(
        setup=rng.uniform(15, 90),
        via_defined=rng.random() < VIA_DEFINED,
        wait=waiting_time(rng, *queue.wait),
        reassigned=rng.random() < REASSIGNED,
        killed=rng.random() < KILLED,
        unanswered=rng.random() < UNANSWERED,
        skips_starting=rng.random() < SKIPS_STARTING,
        boot=rng.uniform(20, 150),
        wall=clamped(lognormal(rng, median * queue.pace, sigma), 30, queue.maxtime),
        luck=rng.random(),
        luck_at_output=rng.random(),
        moment=rng.random(),
        holding=clamped(lognormal(rng, 20 if quick else 110, 0.9), 5, 3600),
        transfer=lognormal(rng, 4 * MINUTE, 0.8),
        efficiency=rng.betavariate(22, 3),
        memory=int(clamped(rng.gauss(2.2e6, 5e5), 4e5, 4.1e6)),
        debugged=rng.random() < DEBUGGED,
        brings_idle_worker=rng.random() < IDLE_WORKER,
    )
