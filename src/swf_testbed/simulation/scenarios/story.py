"""What every scenario is made of: a calm life with its ordinary noise, a cast, chapters opening at their minutes.

Chance alone would also bring sites down and make tasks hopeless, and nobody could say what an alarm was right about.
So in a story queues and storage stay well unless it says otherwise, few jobs fail, and an input's last attempt never
does. What remains is what an operator sees every day, and of it three things that look worse than they are: a queue in
a planned downtime, a user's test that fails as a whole, half an hour in which a cloud takes nodes away; and whatever
people pause, kill and finish.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import ClassVar, Final

from swf_testbed.simulation.behaviour import arrivals
from swf_testbed.simulation.behaviour.circumstances import Circumstances
from swf_testbed.simulation.behaviour.job_plan import JobPlan
from swf_testbed.simulation.behaviour.task_plan import TaskPlan
from swf_testbed.simulation.catalogue import failures
from swf_testbed.simulation.catalogue.failures import Failure
from swf_testbed.simulation.catalogue.queues import Queue
from swf_testbed.simulation.core.ledger import Row
from swf_testbed.simulation.core.world import Job, World
from swf_testbed.simulation.scenarios.cast import CLOUD, DOWNTIME, LONG, RELEASE, STEADY, TEST, Role, role
from swf_testbed.simulation.scenarios.seen import SeenJob
from swf_testbed.simulation.states.moves import move_queue
from swf_testbed.simulation.storage.marks import chapter_row

#: Calm history before the curtain rises, and what is played after it.
HISTORY: Final = timedelta(hours=48)
PLAYED: Final = timedelta(hours=8)
#: When a story's fault begins, in minutes after the curtain.
FAULT_AT: Final = 62
#: The least history: the cast's earlier tasks lie in it.
SHORTEST_HISTORY: Final = timedelta(hours=9)
#: The most that a task's own faults add to the failure rate of its jobs on a calm day.
CALM_BADNESS: Final = 0.03
#: Share of the jobs that a wave of preemptions hits.
PREEMPTED: Final = 0.15
STEADY_EVERY: Final = 240
CURTAIN: Final = "curtain"


def _nothing(_world: World) -> None:
    """A chapter that is only a time."""


@dataclass(frozen=True, slots=True)
class Chapter:
    """What happens at a minute, counted from the curtain; negative ones lie in the history."""

    minute: int
    name: str
    begin: Callable[[World], None] = _nothing


@dataclass(frozen=True, slots=True)
class Expectation:
    """A fault that alarms have to find: from one chapter on, up to another if there is one."""

    kind: str
    subject: str
    since: str
    until: str | None
    why: str


class Story(Circumstances):
    """A calm life, as it is; scenarios derive from this."""

    name: ClassVar[str]
    summary: ClassVar[str]
    #: Kinds of subjects that suffer from the fault; naming them is neither right nor wrong.
    spreads: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, history: timedelta = HISTORY, opened: Mapping[str, datetime] | None = None) -> None:
        """A story that begins, or one whose ``opened`` chapters are known already.

        Args:
            history: from the beginning of the world to the curtain; whole minutes, at least `SHORTEST_HISTORY`.
        """
        self.opened: dict[str, datetime] = dict(opened or {})
        self._history = int(history.total_seconds()) // 60
        self._plot = tuple(sorted((*self._noise(), *self.chapters()), key=lambda chapter: chapter.minute))

    # What a scenario says.

    def chapters(self) -> tuple[Chapter, ...]:
        """The chapters of this story alone, the first of which begins its fault."""
        return ()

    def trouble(self, world: World, job: Job) -> Failure | None:  # noqa: ARG002
        """The failure that the story has for a job that starts to run."""
        return None

    def suffers(self, job: SeenJob) -> bool:  # noqa: ARG002
        """Whether the fault, which has begun, has touched this job."""
        return False

    def expectations(self, tasks: Mapping[Role, tuple[int, ...]], at: datetime) -> tuple[Expectation, ...]:  # noqa: ARG002
        """The faults that alarms have to find, given the tasks of the cast so far, when the fault began ``at``."""
        return ()

    # What all have in common.

    def begun(self) -> datetime | None:
        """When the story's fault began; None before, and in a story without any."""
        return next((self.opened.get(chapter.name) for chapter in self.chapters()), None)

    def is_on(self, begin: str, end: str = "") -> bool:
        """Whether the story is between two chapters."""
        return begin in self.opened and end not in self.opened

    def _noise(self) -> tuple[Chapter, ...]:
        played = int(PLAYED.total_seconds()) // 60
        steady = range(-self._history, played, STEADY_EVERY)
        return (
            *(Chapter(minute, f"steady {n}", self.submits(STEADY)) for n, minute in enumerate(steady)),
            Chapter(-210, "long task", self.submits(LONG)),
            Chapter(-120, "downtime", lambda world: move_queue(world, DOWNTIME, "brokeroff", "planned downtime")),
            Chapter(0, CURTAIN),
            Chapter(30, "failing test", self.submits(TEST)),
            Chapter(FAULT_AT, "new release", self.submits(*RELEASE)),
            Chapter(200, "preemptions"),
            Chapter(230, "preemptions are over"),
            Chapter(360, "downtime is over", lambda world: move_queue(world, DOWNTIME, "online", "")),
            Chapter(played, "over"),
        )

    def submits(self, *roles: Role) -> Callable[[World], None]:
        """The beginning of a chapter in which tasks of the cast are submitted."""

        def begin(world: World) -> None:
            for one in roles:
                number = world.number("task")
                about = one.subject(world.now, number)
                arrivals.enter(world, number, self.task_plan(world.seed, number, about.name), about, one.site)

        return begin

    def task_plan(self, seed: int, jeditaskid: int, name: str) -> TaskPlan:
        """Calm: no hopeless, broken or exhausted tasks; and the cast's own plans."""
        plan, part = super().task_plan(seed, jeditaskid, name), role(name)
        if part is not None:
            return replace(plan, **part.changes())
        return replace(plan, badness=min(plan.badness, CALM_BADNESS), broken=False, scouts_fail=False)

    def job_plan(self, seed: int, pandaid: int, kind: str, queue: Queue, entry: Row) -> JobPlan:
        """Calm: the last attempt is not lost by somebody's whim."""
        plan = super().job_plan(seed, pandaid, kind, queue, entry)
        last = int(entry["attemptnr"]) + 1 >= int(entry["maxattempt"])
        return replace(plan, killed=False, reassigned=False, unanswered=False) if last else plan

    def failure(self, world: World, job: Job) -> Failure | None:
        """The story's failure, else one of the few of a calm day."""
        if plays(job, TEST):
            return failures.SCRIPT_BROKEN
        if (trouble := self.trouble(world, job)) is not None:
            return trouble
        if int(job.row["attemptnr"]) >= int(job.input["maxattempt"]):
            return None
        queue = world.queues[job.queue]
        if self._is_preempted(job):
            return failures.BY_NAME["worker_node"]
        if job.plan.luck >= job.task.plan.badness + queue.failure_rate:
            return None
        return failures.pick(world.dice("failure", job.row["pandaid"]), failures.QUIET, queue.batch)

    def _is_preempted(self, job: Job) -> bool:
        wave = self.is_on("preemptions", "preemptions are over")
        return wave and job.queue == CLOUD and job.plan.luck_at_output < PREEMPTED

    def follow(self, world: World) -> None:
        """Put the next chapter on the agenda, counted from the one before."""
        number = len(self.opened)
        if number == len(self._plot):
            return
        minute, since = (self._plot[number - 1].minute, self._last()) if number else (-self._history, world.now)
        world.later(since, (self._plot[number].minute - minute) * 60, self._open, self._plot[number])

    def _last(self) -> datetime:
        return max(self.opened.values())

    def _open(self, world: World, chapter: Chapter) -> None:
        self.opened[chapter.name] = world.now
        world.ledger.add("config", chapter_row(chapter.name, world.now))
        chapter.begin(world)
        self.follow(world)


def plays(job: Job, *roles: Role) -> bool:
    """Whether a job's task plays one of these roles."""
    return role(str(job.task.row["taskname"])) in roles
