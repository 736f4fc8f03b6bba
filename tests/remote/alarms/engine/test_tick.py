"""What a tick does to events, and whom it tells."""

from __future__ import annotations

from datetime import timedelta

import pytest

from swf_remote.alarms import acting
from swf_remote.alarms.configuring import save_alarm
from swf_remote.alarms.engine.evaluation import CURED, LEFT
from swf_remote.alarms.models import Alarm, Delivery, Evaluation, Event, State, Tick

from .rig import BEGIN, MINUTE, World, alarm, states, told

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def world() -> World:
    """A world in which nothing fails."""
    Alarm.objects.all().delete()
    return World()


def test_a_task_over_the_threshold_fires_and_is_told_once(world: World) -> None:
    failing = alarm()
    world.failing = {4711: 12, 4712: 3}
    world.tick()
    assert states(failing) == {"task:4711": State.FIRING}
    world.pass_time()
    world.tick()
    assert told() == [("failing", ("task:4711",), (), ())]


def test_it_resolves_when_a_good_answer_does_not_show_it_any_more_and_that_is_told(world: World) -> None:
    failing = alarm()
    world.failing = {4711: 12}
    world.tick()
    world.failing = {4711: 2}
    world.pass_time()
    world.tick()
    event = failing.events.get()
    assert (event.state, event.resolution, event.resolved_at) == (State.RESOLVED, CURED, world.now)
    assert told()[1:] == [("failing", (), (), ("task:4711",))]


def test_what_left_the_window_ends_as_no_longer_looked_at(world: World) -> None:
    failing = alarm()
    world.failing = {4711: 12}
    world.tick()
    world.failing = {}
    world.pass_time()
    world.tick()
    assert failing.events.get().resolution == LEFT


def test_a_monitor_that_does_not_answer_neither_clears_nor_fires(world: World) -> None:
    failing = alarm()
    world.failing = {4711: 12}
    world.tick()
    world.failing, world.fault = {4712: 50}, "the link is down"
    world.pass_time()
    tick = world.tick()
    failing.refresh_from_db()
    assert states(failing) == {"task:4711": State.FIRING}
    assert (failing.failing_since, failing.last_error) == (world.now, "the link is down")
    assert tick is not None
    assert (tick.evaluated, tick.failed) == (0, 1)
    assert Evaluation.objects.get(tick=tick).error == "the link is down"


def test_an_alarm_that_cannot_be_evaluated_raises_an_alarm_of_its_own_until_it_can(world: World) -> None:
    alarm(every_minutes=5)
    about = alarm("cannot", recipients="b@lab.example")
    about.detector, about.parameters = "cannot_evaluate", {}
    about.save()
    world.fault = "the link is down"
    world.tick()
    assert list(states(about).values()) == [State.FIRING]
    world.pass_time()  # the failing alarm has no turn now, and still it fails
    world.tick()
    assert list(states(about).values()) == [State.FIRING]
    world.fault = ""
    world.pass_time(4)
    world.tick()
    assert list(states(about).values()) == [State.RESOLVED]


def test_a_detector_that_fails_ends_nobody_elses_evaluation(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from swf_remote.alarms.detecting.detectors.task_stuck import TaskStuck  # noqa: PLC0415

    broken, sound = alarm("a_broken"), alarm("b_sound")
    broken.detector, broken.parameters = "task_stuck", {}
    broken.save()
    monkeypatch.setattr(TaskStuck, "queries", lambda *_: ())
    monkeypatch.setattr(TaskStuck, "detect", lambda *_: 1 / 0)
    world.failing = {4711: 12}
    tick = world.tick()
    broken.refresh_from_db()
    assert tick is not None
    assert (tick.evaluated, tick.failed, states(sound)) == (1, 1, {"task:4711": State.FIRING})
    assert "ZeroDivisionError" in broken.last_error


def test_equal_questions_are_asked_once_for_all_alarms(world: World) -> None:
    for name in ("one", "two", "three"):
        alarm(name)
    world.tick()
    assert len(world.asked) == 1


def test_a_slot_is_evaluated_once_however_often_the_engine_looks(world: World) -> None:
    alarm()
    first, second = world.tick(), world.tick()
    assert first is not None
    assert second is None
    assert Tick.objects.count() == 1


def test_slots_that_nobody_evaluated_are_counted_and_only_the_present_one_is_made_up_for(world: World) -> None:
    alarm(every_minutes=5)
    world.tick()
    world.pass_time(21)
    tick = world.tick()
    assert tick is not None
    assert (tick.missed, tick.evaluated) == (3, 1)


def test_it_fires_only_after_it_has_matched_for_as_long_as_the_alarm_asks(world: World) -> None:
    failing = alarm(for_minutes=3)
    world.failing = {4711: 12}
    seen = []
    for _ in range(4):
        world.tick()
        seen.append(states(failing)["task:4711"])
        world.pass_time()
    assert seen == [State.PENDING, State.PENDING, State.PENDING, State.FIRING]
    assert len(told()) == 1


def test_what_was_pending_and_is_gone_leaves_nothing(world: World) -> None:
    failing = alarm(for_minutes=3)
    world.failing = {4711: 12}
    world.tick()
    world.failing = {}
    world.pass_time()
    world.tick()
    assert (states(failing), told()) == ({}, [])


def test_it_resolves_only_after_it_was_well_for_as_long_as_the_alarm_asks(world: World) -> None:
    failing = alarm(clear_minutes=2)
    world.failing = {4711: 12}
    world.tick()
    world.failing = {}
    seen = []
    for _ in range(3):
        world.pass_time()
        world.tick()
        seen.append(states(failing)["task:4711"])
    assert seen == [State.FIRING, State.FIRING, State.RESOLVED]


def test_it_is_told_again_only_after_the_window(world: World) -> None:
    alarm(renotify_hours=1)
    world.failing = {4711: 12}
    for _ in range(121):
        world.tick()
        world.pass_time()
    assert told() == [("failing", ("task:4711",), (), ())] + [("failing", (), ("task:4711",), ())] * 2


def test_without_a_window_it_is_told_once(world: World) -> None:
    alarm(renotify_hours=0, every_minutes=60)
    world.failing = {4711: 12}
    for _ in range(50):
        world.tick()
        world.pass_time(60)
    assert len(told()) == 1


def test_one_message_tells_what_is_new_what_continues_and_what_is_over(world: World) -> None:
    alarm(renotify_hours=1)
    world.failing = {1: 12, 2: 12}
    world.tick()
    world.failing = {2: 12, 3: 12}
    world.pass_time(60)
    world.tick()
    assert told()[1:] == [("failing", ("task:3",), ("task:2",), ("task:1",))]


def test_with_e_mail_off_events_are_recorded_and_nobody_is_told_until_it_is_on(world: World) -> None:
    failing = alarm(notify=False)
    world.failing = {4711: 12}
    world.tick()
    assert (states(failing), told()) == ({"task:4711": State.FIRING}, [])
    Alarm.objects.update(notify=True)
    world.pass_time()
    world.tick()
    assert told() == [("failing", ("task:4711",), (), ())]


def test_nobody_is_told_of_the_end_of_what_nobody_was_told_of(world: World) -> None:
    alarm(notify=False)
    world.failing = {4711: 12}
    world.tick()
    Alarm.objects.update(notify=True)
    world.failing = {}
    world.pass_time()
    world.tick()
    assert told() == []


def test_an_acknowledged_event_is_not_told_again_and_its_end_is(world: World) -> None:
    failing = alarm(renotify_hours=1)
    world.failing = {4711: 12}
    world.tick()
    acting.acknowledge(failing.events.get().pk, "anna", world.now)
    for _ in range(90):
        world.pass_time()
        world.tick()
    assert (len(told()), states(failing)) == (1, {"task:4711": State.ACKNOWLEDGED})
    world.failing = {}
    world.pass_time()
    world.tick()
    assert told()[1:] == [("failing", (), (), ("task:4711",))]


def test_what_is_silenced_is_told_when_the_silence_ends_and_it_still_fires(world: World) -> None:
    failing = alarm()
    acting.silence("task=4711", "known", world.now + 10 * MINUTE, "anna", world.now)
    world.failing = {4711: 12}
    world.tick()
    assert (states(failing), told()) == ({"task:4711": State.FIRING}, [])
    world.pass_time(10)
    world.tick()
    assert told() == [("failing", ("task:4711",), (), ())]


def test_what_another_event_explains_is_not_told(world: World) -> None:
    alarm("cause")
    effect = alarm("an_effect", parameters={"threshold": 0.05}, explained_by="alarm=cause on task")
    world.failing = {1: 12, 2: 7}
    world.tick()
    assert states(effect) == {"task:1": State.FIRING, "task:2": State.FIRING}
    assert told() == [("an_effect", ("task:2",), (), ()), ("cause", ("task:1",), (), ())]


def test_what_was_explained_is_told_when_the_explanation_is_over(world: World) -> None:
    cause = alarm("cause")
    alarm("effect", explained_by="alarm=cause")
    world.failing = {1: 12}
    world.tick()
    cause.refresh_from_db()
    cause.enabled = False
    save_alarm(cause, "anna", world.now)
    world.pass_time()
    world.tick()
    assert told() == [("cause", ("task:1",), (), ()), ("effect", ("task:1",), (), ())]


def test_two_alarms_cannot_hide_behind_each_other(world: World) -> None:
    alarm("one", explained_by="alarm=two")
    alarm("two", explained_by="alarm=one")
    world.failing = {1: 12}
    world.tick()
    assert told() == [("one", ("task:1",), (), ())]


def test_what_nobody_was_told_of_explains_nothing(world: World) -> None:
    alarm("cause", notify=False)
    alarm("effect", explained_by="alarm=cause")
    world.failing = {1: 12}
    world.tick()
    assert told() == [("effect", ("task:1",), (), ())]


def test_nobody_is_told_of_a_site_in_maintenance_if_the_alarm_heeds_it(world: World) -> None:
    heeding = alarm("heeding", heed_maintenance=True)
    alarm("other")
    world.queues = {"BNL_PanDA_1": "brokeroff"}
    world.failing = {1: 12}
    world.tick()
    assert (states(heeding), told()) == ({"task:1": State.FIRING}, [("other", ("task:1",), (), ())])
    world.queues = {"BNL_PanDA_1": "online"}
    world.pass_time()
    world.tick()
    assert told()[1:] == [("heeding", ("task:1",), (), ())]


def test_a_monitor_that_does_not_tell_of_queues_holds_nothing_back(world: World) -> None:
    alarm("heeding", heed_maintenance=True)
    world.failing = {1: 12}
    world.tick()
    assert told() == [("heeding", ("task:1",), (), ())]


def test_the_scope_keeps_others_out(world: World) -> None:
    failing = alarm(scope="task!=4711")
    world.failing = {4711: 12, 4712: 12}
    world.tick()
    assert states(failing) == {"task:4712": State.FIRING}


def test_who_flaps_is_told_a_few_times_and_then_only_when_it_stays(world: World) -> None:
    alarm(tell_cleared=False)
    for _ in range(12):
        for failed in (12, 0):
            world.failing = {4711: failed}
            world.tick()
            world.pass_time()
    assert len(told()) == 3
    world.failing = {4711: 12}
    for _ in range(62):
        world.tick()
        world.pass_time()
    assert len(told()) == 4


def test_an_alarm_that_is_switched_off_ends_its_events_and_tells_nobody(world: World) -> None:
    failing = alarm()
    world.failing = {4711: 12}
    world.tick()
    failing.refresh_from_db()
    failing.enabled = False
    save_alarm(failing, "anna", world.now)
    world.pass_time()
    assert world.tick() is None
    assert (states(failing), len(told())) == ({"task:4711": State.RESOLVED}, 1)


def test_a_clock_that_is_put_back_stops_nothing(world: World) -> None:
    failing = alarm()
    world.failing = {4711: 12}
    world.tick()
    world.now = BEGIN - timedelta(days=2)
    world.failing = {4712: 12}
    for _ in range(3):
        world.tick()
        world.pass_time()
    assert states(failing) == {"task:4711": State.RESOLVED, "task:4712": State.FIRING}


def test_the_evidence_is_kept_as_it_was_first_and_as_it_was_last(world: World) -> None:
    failing = alarm()
    world.failing = {4711: 12}
    world.tick()
    world.failing = {4711: 40}
    world.pass_time()
    world.tick()
    event = failing.events.get()
    assert (event.first_values["nfinalfailed"], event.values["nfinalfailed"]) == (12, 40)


def test_what_has_not_changed_is_not_written_again(world: World) -> None:
    failing = alarm()
    world.failing = {4711: 12}
    world.tick()
    Event.objects.update(detail="as it is")
    world.pass_time()
    world.tick()
    event = failing.events.get()
    assert (event.last_seen, event.detail) == (world.now, "as it is")


def test_lines_of_events_hold_no_control_characters(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from . import rig  # noqa: PLC0415

    plain = rig.task
    monkeypatch.setattr(rig, "task", lambda *a, **k: plain(*a, **{**k, "taskname": "x\r\nBcc: y@evil.example\x1b[2J"}))
    failing = alarm()
    world.failing = {4711: 12}
    world.tick()
    assert failing.events.get().subject.isprintable()


def test_messages_belong_to_the_tick_that_made_them(world: World) -> None:
    alarm()
    world.failing = {4711: 12}
    tick = world.tick()
    assert tick is not None
    assert tick.deliveries == 1
    assert Delivery.objects.get().tick_id == tick.pk
