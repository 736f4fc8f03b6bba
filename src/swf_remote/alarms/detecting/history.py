"""What tasks did between earlier ticks and now, from the counters that were kept.

Counters of tasks only grow, so that their difference between two moments is what ended between them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta

from swf_remote.alarms.inputs.items import Moment, Past, Task
from swf_remote.alarms.inputs.queries import InputError

from .prepared import OncePerAnswer
from .subjects import campaign_of

MOST_TOLERANCE = timedelta(hours=1)
"""Far back, one tick an hour is kept."""
THINNED = timedelta(minutes=50)

GROUPS: dict[str, Callable[[Task], str]] = {
    "all": lambda task: "all",  # noqa: ARG005
    "site": lambda task: task.site,
    "user": lambda task: task.username,
    "workinggroup": lambda task: task.workinggroup,
    "campaign": lambda task: campaign_of(task.taskname),
}
"""What tasks are summed up by; tasks whose group is empty belong to none."""


@dataclass(frozen=True, slots=True)
class Increment:
    """What a task did between two moments."""

    task: Task
    """As it was at the end."""
    finished: int
    failed: int
    files: int
    hours: float
    """How long it was watched."""

    @property
    def ended(self) -> int:
        """Finished and failed job records."""
        return self.finished + self.failed


@dataclass(slots=True)
class Sum:
    """What the tasks of a group did."""

    finished: int = 0
    failed: int = 0
    files: int = 0
    active: int = 0
    tasks: int = 0

    @property
    def ended(self) -> int:
        """Finished and failed job records."""
        return self.finished + self.failed


def moment_before(past: Past, now: datetime, hours: float, firing: AbstractSet[str]) -> Moment | None:
    """The tick `hours` ago, or the nearest before it.

    Returns:
        None while the kept counters do not reach back so far: nothing can be said yet.

    Raises:
        InputError: nothing is kept at all; there is a gap of the size of `hours`; or the counters do not reach back
            although events fire, which must not end for that.
    """
    begin = now - timedelta(hours=hours)
    tolerance = min(MOST_TOLERANCE, timedelta(hours=hours) / 10)
    earlier = [moment for moment in past.moments if moment.at < now and moment.has_tasks]
    if not earlier:
        raise InputError("no counters of earlier ticks are kept")
    found = next((moment for moment in reversed(earlier) if moment.at <= begin + tolerance), None)
    if found is None:
        if firing:
            raise InputError(f"the kept counters begin at {_words(earlier[0].at)}, {hours:g} h are needed")
        return None
    if begin - found.at > timedelta(hours=hours) + MOST_TOLERANCE:
        raise InputError(f"no counters are kept of the {hours:g} h after {_words(found.at)}")
    return found


def _words(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


def _until_now(tasks: tuple[Task, ...], past: Past, base: Moment, *, now: datetime) -> tuple[Increment, ...]:
    known = base.tasks
    later = [moment for moment in past.moments if base.at < moment.at < now]
    found = []
    for task in tasks:
        earlier = known.get(task.jeditaskid)
        begin = base.at
        if earlier is None and not _born_after(task, base.at):
            # It rested so long that the tick did not list it: what it did before it came back is not known.
            begin, earlier = next(
                ((moment.at, moment.tasks[task.jeditaskid]) for moment in later if task.jeditaskid in moment.tasks),
                (now, task),
            )
        found.append(_increment(task, earlier, begin, now))
    return tuple(found)


increments = OncePerAnswer(_until_now)
"""What each of `tasks` did since the moment `base`."""


def _between(past: Past, *, begin: datetime, end: datetime) -> dict[int, Increment]:
    first: dict[int, tuple[Task | None, datetime]] = {}
    last: dict[int, tuple[Task, datetime]] = {}
    taken: datetime | None = None
    for moment in past.moments:
        if (
            not moment.has_tasks
            or moment.at < begin
            or moment.at > end
            or (taken is not None and moment.at - taken < THINNED)
        ):
            continue
        taken = moment.at
        for number, task in moment.tasks.items():
            if number not in first:
                first[number] = (None if _born_after(task, begin) else task, moment.at)
            last[number] = (task, moment.at)
    return {number: _increment(task, *first[number], at) for number, (task, at) in last.items()}


earlier_increments = OncePerAnswer(_between)
"""What tasks did from `begin` to `end`, by task, told by about one tick an hour."""


def _born_after(task: Task, moment: datetime) -> bool:
    return task.created is not None and task.created >= moment


def _increment(task: Task, earlier: Task | None, begin: datetime, end: datetime) -> Increment:
    if earlier is None:
        born = max(begin, task.created) if task.created is not None else begin
        return Increment(task, task.nfinished, task.nfailed, task.nfilesfinished, _hours(born, end))
    return Increment(
        task,
        max(0, task.nfinished - earlier.nfinished),
        max(0, task.nfailed - earlier.nfailed),
        max(0, task.nfilesfinished - earlier.nfilesfinished),
        _hours(begin, end),
    )


def _hours(begin: datetime, end: datetime) -> float:
    return max(0.0, (end - begin).total_seconds() / 3600)


def summed(done: Iterable[Increment], by: str) -> dict[str, Sum]:
    """Increments by group; tasks of no group are left out."""
    group, sums = GROUPS[by], dict[str, Sum]()
    for one in done:
        name = group(one.task)
        if not name:
            continue
        total = sums.get(name)
        if total is None:
            total = sums[name] = Sum()
        total.finished += one.finished
        total.failed += one.failed
        total.files += one.files
        total.active += one.task.nactive
        total.tasks += 1
    return sums
