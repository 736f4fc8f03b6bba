"""An engine that dies, at any statement to its database: the next one makes up for it, and nobody is told twice."""

from __future__ import annotations

import pytest
from django.db import transaction

from swf_remote.alarms.engine.lease import LeaseLostError
from swf_remote.alarms.models import Alarm, Delivery, Event, State, Tick

from .rig import CrashError, World, alarm, crash_at, escalated, states, take, told

pytestmark = pytest.mark.django_db(transaction=True)


def _fresh() -> World:
    for model in (Delivery, Event, Tick, Alarm):
        model.objects.all().delete()
    alarm(renotify_hours=1, escalate_minutes=30, escalate_to="b@lab.example")
    world = World()
    world.failing = {1: 12, 2: 12}
    world.tick()
    world.failing = {2: 12, 3: 12}
    world.pass_time(60)
    return world


def _statements_of_a_tick() -> int:
    world = _fresh()
    engine = world.engine()
    take(world, engine)
    with crash_at(0) as seen:
        engine.tick()
    return seen[0]


def test_wherever_a_tick_dies_the_next_one_tells_all_of_it_once() -> None:
    count = _statements_of_a_tick()
    assert count > 15
    for statement in range(1, count + 1):
        world = _fresh()
        engine = world.engine()
        take(world, engine)
        with pytest.raises(CrashError), crash_at(statement):
            engine.tick()
        world.pass_time()
        world.tick(world.engine("two"))
        heard = [(kind, key) for _, *said in told()[1:] for kind, keys in enumerate(said) for key in keys]
        assert sorted(heard) == [(0, "task:3"), (1, "task:2"), (2, "task:1")], statement
        assert escalated() == [(("task:2",), ())], statement
        assert set(states(Alarm.objects.get()).items()) == {
            ("task:1", State.RESOLVED), ("task:2", State.FIRING), ("task:3", State.FIRING),
        }  # fmt: skip
        assert Event.objects.count() == 3


def test_an_engine_that_was_paused_and_lost_its_lease_changes_nothing_more() -> None:
    world = _fresh()
    paused, other = world.engine("paused"), world.engine("other")
    take(world, paused)
    begun = []

    def ask_and_pause(queries, now):  # type: ignore[no-untyped-def]
        answers = world.ask(queries, now)
        if not begun:
            begun.append(now)
            world.failing = {9: 50}
            world.pass_time()
            world.tick(other)
        return answers

    paused.ask = ask_and_pause
    with pytest.raises(LeaseLostError):
        paused.tick()
    assert states(Alarm.objects.get()) == {"task:1": "resolved", "task:2": "resolved", "task:9": "firing"}
    assert len(told()) == 2


def test_a_lease_that_was_lost_within_a_transaction_undoes_it() -> None:
    world = _fresh()
    first, second = world.engine("first"), world.engine("second")
    take(world, first)
    take(world, second)
    with pytest.raises(LeaseLostError), transaction.atomic():
        Event.objects.all().delete()
        first.lease.check()
    assert Event.objects.count() == 2
