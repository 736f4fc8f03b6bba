"""An engine with all of its own but the monitor: a world of tasks that tests change, and clocks that they set."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection

from swf_remote.alarms.configuring import save_alarm
from swf_remote.alarms.engine.lease import STALE_SECONDS, LeaseKeeper, LeaseLostError
from swf_remote.alarms.engine.tick import Engine
from swf_remote.alarms.inputs.items import Queue, Task
from swf_remote.alarms.inputs.queries import InputError, Query, Queues, Tasks
from swf_remote.alarms.models import Alarm, Channel, Delivery, Event, Tick
from swf_remote.alarms.routing.news import News

BEGIN = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


class CrashError(BaseException):
    """The engine died here; nothing within it catches this."""


def task(number: int, failed: int, at: datetime, **others: Any) -> Task:
    """A running task with so many of 100 jobs failed."""
    facts: dict[str, Any] = {
        "jeditaskid": number, "taskname": f"epic.task.{number}", "status": "running", "username": "anna",
        "workinggroup": "EIC", "processingtype": "epicproduction", "site": "BNL_PanDA_1", "modified": at,
        "created": at, "started": at, "nactive": 10, "nfinished": 100 - failed, "nfailed": failed, "nrunning": 10,
        "nretries": 0, "nfinalfailed": failed, "nfilesfinished": 100 - failed, "failure_rate": failed / 100,
        "final_failure_rate": failed / 100, "progress": 50,
    }  # fmt: skip
    return Task(**{**facts, **others})


@dataclass
class World:
    """What the monitor would say, and what time it is."""

    now: datetime = BEGIN
    seconds: float = 0.0
    """The monotonic clock of every process."""
    failing: dict[int, int] = field(default_factory=dict)
    """Failed jobs of 100, by task."""
    queues: dict[str, str] = field(default_factory=dict)
    """State by name; empty: this monitor does not tell."""
    fault: str = ""
    """Why the monitor does not answer; empty: it does."""
    asked: list[Query[Any]] = field(default_factory=list)

    def ask(self, queries: Collection[Query[Any]], now: datetime) -> Mapping[Query[Any], Any]:
        """Answer, or not."""
        self.asked += queries
        return {query: self._answer(query, now) for query in queries}

    def _answer(self, query: Query[Any], now: datetime) -> object:
        if self.fault:
            return InputError(self.fault)
        if isinstance(query, Tasks):
            return tuple(task(number, failed, now) for number, failed in self.failing.items())
        if isinstance(query, Queues) and self.queues:
            return tuple(Queue(name, state, 0, 0, 0, 0, None) for name, state in self.queues.items())
        return InputError(f"this world does not know {query!r}")

    def pass_time(self, minutes: float = 1) -> None:
        """All clocks go on."""
        self.now += minutes * MINUTE
        self.seconds += minutes * 60

    def engine(self, name: str = "one") -> Engine:
        """An engine that does not hold the lease yet."""
        lease = LeaseKeeper("engine", name, lambda: self.seconds)
        return Engine(
            ask=self.ask,
            enqueue=enqueue,
            lease=lease,
            name=name,
            record=lambda _now, _asked: None,
            clock=lambda: self.now,
        )

    def tick(self, engine: Engine | None = None) -> Tick | None:
        """One tick by an engine that gets the lease, were its last holder dead."""
        found = engine or self.engine()
        take(self, found)
        try:
            return found.tick()
        except LeaseLostError:  # another had taken it since; the real one begins anew, too
            take(self, found)
            return found.tick()


def take(world: World, engine: Engine) -> None:
    """Wait until the engine has the lease."""
    for _ in range(3):
        if engine.lease.take():
            return
        world.seconds += STALE_SECONDS
    raise AssertionError("nobody beats, and yet the lease is not to be had")


def enqueue(alarm: Alarm, tick: Tick, news: News, now: datetime) -> Sequence[Delivery]:
    """Messages that say which events they are about, by identifier; one for those whom the alarm escalates to."""
    said = {kind: [event.pk for event in getattr(news, kind)] for kind in ("new", "continuing", "cleared")}
    ends = [event.pk for event in news.cleared if event.escalated_at is not None]
    escalated = {"escalated": [event.pk for event in news.escalated], "cleared": ends}
    counts = {"acknowledged": news.acknowledged, "silenced": news.silenced}
    return [
        Delivery.objects.create(
            alarm=alarm, tick=tick, channel=Channel.MAIL, destinations=["a@lab.example"], subject=alarm.name,
            content=content, escalation="escalated" in content, next_attempt_at=now, created_at=now,
        )
        for content in ({**said, **counts}, escalated)
        if any(content.get(kind) for kind in ("new", "continuing", "cleared", "escalated"))
    ]  # fmt: skip


def escalated() -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Each message to those whom alarms escalate to: fingerprints of what nobody acknowledged, and of what is over."""
    names = dict(Event.objects.values_list("pk", "fingerprint"))
    return [
        (tuple(names[key] for key in one.content["escalated"]), tuple(names[key] for key in one.content["cleared"]))
        for one in Delivery.objects.filter(escalation=True).order_by("created_at")
    ]


def told() -> list[tuple[str, tuple[str, ...], tuple[str, ...], tuple[str, ...]]]:
    """Each message to recipients: its alarm, and the fingerprints that it tells as new, continuing and cleared."""
    names = dict(Event.objects.values_list("pk", "fingerprint"))
    return [
        (
            one.subject,
            *(tuple(names[key] for key in one.content[kind]) for kind in ("new", "continuing", "cleared")),
        )
        for one in Delivery.objects.filter(escalation=False).order_by("created_at", "subject")
    ]


def alarm(name: str = "failing", **fields: Any) -> Alarm:
    """An alarm on tasks with 10 % final failures, looked at each minute."""
    parameters = fields.pop("parameters", {"threshold": 0.1})
    given = {"title": name, "every_minutes": 1, "renotify_hours": 1, "recipients": "a@lab.example", **fields}
    made = Alarm(name=name, detector="task_failure_ratio", parameters=parameters, **given)
    save_alarm(made, "test", BEGIN)
    return made


def states(of: Alarm) -> dict[str, str]:
    """State by fingerprint, of the newest event of each."""
    return {event.fingerprint: event.state for event in of.events.order_by("first_seen")}


@contextmanager
def crash_at(statement: int) -> Iterator[list[int]]:
    """The process dies before its n-th statement to the database (1, 2, …); yields a list with how many there were."""
    count = itertools.count(1)
    seen = [0]

    def wrapper(execute: Any, sql: str, parameters: Any, many: bool, context: Any) -> Any:
        seen[0] = next(count)
        if seen[0] == statement:
            raise CrashError(sql)
        return execute(sql, parameters, many, context)

    with connection.execute_wrapper(wrapper):
        yield seen
