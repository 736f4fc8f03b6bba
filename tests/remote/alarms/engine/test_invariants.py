"""Whatever happens in whatever order, these hold: a state machine of worlds, clocks, people, crashes, two engines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from swf_remote.alarms import acting
from swf_remote.alarms.engine.lease import LeaseLostError
from swf_remote.alarms.engine.tick import Engine
from swf_remote.alarms.models import Alarm, Change, Delivery, Event, Lease, Silence, State, Tick

from .rig import CrashError, World, alarm, crash_at

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow, pytest.mark.once]
WINDOW = timedelta(hours=1)
PATIENCE = timedelta(minutes=5)
EXAMPLES = 40
TASKS = st.integers(1, 3)


class Alarms(RuleBasedStateMachine):
    """Two engines, and two alarms with windows of an hour; one waits two minutes before it fires and clears, the other
    escalates after five.
    """

    def __init__(self) -> None:
        super().__init__()
        for model in (Delivery, Change, Event, Tick, Silence, Alarm, Lease):
            model.objects.all().delete()
        self.world = World()
        self.quick = alarm("quick", tell_cleared=True, escalate_minutes=5, escalate_to="b@lab.example")
        self.patient = alarm("patient", for_minutes=2, clear_minutes=2)
        self.engines = [self.world.engine("one"), self.world.engine("two")]
        self.was_set_back = False

    # -- the world

    @initialize(failing=st.dictionaries(TASKS, st.sampled_from([12, 40, 5]), min_size=1))
    def tasks_run(self, failing: dict[int, int]) -> None:
        """Some of them badly: without it most runs would have nothing to tell."""
        self.world.failing = failing

    @rule(number=TASKS, failed=st.sampled_from([0, 5, 12, 40]))
    def jobs_fail(self, number: int, failed: int) -> None:
        """A task gets better or worse."""
        self.world.failing[number] = failed

    @rule(number=TASKS)
    def task_leaves(self, number: int) -> None:
        """A task is too old to be asked for."""
        self.world.failing.pop(number, None)

    @rule()
    def monitor_falls_silent(self) -> None:
        """It answers nothing."""
        self.world.fault = "no answer"

    @rule()
    def monitor_answers(self) -> None:
        """It is back."""
        self.world.fault = ""

    @rule(minutes=st.sampled_from([1, 1, 1, 7, 61]))
    def time_passes(self, minutes: int) -> None:
        """For everybody."""
        self.world.pass_time(minutes)

    @rule(minutes=st.sampled_from([-600, -30, -1, 600]))
    def clock_jumps(self, minutes: int) -> None:
        """The wall clock of all hosts is set."""
        self.was_set_back |= minutes < 0
        self.world.now += timedelta(minutes=minutes)

    # -- people

    @rule(data=st.data())
    @precondition(lambda self: Event.objects.filter(state=State.FIRING).exists())
    def somebody_acknowledges(self, data: st.DataObject) -> None:
        """An event that fires."""
        chosen = data.draw(
            st.sampled_from(sorted(Event.objects.filter(state=State.FIRING).values_list("pk", flat=True)))
        )
        acting.acknowledge(chosen, "anna", self.world.now)

    @rule(data=st.data())
    @precondition(lambda self: Event.objects.filter(state=State.ACKNOWLEDGED).exists())
    def somebody_withdraws(self, data: st.DataObject) -> None:
        """What somebody had acknowledged."""
        chosen = Event.objects.filter(state=State.ACKNOWLEDGED).values_list("pk", flat=True)
        acting.withdraw_acknowledgement(data.draw(st.sampled_from(sorted(chosen))), "anna", self.world.now)

    @rule(number=TASKS, minutes=st.sampled_from([3, 30]))
    def somebody_silences(self, number: int, minutes: int) -> None:
        """A task for a while."""
        acting.silence(f"task={number}", "known", self.world.now + timedelta(minutes=minutes), "anna", self.world.now)

    @rule(notify=st.booleans())
    def mail_is_switched(self, notify: bool) -> None:
        """Of one alarm."""
        Alarm.objects.filter(pk=self.quick.pk).update(notify=notify)

    # -- engines

    @rule(which=st.integers(0, 1), minutes=st.sampled_from([1, 0, 2, 4]))
    def tick(self, which: int, minutes: int) -> None:
        """A whole tick, mostly in a later minute than the last one."""
        self.world.pass_time(minutes)
        self._ticked(self.engines[which])

    @rule(which=st.integers(0, 1), statement=st.integers(1, 60))
    def tick_dies(self, which: int, statement: int) -> None:
        """A tick that ends before its n-th statement, or comes through; a new process takes its place."""
        try:
            with crash_at(statement):
                self._ticked(self.engines[which])
        except CrashError:
            self.engines[which] = self.world.engine(f"next of {which}")

    @rule()
    def engine_is_paused(self) -> None:
        """While one waits for the monitor, another takes the lease and does a tick; then the first goes on."""
        paused, other = self.engines
        plain, begun = self.world.ask, []

        def ask(queries: Any, now: datetime) -> Any:
            answers = plain(queries, now)
            if not begun:
                begun.append(now)
                self._ticked(other)
            return answers

        paused.ask = ask
        try:
            with suppress(LeaseLostError):
                self._ticked(paused)
        finally:
            paused.ask = plain

    def _ticked(self, engine: Engine) -> None:
        before = {event.pk: event for event in Event.objects.all()}
        silent = bool(self.world.fault)
        try:
            self.world.tick(engine)
        finally:
            after = list(Event.objects.all())
            self._check_escalations(before, after)
            if silent:
                states = {event.pk: event.state for event in after}
                assert states == {key: event.state for key, event in before.items()}, "silence fires and clears nothing"

    @staticmethod
    def _check_escalations(before: Mapping[str, Event], after: Iterable[Event]) -> None:
        """Of one tick: only what people knew, and nobody had acknowledged for as long as the alarm waits."""
        for event in after:
            known = before.get(event.pk)
            if event.escalated_at is None:
                continue
            assert known is not None, "nobody can have known of it"
            if known.escalated_at is None:
                assert event.state == State.FIRING
                assert known.state == State.FIRING
                assert known.notified_at is not None
                assert known.unacknowledged_since is not None
                assert event.escalated_at - known.unacknowledged_since >= PATIENCE
            else:
                assert event.escalated_at == known.escalated_at

    # -- what holds

    @invariant()
    def one_open_event_for_each_thing(self) -> None:
        """Of each alarm."""
        opened = Event.objects.exclude(state=State.RESOLVED).values_list("alarm_id", "fingerprint")
        assert all(count == 1 for count in Counter(opened).values())

    @invariant()
    def one_message_for_each_alarm_and_tick(self) -> None:
        """At most; and one for those whom it escalates to."""
        made = Delivery.objects.values_list("alarm_id", "tick_id", "escalation")
        assert all(count == 1 for count in Counter(made).values())

    @invariant()
    def states_and_times_fit(self) -> None:
        """An event that fired has a time for it; one that is over says when and why."""
        for event in Event.objects.all():
            assert (event.fired_at is None) == (event.state == State.PENDING)
            assert (event.resolved_at is None) == (event.state != State.RESOLVED)
            assert bool(event.resolution) == (event.state == State.RESOLVED)

    @invariant()
    def each_event_is_new_once_and_over_once_and_over_only_after_it_was_new(self) -> None:
        """In what was put into the outbox."""
        new, over = list(self._said("new")), list(self._said("cleared"))
        assert len(new) == len(set(new))
        assert len(over) == len(set(over))
        assert set(over) <= set(new)

    @invariant()
    def nobody_is_told_again_within_the_window(self) -> None:
        """As long as no clock was set back; then a window may be counted anew."""
        if self.was_set_back:
            return
        last: dict[str, datetime] = {}
        for one in Delivery.objects.filter(escalation=False).order_by("created_at"):
            for key in (*one.content["new"], *one.content["continuing"]):
                assert key not in last or one.created_at - last[key] >= WINDOW
                last[key] = one.created_at

    @invariant()
    def what_was_told_is_noted_and_what_is_noted_was_told(self) -> None:
        """Message and mark are one transaction."""
        told = set(self._said("new"))
        marked = set(Event.objects.filter(notified_at__isnull=False).values_list("pk", flat=True))
        assert told == marked

    @invariant()
    def each_event_is_escalated_at_most_once_after_it_was_told_and_by_the_alarm_that_does(self) -> None:
        """Message, mark and what is written down are one transaction; who was not told of it hears of no end."""
        said = [key for one in self._escalations() for key in one.content["escalated"]]
        ended = [key for one in self._escalations() for key in one.content["cleared"]]
        assert len(said) == len(set(said))
        assert len(ended) == len(set(ended))
        assert set(ended) <= set(said) <= set(self._said("new"))
        marked = Event.objects.filter(escalated_at__isnull=False)
        assert sorted(said) == sorted(marked.values_list("pk", flat=True))
        assert sorted(said) == sorted(Change.objects.filter(what="escalated").values_list("event_id", flat=True))
        assert not marked.exclude(alarm=self.quick).exists()

    @invariant()
    def nothing_is_escalated_before_its_time(self) -> None:
        """Counted from the message that told of it, as long as no clock was set back."""
        if self.was_set_back:
            return
        told = {key: one.created_at for one in Delivery.objects.filter(escalation=False) for key in one.content["new"]}
        for one in self._escalations():
            assert all(one.created_at - told[key] >= PATIENCE for key in one.content["escalated"])

    def teardown(self) -> None:
        """In the end all is quiet: after good ticks every event that fires was told, unless somebody held it back."""
        self.world.fault = ""
        Silence.objects.all().delete()
        Alarm.objects.update(notify=True)
        for _ in range(4):
            self.world.pass_time(361)
            self._ticked(self.engines[0])
            self.each_event_is_escalated_at_most_once_after_it_was_told_and_by_the_alarm_that_does()
        for event in Event.objects.filter(state=State.FIRING):
            assert event.notified_at is not None, "an event that fires was never told"
            assert event.alarm_id != self.quick.pk or event.escalated_at is not None, "nobody looks after it"
        failing = {f"task:{number}" for number, failed in self.world.failing.items() if failed >= 10}
        for of in (self.quick, self.patient):
            open_now = set(of.events.exclude(state=State.RESOLVED).values_list("fingerprint", flat=True))
            assert open_now == failing

    def _said(self, kind: str) -> Iterator[str]:
        for one in Delivery.objects.filter(escalation=False):
            yield from one.content[kind]

    @staticmethod
    def _escalations() -> Iterable[Delivery]:
        return Delivery.objects.filter(escalation=True)


def test_whatever_happens() -> None:
    run_state_machine_as_test(
        Alarms,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.explicit, Phase.reuse, Phase.generate],
        ),
    )
