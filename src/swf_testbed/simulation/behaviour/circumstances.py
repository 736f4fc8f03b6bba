"""What goes wrong, and where: the one place that behaviours ask, so that a scenario can answer otherwise.

`Circumstances` is ordinary life, in which chance decides. A scenario (`swf_testbed.simulation.scenarios`) overrides
what its story is about and leaves the rest alone.
"""

from __future__ import annotations

from typing import ClassVar

from swf_testbed.simulation.behaviour import incidents
from swf_testbed.simulation.behaviour.job_plan import JobPlan, plan_job
from swf_testbed.simulation.behaviour.task_plan import TaskPlan, plan_task
from swf_testbed.simulation.catalogue import failures
from swf_testbed.simulation.catalogue.failures import Failure
from swf_testbed.simulation.catalogue.queues import Queue
from swf_testbed.simulation.core.ledger import Row
from swf_testbed.simulation.core.world import Job, World


class Circumstances:
    """Ordinary life."""

    #: Of the scenario; None for ordinary life.
    name: ClassVar[str | None] = None

    def task_plan(self, seed: int, jeditaskid: int, name: str) -> TaskPlan:  # noqa: ARG002 - for scenarios
        """The fate of a task; ``name`` is its name where it has one already, else empty."""
        return plan_task(seed, jeditaskid)

    def job_plan(self, seed: int, pandaid: int, kind: str, queue: Queue, entry: Row) -> JobPlan:  # noqa: ARG002
        """The fate of a job of a task of this kind, made for this input."""
        return plan_job(seed, pandaid, kind, queue)

    def failure(self, world: World, job: Job) -> Failure | None:
        """Whether and how the job will fail, as things stand when it starts to run."""
        queue, task, status = world.queues[job.queue], job.task.plan, world.status_of_queue(job.queue)
        rng = world.dice("failure", job.row["pandaid"])
        if status in ("brokeroff", "offline") and job.plan.luck < 0.6:
            return failures.pick(rng, failures.QUEUE_ILL, queue.batch)
        if job.plan.luck < task.badness:
            return failures.pick(world.dice("fault", job.task.id), failures.FAILURES, queue.batch)
        if job.plan.luck < task.badness + queue.failure_rate:
            return failures.pick(rng, failures.FAILURES, queue.batch)
        return None

    def hands_out(self, world: World, job: Job) -> bool:
        """Whether a pilot that comes now would be given this waiting job."""
        return world.status_of_queue(job.queue) != "offline"

    def hangs(self, job: Job) -> bool:  # noqa: ARG002
        """Whether the payload, whose time is over, does not come to an end."""
        return False

    def follow(self, world: World) -> None:
        """Put on the agenda what befalls queues and storage."""
        incidents.follow_all(world)
