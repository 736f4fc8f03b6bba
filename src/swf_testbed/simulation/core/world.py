"""The state of the simulated PanDA between two events, and the clock that moves it.

Everything here can be rebuilt from the PanDA tables (`swf_testbed.simulation.storage.reader`): nothing else is kept.
Speed divides durations, so time stamps stay those of the real clock.
"""

from __future__ import annotations

import random
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from swf_testbed.simulation.core.agenda import Action, Agenda
from swf_testbed.simulation.core.chance import dice
from swf_testbed.simulation.core.ledger import Ledger, Row

if TYPE_CHECKING:
    from swf_testbed.simulation.behaviour.circumstances import Circumstances
    from swf_testbed.simulation.behaviour.job_plan import JobPlan
    from swf_testbed.simulation.behaviour.task_plan import TaskPlan
    from swf_testbed.simulation.catalogue.queues import Queue

#: First numbers given out, near the live system's counters of late 2026 (epic-facts 7, extrapolated).
FIRST_IDS: Final = {
    "task": 41200,
    "dataset": 187000,
    "file": 9100000,
    "job": 2605000,
    "row": 31000000,
    "worker": 640000,
}


@dataclass(slots=True)
class Job:
    """A job that has not reached its archive yet: its rows and its plan."""

    row: Row
    task: Task
    input: Row
    plan: JobPlan
    parameters: Row
    report: Row | None = None
    table: str = "jobsdefined4"
    files: list[Row] = field(default_factory=list)
    outputs: list[Row] = field(default_factory=list)
    worker: Row | None = None
    debug_row: Row | None = None
    turn: int = 0  # raised at each change of state; an event of an older turn is void

    @property
    def state(self) -> str:
        """The job's state now."""
        return str(self.row["jobstatus"])

    @property
    def queue(self) -> str:
        """The PanDA queue it was given to."""
        return str(self.row["computingsite"])


@dataclass(slots=True)
class Task:
    """A task that may still change: its rows, its unfinished jobs, and its inputs that wait for a job."""

    row: Row
    plan: TaskPlan
    source: Row | None = None
    products: list[Row] = field(default_factory=list)
    ready: deque[Row] = field(default_factory=deque)
    failed: list[Row] = field(default_factory=list)
    jobs: dict[int, Job] = field(default_factory=dict)
    origins: dict[int, int] = field(default_factory=dict)  # pandaid of a retry -> first pandaid of its chain
    templates: dict[str, Row] = field(default_factory=dict)  # by queue: what its jobs have in common
    attempt: Row | None = None
    serial: int = 0
    turn: int = 0
    generating: bool = False

    @property
    def id(self) -> int:
        """The jeditaskid."""
        return int(self.row["jeditaskid"])

    @property
    def state(self) -> str:
        """The task's state now."""
        return str(self.row["status"])


@dataclass(slots=True)
class World:
    """All that lives, the changes not yet written, and the time."""

    seed: int
    now: datetime
    circumstances: Circumstances
    speed: float = 1.0
    ledger: Ledger = field(default_factory=Ledger)
    agenda: Agenda = field(default_factory=Agenda)
    ids: dict[str, int] = field(default_factory=lambda: dict(FIRST_IDS))
    tasks: dict[int, Task] = field(default_factory=dict)
    queues: dict[str, Queue] = field(default_factory=dict)
    queue_rows: dict[str, Row] = field(default_factory=dict)
    storage_rows: dict[str, Row] = field(default_factory=dict)
    last_task_at: datetime = field(init=False)
    unseen_until: datetime = field(init=False)

    def __post_init__(self) -> None:
        self.last_task_at = self.unseen_until = self.now

    def number(self, kind: str) -> int:
        """The next identifier of that kind."""
        self.ids[kind] += 1
        return self.ids[kind]

    def dice(self, *name: object) -> random.Random:
        """The generator that belongs to the thing called ``name``."""
        return dice(self.seed, *name)

    def later(self, since: datetime, seconds: float, action: Action, *arguments: Any) -> None:
        """Enter an event ``seconds`` after ``since``, at speed; one that would lie in the past is due at once."""
        at = since + timedelta(seconds=seconds / self.speed)
        self.agenda.put(at if at > self.now else self.now, action, self, *arguments)

    def advance(self, until: datetime, *, unseen_until: datetime | None = None) -> None:
        """Let everything happen that is due up to ``until``, in order of time.

        Args:
            unseen_until: when the tables will be written next; what nobody can have seen by then may be left out.
        """
        self.unseen_until = unseen_until or until
        while (event := self.agenda.next_due(until)) is not None:
            self.now, action, arguments = event
            action(*arguments)
        self.now = max(self.now, until)

    def seconds_since(self, moment: datetime) -> float:
        """Simulated seconds from that moment to now, as durations are meant before speed divides them."""
        return (self.now - moment).total_seconds() * self.speed

    def change_speed(self, speed: float) -> None:
        """From now on durations are divided by ``speed``; what is under way is hurried or slowed alike."""
        self.agenda.rescale(self.now, self.speed / speed)
        self.speed = speed

    def status_of_queue(self, name: str) -> str:
        """online, brokeroff, offline or test."""
        return str(self.queue_rows[name]["data"]["status"])

    def storage_is_ill(self, name: str) -> bool:
        """Whether writing to that storage fails now."""
        return bool(self.storage_rows[name]["blacklisted_write"] == "Y")
