"""Which alarms have their turn in a tick, and what each of them needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from swf_remote.alarms.detecting.contract import Detector, Parameters
from swf_remote.alarms.detecting.parameters import ParameterError
from swf_remote.alarms.detecting.registry import UnknownDetector, detector, read_parameters
from swf_remote.alarms.inputs.queries import Query, TickFailures
from swf_remote.alarms.models import Alarm
from swf_remote.alarms.routing.matchers import MatcherError, read_matchers

from .schedule import Schedule, ScheduleError, read_schedule
from .slots import Due, due


@dataclass(slots=True)
class Turn:
    """An alarm that is due."""

    alarm: Alarm
    due: Due
    detector: Detector[Any] | None = None
    parameters: Parameters | None = None
    queries: Sequence[Query[Any]] = ()
    error: str = ""
    """Why it cannot be evaluated; empty so far."""

    @property
    def comes_last(self) -> bool:
        """Whether it is about how the others fared."""
        return TickFailures() in self.queries


def due_alarms(now: datetime) -> list[Turn]:
    """Those whose slot was not evaluated yet, by name."""
    found = []
    for alarm in Alarm.objects.filter(enabled=True, archived=False).order_by("name"):
        schedule, error = Schedule(), ""
        try:
            schedule = read_schedule(alarm.schedule)
        except ScheduleError as fault:
            error = str(fault)
        slot = due(alarm.evaluated_for, now, timedelta(minutes=alarm.every_minutes), schedule)
        if slot is not None:
            found.append(_prepared(Turn(alarm, slot, error=error)))
    return found


def _prepared(turn: Turn) -> Turn:
    if turn.error:
        return turn
    try:
        read_matchers(turn.alarm.scope)
        kind = detector(turn.alarm.detector)
        turn.parameters = read_parameters(kind, turn.alarm.parameters)
        turn.queries = tuple(kind.queries(turn.parameters))
        turn.detector = kind
    except (UnknownDetector, ParameterError, MatcherError) as error:
        turn.error = str(error)
    return turn
