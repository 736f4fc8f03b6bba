"""Tries an alarm on kept ticks: detector, states and notices are those of the engine. Nothing is written."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from swf_remote.alarms.detecting.contract import Detector, Parameters
from swf_remote.alarms.detecting.registry import detector, read_parameters
from swf_remote.alarms.engine.evaluation import patience_of
from swf_remote.alarms.engine.schedule import Schedule, read_schedule
from swf_remote.alarms.engine.slots import due
from swf_remote.alarms.inputs.items import Moment
from swf_remote.alarms.inputs.queries import InputError, Query
from swf_remote.alarms.inputs.recordings import GROUP, Recordings
from swf_remote.alarms.inputs.thinning import Window
from swf_remote.alarms.models import Alarm
from swf_remote.alarms.routing.matchers import read_matchers
from swf_remote.configuration import configuration

from .answering import answers_at, reach_of, unsupported
from .ledger import Ledger, Rules
from .result import Backtest, Episode, Message

__all__ = ["Backtest", "Episode", "Message", "Trial", "backtest", "replay"]

MOST_EPISODES = 20_000
MOST_REASONS = 20
OTHER_REASONS = "other reasons"


@dataclass(frozen=True, slots=True)
class Trial:
    """What is tried: an alarm, read and checked."""

    rules: Rules
    detector: Detector[Any]
    parameters: Parameters
    queries: Sequence[Query[Any]]
    every: timedelta
    schedule: Schedule

    @classmethod
    def of(cls, alarm: Alarm) -> Trial:
        """An alarm, whether it was saved or not.

        Raises:
            UnknownDetector, ParameterError, MatcherError, ScheduleError: it is not valid.
        """
        kind = detector(alarm.detector)
        parameters = read_parameters(kind, alarm.parameters)
        rules = Rules(
            name=alarm.name,
            severity=alarm.severity,
            scope=read_matchers(alarm.scope),
            patience=patience_of(alarm),
            renotify=alarm.renotify,
            tell_cleared=alarm.tell_cleared,
        )
        every = timedelta(minutes=alarm.every_minutes)
        queries = tuple(dict.fromkeys(kind.queries(parameters)))
        return cls(rules, kind, parameters, queries, every, read_schedule(alarm.schedule))


def backtest(
    alarm: Alarm, days: int, now: datetime, budget_seconds: float = 20, recordings: Recordings | None = None
) -> Backtest:
    """What the alarm would have done in the last `days`.

    Args:
        alarm: saved or not.
        days: how far back.
        now: until when.
        budget_seconds: after this time it ends where it is.
        recordings: the kept ticks; those of the settings if not given.

    Raises:
        UnknownDetector, ParameterError, MatcherError, ScheduleError: the alarm is not valid.
        DatabaseError: the kept ticks cannot be read.
    """
    trial, since = Trial.of(alarm), now - timedelta(days=days)
    if why := unsupported(trial.queries):
        return Backtest(since, now, unsupported=why)
    kept = recordings or Recordings.of(configuration())
    reach = reach_of(trial.queries)
    moments = kept.moments(since - reach - GROUP if reach else since, now)
    end = time.monotonic() + budget_seconds
    return replay(trial, moments, since, now, lambda: time.monotonic() > end)


def replay(
    trial: Trial, moments: Iterable[Moment], since: datetime, until: datetime, is_over: Callable[[], bool]
) -> Backtest:
    """Go through ticks, the oldest first.

    Args:
        trial: what is tried.
        moments: kept ticks, from as long before `since` as the detector looks back.
        since: from here on the alarm is evaluated.
        until: the end.
        is_over: asked at each tick; whether to end here.
    """
    run = _Run(trial)
    complete = True
    for moment in moments:
        if is_over() or run.ledger.fired > MOST_EPISODES:
            complete, until = False, max(since, moment.at)
            break
        if moment.at >= since:
            run.tick(moment)
        run.window.add(moment)
    return Backtest(
        asked_since=since,
        until=until,
        sees_since=run.first,
        ticks=run.ticks,
        evaluated=run.evaluated,
        failed=run.failed,
        episodes=run.ledger.episodes(),
        messages=run.ledger.messages,
        complete=complete,
    )


class _Run:
    """One alarm on its way through the ticks."""

    def __init__(self, trial: Trial) -> None:
        self._trial = trial
        self.ledger = Ledger(trial.rules)
        self.window = Window(reach_of(trial.queries) + 2 * GROUP)
        self.first: datetime | None = None
        self.ticks = self.evaluated = 0
        self.failed: dict[str, int] = {}
        self._evaluated_for: datetime | None = None

    def tick(self, moment: Moment) -> None:
        """What the engine does with an alarm in a tick."""
        self.first = self.first or moment.at
        self.ticks += 1
        slot = due(self._evaluated_for, moment.at, self._trial.every, self._trial.schedule)
        if slot is None:
            return
        self._evaluated_for = slot.slot
        try:
            answers = answers_at(moment, self._trial.queries, self.window)
            finding = self._trial.detector.detect(self._trial.parameters, answers, self.ledger.firing())
        except InputError as error:
            self._fail(str(error))
            return
        except Exception as error:
            self._fail(f"The detector failed: {type(error).__name__}: {error}")
            return
        self.evaluated += 1
        self.ledger.advance(finding, moment.at)
        self.ledger.tell(moment.at)

    def _fail(self, reason: str) -> None:
        reason = reason if reason in self.failed or len(self.failed) < MOST_REASONS else OTHER_REASONS
        self.failed[reason] = self.failed.get(reason, 0) + 1
