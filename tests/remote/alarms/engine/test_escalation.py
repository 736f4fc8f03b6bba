"""What nobody acknowledges is told to others: once, in time, and to nobody else."""

from __future__ import annotations

import pytest

from swf_remote.alarms import acting
from swf_remote.alarms.configuring import save_alarm
from swf_remote.alarms.delivery import outbox
from swf_remote.alarms.models import Alarm, Change, Delivery, Evaluation, Event, Team

from .rig import MINUTE, World, alarm, escalated, told

pytestmark = pytest.mark.django_db(transaction=True)
ONCE = [(("task:4711",), ())]


@pytest.fixture
def world() -> World:
    """A world in which a task fails."""
    Alarm.objects.all().delete()
    return World(failing={4711: 12})


def escalating(**fields: object) -> Alarm:
    """An alarm that waits half an hour for an acknowledgement."""
    return alarm(**{"escalate_minutes": 30, "escalate_to": "b@lab.example", "renotify_hours": 0} | fields)


def pass_time(world: World, minutes: int) -> None:
    """A tick in each minute, the last one at the end."""
    for _ in range(minutes):
        world.pass_time()
        world.tick()


def test_what_nobody_acknowledges_in_time_is_told_to_others_once(world: World) -> None:
    escalating()
    world.tick()
    pass_time(world, 29)
    assert escalated() == []
    pass_time(world, 1)
    assert escalated() == ONCE
    pass_time(world, 60)
    assert escalated() == ONCE


def test_the_recipients_get_no_message_for_it(world: World) -> None:
    escalating()
    world.tick()
    pass_time(world, 40)
    assert told() == [("failing", ("task:4711",), (), ())]


def test_telling_it_again_to_the_recipients_does_not_put_it_off(world: World) -> None:
    escalating(renotify_hours=0.25)
    world.tick()
    pass_time(world, 30)
    assert escalated() == ONCE
    assert len(told()) == 3


def test_it_is_written_down_with_the_event_and_the_run(world: World) -> None:
    escalating()
    world.tick()
    pass_time(world, 30)
    event = Event.objects.get()
    assert event.escalated_at == world.now
    change = Change.objects.get(what="escalated")
    assert (change.event, change.at, change.text) == (event, world.now, "Nobody has acknowledged it for 30 min.")
    seen = Evaluation.objects.get(tick__started_at=world.now)
    assert (seen.escalated, seen.new, seen.continuing) == ([event.pk], [], [])


def test_an_acknowledgement_in_time_stops_it(world: World) -> None:
    escalating()
    world.tick()
    pass_time(world, 29)
    acting.acknowledge(Event.objects.get().pk, "anna", world.now)
    pass_time(world, 60)
    assert escalated() == []


def test_when_the_acknowledgement_is_withdrawn_the_whole_time_passes_once_more(world: World) -> None:
    escalating()
    world.tick()
    acting.acknowledge(Event.objects.get().pk, "anna", world.now)
    pass_time(world, 60)
    acting.withdraw_acknowledgement(Event.objects.get().pk, "anna", world.now)
    pass_time(world, 29)
    assert escalated() == []
    pass_time(world, 1)
    assert escalated() == ONCE


def test_what_was_escalated_is_not_escalated_again_after_an_acknowledgement_is_withdrawn(world: World) -> None:
    escalating()
    world.tick()
    pass_time(world, 30)
    acting.acknowledge(Event.objects.get().pk, "anna", world.now)
    acting.withdraw_acknowledgement(Event.objects.get().pk, "anna", world.now)
    pass_time(world, 60)
    assert escalated() == ONCE


def test_what_is_over_in_time_is_not_escalated(world: World) -> None:
    escalating()
    world.tick()
    world.failing = {4711: 0}
    pass_time(world, 60)
    assert escalated() == []


def test_a_silence_holds_it_back_while_it_lasts(world: World) -> None:
    escalating()
    world.tick()
    acting.silence("task=4711", "known", world.now + 45 * MINUTE, "anna", world.now)
    pass_time(world, 44)
    assert escalated() == []
    pass_time(world, 1)
    assert escalated() == ONCE
    assert Change.objects.get(what="escalated").text == "Nobody has acknowledged it for 45 min."


def test_what_was_silenced_from_the_start_waits_from_when_people_were_told(world: World) -> None:
    escalating()
    acting.silence("task=4711", "known", world.now + 45 * MINUTE, "anna", world.now)
    world.tick()
    pass_time(world, 74)
    assert escalated() == []
    pass_time(world, 1)
    assert escalated() == ONCE


def test_what_another_event_explains_is_not_escalated(world: World) -> None:
    escalating(explained_by="alarm=cause on task")
    world.tick()
    alarm("cause")
    pass_time(world, 60)
    assert ("cause", ("task:4711",), (), ()) in told()
    assert escalated() == []


def test_a_site_in_maintenance_is_not_escalated(world: World) -> None:
    escalating(heed_maintenance=True)
    world.queues = {"BNL_PanDA_1": "online"}
    world.tick()
    world.queues = {"BNL_PanDA_1": "brokeroff"}
    pass_time(world, 60)
    assert len(told()) == 1
    assert escalated() == []


def test_what_flaps_and_is_not_told_is_not_escalated(world: World) -> None:
    escalating(tell_cleared=False)
    for failed in (12, 0, 12, 0, 12, 0):
        world.failing = {4711: failed}
        world.tick()
        world.pass_time()
    world.failing = {4711: 12}
    pass_time(world, 50)
    assert (len(told()), escalated()) == (3, [])
    pass_time(world, 50)
    assert (len(told()), escalated()) == (4, ONCE)


def test_with_e_mail_off_nothing_is_escalated(world: World) -> None:
    made = escalating()
    world.tick()
    made.refresh_from_db()
    made.notify = False
    save_alarm(made, "anna", world.now)
    pass_time(world, 60)
    assert escalated() == []


def test_the_end_of_what_was_escalated_is_told_to_those_others_too(world: World) -> None:
    escalating()
    world.tick()
    pass_time(world, 30)
    world.failing = {4711: 0}
    pass_time(world, 1)
    assert escalated() == [*ONCE, ((), ("task:4711",))]
    assert told()[1:] == [("failing", (), (), ("task:4711",))]


def test_the_end_is_told_to_them_although_somebody_acknowledged_it_after_all(world: World) -> None:
    escalating()
    world.tick()
    pass_time(world, 30)
    acting.acknowledge(Event.objects.get().pk, "anna", world.now)
    world.failing = {4711: 0}
    pass_time(world, 1)
    assert escalated()[1:] == [((), ("task:4711",))]


def test_no_end_is_told_to_them_where_the_alarm_tells_none(world: World) -> None:
    escalating(tell_cleared=False)
    world.tick()
    pass_time(world, 30)
    world.failing = {4711: 0}
    pass_time(world, 1)
    assert escalated() == ONCE


def test_the_end_of_what_was_not_escalated_is_none_of_their_business(world: World) -> None:
    escalating()
    world.tick()
    world.failing = {4711: 0}
    pass_time(world, 1)
    assert len(told()) == 2
    assert escalated() == []


def test_a_clock_that_was_put_back_makes_nobody_wait_longer_than_the_alarm_says(world: World) -> None:
    escalating()
    world.tick()
    world.now -= 600 * MINUTE
    pass_time(world, 30)
    assert escalated() == []
    pass_time(world, 1)
    assert escalated() == ONCE


def test_an_alarm_that_does_not_escalate_does_not(world: World) -> None:
    escalating(escalate_minutes=0)
    world.tick()
    pass_time(world, 60)
    assert escalated() == []


def test_where_nobody_is_named_that_is_written_down_and_it_is_not_tried_again(world: World) -> None:
    escalating(escalate_to="@nobody")
    engine = world.engine()
    engine.enqueue = outbox.enqueue
    world.tick(engine)
    for _ in range(3):
        world.pass_time(30)
        world.tick(engine)
    assert not Delivery.objects.filter(escalation=True).exists()
    assert [one.text for one in Change.objects.filter(what="escalated")] == [
        "Nobody has acknowledged it for 30 min. Nobody is named to be told."
    ]


def test_what_was_told_to_nobody_because_nobody_is_named_is_escalated_all_the_same(world: World) -> None:
    escalating(recipients="")
    engine = world.engine()
    engine.enqueue = outbox.enqueue
    world.tick(engine)
    assert Change.objects.get(what="told").text == "Nobody is named to be told."
    world.pass_time(30)
    world.tick(engine)
    assert [one.destinations for one in Delivery.objects.all()] == [["b@lab.example"]]


def test_the_one_on_duty_at_that_moment_is_told(world: World) -> None:
    Team.objects.create(
        name="@ops", members="anna@lab.example otto@lab.example", rotation_days=1,
        rotation_begins=f"{world.now - 24 * 60 * MINUTE:%Y-%m-%d %H:%M}",
    )  # fmt: skip
    escalating(recipients="@ops/oncall", escalate_to="@ops", escalate_minutes=24 * 60)
    engine = world.engine()
    engine.enqueue = outbox.enqueue
    world.tick(engine)
    world.pass_time(24 * 60)
    world.failing[4712] = 12
    world.tick(engine)
    sent = Delivery.objects.filter(escalation=False).order_by("created_at")
    assert [one.destinations for one in sent] == [["otto@lab.example"], ["anna@lab.example"]]
