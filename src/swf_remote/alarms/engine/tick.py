"""One pass over the alarms that are due: ask, evaluate, tell."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from swf_remote.alarms.detecting.contract import Finding
from swf_remote.alarms.inputs.answers import Answers
from swf_remote.alarms.inputs.items import Failure
from swf_remote.alarms.inputs.queries import InputError, Query, Queues, TickFailures, words_of
from swf_remote.alarms.models import Alarm, Tick
from swf_remote.alarms.routing.quiet_now import closed_sites, quiet_for, silences_at

from . import evaluation
from .lease import LeaseKeeper
from .present import Present
from .slots import slot_of
from .telling import Enqueue, tell
from .turns import Turn, due_alarms

LOG = logging.getLogger("swf_remote.alarms")
MINUTE = timedelta(minutes=1)
KEPT_EVERY = timedelta(minutes=5)
Asked = Mapping[Query[Any], Any]
Ask = Callable[[Collection[Query[Any]], datetime], Asked]
"""Answers all questions; an ``InputError`` stands where one could not be answered."""


@dataclass(slots=True)
class Engine:
    """Does ticks; the lease says whether it may."""

    ask: Ask
    enqueue: Enqueue
    lease: LeaseKeeper
    name: str
    record: Callable[[datetime, Asked], object]
    """Keeps what was answered, for trying alarms on it."""
    wanted: Collection[Query[Any]] = ()
    """What is asked for the records every `KEPT_EVERY`, whether an alarm needs it or not."""
    queries_told: Callable[[], Sequence[Mapping[str, Any]]] = field(default=list)
    """What was asked in the last call of `ask`, for people."""
    clock: Callable[[], datetime] = timezone.now
    kept_for: datetime | None = None
    """The slot for which the records were asked last."""

    def tick(self) -> Tick | None:
        """Evaluate every alarm that is due, and tell people; None: none was.

        The lease has to be held, and somebody has to keep it beating.

        Raises:
            LeaseLostError: another engine works now; what was not done yet is left to it.
            DatabaseError: likewise, until the database answers again.
        """
        now = self.clock()
        turns = due_alarms(now)
        if not turns:
            return None
        present = Present(self._begin(turns, now), now, self.lease)
        asked = dict(self.ask(self._questions(turns, now), now))
        present.tick.queries = list(self.queries_told())
        done = [turn for turn in turns if not turn.comes_last and self._evaluate(turn, asked, present)]
        asked[TickFailures()] = failures_now()
        done += [turn for turn in turns if turn.comes_last and self._evaluate(turn, asked, present)]
        silences, closed = silences_at(now), closed_sites(asked)
        # What may explain is told before what it may explain.
        for turn in sorted(done, key=lambda turn: bool(turn.alarm.explained_by)):
            quiet = quiet_for(turn.alarm, silences, closed)
            present.tick.deliveries += tell(turn.alarm, turn.due.slot, present, quiet, self.enqueue)
        self._end(present, asked)
        return present.tick

    def _begin(self, turns: Sequence[Turn], now: datetime) -> Tick:
        missed = max(turn.due.missed for turn in turns)
        with transaction.atomic():
            self.lease.check()
            return Tick.objects.create(
                slot=slot_of(now, MINUTE), started_at=now, engine=self.name, due=len(turns), missed=missed
            )

    def _questions(self, turns: Sequence[Turn], now: datetime) -> Collection[Query[Any]]:
        slot = slot_of(now, KEPT_EVERY)
        kept, self.kept_for = self.kept_for == slot, slot
        needed = {query for turn in turns for query in turn.queries} | set(() if kept else self.wanted)
        if any(turn.alarm.heed_maintenance for turn in turns):
            needed.add(Queues())
        return needed - {TickFailures()}

    def _evaluate(self, turn: Turn, asked: Asked, present: Present) -> bool:
        """Whether its people may be told now."""
        begin = time.perf_counter()
        finding, query = self._find(turn, asked, present.now)
        if finding is None:
            if evaluation.note_failure(turn, query, present):
                present.tick.failed += 1
            return False
        outcome = evaluation.apply(turn, finding, present)
        if outcome is None:
            return False
        present.tick.evaluated += 1
        present.tick.matches += outcome.matches
        if outcome.is_told_of:
            spent = (time.perf_counter() - begin) * 1000
            present.tick.evaluations.filter(alarm=turn.alarm).update(duration_ms=round(spent, 2))
        return True

    def _find(self, turn: Turn, asked: Asked, now: datetime) -> tuple[Finding | None, str]:
        """What the detector says, or None and the question that has no answer ("": it is not a question's fault)."""
        if turn.detector is None or turn.parameters is None:
            return None, ""
        for query in turn.queries:
            answer = asked.get(query)
            if isinstance(answer, InputError):
                turn.error = str(answer)
                return None, words_of(query)
        answers = Answers(now, {query: asked[query] for query in turn.queries if query in asked})
        firing = evaluation.firing_of(turn.alarm)
        try:
            return turn.detector.detect(turn.parameters, answers, firing), ""
        except InputError as error:
            turn.error = str(error)
        except Exception as error:
            # A detector of anybody's must not end the others' evaluation.
            LOG.exception("alarms: the detector of %s failed", turn.alarm.name)
            turn.error = f"The detector failed: {type(error).__name__}: {error}"
        return None, ""

    def _end(self, present: Present, asked: Asked) -> None:
        try:
            self.record(present.now, asked)
        except (InputError, OSError, ValueError) as error:
            LOG.warning("alarms: this tick is not kept for trying alarms on it: %s", error)
        present.tick.finished_at = self.clock()
        with transaction.atomic():
            self.lease.check()
            present.tick.save()


def failures_now() -> tuple[Failure, ...]:
    """Alarms whose last evaluation failed, be it in this tick or before."""
    failing = Alarm.objects.filter(enabled=True, archived=False, failing_since__isnull=False)
    return tuple(Failure(one.name, one.title, one.last_error, one.failing_query) for one in failing)
