"""How the engine does. It never looks well when that is not known."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from swf_remote.alarms.engine.schedule import ScheduleError, read_schedule
from swf_remote.alarms.engine.slots import due, slot_of
from swf_remote.alarms.models import Alarm, Tick
from swf_remote.web.moments import duration

from .strips import Stretch, gaps

LATE_AFTER = 3
"""Intervals of an alarm without a look at it."""
MOST_TICKS = 3000
_UNFINISHED = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class EngineState:
    """What is told of the engine."""

    kind: str
    """well, failing, late, never or idle; names its look."""
    words: str
    last: Tick | None
    next: datetime | None

    @property
    def is_well(self) -> bool:
        """Whether alarms are looked at in time, all of them."""
        return self.kind == "well"

    @property
    def is_blind(self) -> bool:
        """Whether what is shown below it may be old, since nobody looks."""
        return self.kind in ("late", "never")


def engine_state(alarms: Iterable[Alarm], now: datetime) -> EngineState:
    """The state at `now`; `alarms`: all that are not archived."""
    enabled = [alarm for alarm in alarms if alarm.enabled]
    last = Tick.objects.order_by("-started_at").first()
    if not enabled:
        return EngineState("idle", "No alarm is switched on, so nothing is looked at.", last, None)
    following = _next(enabled, now)
    if last is None:
        return EngineState("never", "The engine has not run yet: nothing is known.", None, following)
    if late := [alarm for alarm in enabled if _is_late(alarm, last, now)]:
        return EngineState("late", _late_words(last, late, len(enabled), now), last, following)
    failing = sum(alarm.failing_since is not None for alarm in enabled)
    if failing:
        some = "One alarm" if failing == 1 else f"{failing} alarms"
        return EngineState("failing", f"{some} cannot be evaluated: of these nothing new is known.", last, following)
    if last.finished_at is None and now - last.started_at > _UNFINISHED:
        return EngineState("failing", "The last run did not finish.", last, following)
    return EngineState("well", "All alarms are looked at in time.", last, following)


def _late_words(last: Tick, late: Sequence[Alarm], enabled: int, now: datetime) -> str:
    since = now - last.started_at
    if since > LATE_AFTER * timedelta(minutes=min(alarm.every_minutes for alarm in late)):
        return (
            f"The engine has not run for {duration(since)}. "
            "What is shown is as old as that, and nobody is told of anything."
        )
    return f"{len(late)} of {enabled} alarms were not looked at in time, though the engine ran {duration(since)} ago."


def _is_late(alarm: Alarm, last: Tick, now: datetime) -> bool:
    every = timedelta(minutes=alarm.every_minutes)
    try:
        waiting = due(alarm.evaluated_for, now, every, read_schedule(alarm.schedule))
    except ScheduleError:
        return False  # told as failing by the engine
    if waiting is None:
        return False
    if alarm.evaluated_for is None:
        return now - max(alarm.created_at, last.started_at) > LATE_AFTER * every
    return waiting.missed >= LATE_AFTER - 1


def _next(enabled: Iterable[Alarm], now: datetime) -> datetime | None:
    """The earliest slot to come."""
    coming = []
    for alarm in enabled:
        every = timedelta(minutes=alarm.every_minutes)
        slot = slot_of(now, every) + every
        try:
            if read_schedule(alarm.schedule).covers(slot):
                coming.append(slot)
        except ScheduleError:
            continue
    return min(coming, default=None)


def unseen(alarms: Iterable[Alarm], begin: datetime, now: datetime) -> list[Stretch]:
    """When the engine did not run, as far back as the newest `MOST_TICKS` runs tell."""
    newest = Tick.objects.filter(started_at__gte=begin).order_by("-started_at")
    ticks: Sequence[datetime] = list(newest.values_list("started_at", flat=True)[:MOST_TICKS])
    known_since = ticks[-1] if len(ticks) == MOST_TICKS else begin
    every = min((alarm.every_minutes for alarm in alarms if alarm.enabled), default=5)
    return gaps(ticks[::-1], known_since, now, LATE_AFTER * timedelta(minutes=every))
