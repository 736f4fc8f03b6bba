"""Whatever happens, in whatever order: crashes at any step, clocks that jump, receivers that fail in any way.

Everybody who does not refuse a message has it in the end, and has it once, but for the times in which acceptance could
not be known: the answer was lost, or the process died before it was written down.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from swf_remote.alarms.delivery.sending import Outbox
from swf_remote.alarms.delivery.transports import Parcel, Result
from swf_remote.alarms.models import Attempt, Channel, Delivery, Outcome
from tests.remote.alarms.delivery.news import NOW, waiting
from tests.remote.alarms.delivery.senders import Hold
from tests.remote.alarms.delivery.stepping import Crash, Steps, die

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow, pytest.mark.once]

PEOPLE = ("alice@lab.example", "bob@lab.example", "carol@lab.example")
HOOK = "https://chat.example/hook"
TAKE, LATER, REFUSE, LOSE = "take", "later", "refuse", "lose"


@dataclass
class Receivers:
    """Take, refuse, put off, or take and lose the answer; and remember who has what."""

    steps: Steps = field(default_factory=Steps)
    plan: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    taken: Counter[tuple[str, str]] = field(default_factory=Counter)
    lost: Counter[tuple[str, str]] = field(default_factory=Counter)
    refused: set[tuple[str, str]] = field(default_factory=set)

    def deliver(self, parcel: Parcel) -> Result:
        self.steps.step()
        reached, refused = [], {}
        for one in parcel.destinations:
            does = self.plan[one].pop(0) if self.plan[one] else TAKE
            key = parcel.id, one
            self.taken[key] += does in (TAKE, LOSE)
            self.lost[key] += does == LOSE
            if does == TAKE:
                reached.append(one)
            elif does == REFUSE:
                self.refused.add(key)
                refused[one] = "550 no"
        self.steps.step()
        return Result(tuple(reached), refused)


@dataclass
class World:
    """The outbox, its receivers, a clock, and what nobody could know."""

    receivers: Receivers = field(default_factory=Receivers)
    now: Any = NOW
    unknown: Counter[tuple[str, str]] = field(default_factory=Counter)

    def begin(self) -> None:
        Attempt.objects.all().delete()
        Delivery.objects.all().delete()
        self.start()

    def start(self) -> None:
        """A new process."""
        self.sender = Outbox({Channel.MAIL: self.receivers, Channel.WEBHOOK: self.receivers}, at_once=2, patience=0)

    def tell(self, people: list[str]) -> None:
        channel = Channel.WEBHOOK if people == [HOOK] else Channel.MAIL
        waiting(channel, people, created_at=self.now, next_attempt_at=self.now)

    def work(self, crash_at: int | None) -> None:
        self.receivers.steps = steps = Steps(crash_at)
        with steps.watching():
            try:
                self.sender.settle(self.now, Hold())
            except Crash:
                die()
                self.note_what_nobody_knows()
                self.start()

    def note_what_nobody_knows(self) -> None:
        known = {(row.pk, one) for row in Delivery.objects.all() for one in row.reached}
        for key, times in self.receivers.taken.items():
            if key not in known:
                self.unknown[key] = times - self.receivers.lost[key]

    def end(self) -> None:
        """All is well from now on, until nothing waits any more."""
        self.receivers.plan.clear()
        self.receivers.steps = Steps()
        for _ in range(40):
            self.sender.settle(self.now, Hold())
            self.now += timedelta(hours=1)
        assert not Delivery.objects.filter(outcome__in=(Outcome.WAITING, Outcome.SENDING)).exists()


crash = st.none() | st.integers(1, 60)
does = st.lists(st.sampled_from([TAKE, LATER, REFUSE, LOSE]), min_size=1, max_size=4)
actions = st.one_of(
    st.tuples(st.just("tell"), st.lists(st.sampled_from(PEOPLE), min_size=1, unique=True) | st.just([HOOK])),
    st.tuples(st.just("work"), crash),
    st.tuples(st.just("plan"), st.tuples(st.sampled_from([*PEOPLE, HOOK]), does)),
    st.tuples(st.just("jump"), st.integers(-3000, 3000)),
)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(actions, max_size=14))
def test_everybody_has_it_and_nobody_is_knowingly_told_twice(story: list[tuple[str, Any]]) -> None:
    world = World()
    world.begin()
    for what, detail in story:
        match what:
            case "tell":
                world.tell(detail)
            case "work":
                world.work(detail)
            case "plan":
                world.receivers.plan[detail[0]] += detail[1]
            case _:
                world.now += timedelta(minutes=detail)
    world.end()
    receivers = world.receivers
    for row in Delivery.objects.all():
        everybody = {*row.reached, *row.destinations, *row.content["refused"]}
        for one in everybody:
            key = row.pk, one
            assert receivers.taken[key] or key in receivers.refused
            assert receivers.taken[key] <= 1 + receivers.lost[key] + world.unknown[key]
        assert row.outcome == (Outcome.SENT if row.reached else Outcome.DEAD)
