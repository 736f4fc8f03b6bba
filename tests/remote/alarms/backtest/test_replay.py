"""An alarm tried on kept ticks does what the engine did with it in these ticks, and says what it cannot know."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from swf_remote.alarms.backtest.ledger import Ledger
from swf_remote.alarms.backtest.replay import Backtest, Trial, backtest, replay
from swf_remote.alarms.detecting.contract import Detector, Finding, Match, Parameters
from swf_remote.alarms.detecting.parameters import ParameterError
from swf_remote.alarms.detecting.registry import UnknownDetector
from swf_remote.alarms.engine.schedule import ScheduleError
from swf_remote.alarms.inputs.items import Moment
from swf_remote.alarms.inputs.queries import ActivityOf, InputError, PastOf, Tasks
from swf_remote.alarms.inputs.recordings import Recordings
from swf_remote.alarms.models import Alarm, Change, Delivery, Event, Recording
from swf_remote.alarms.routing.matchers import MatcherError
from tests.remote.alarms.detecting.worlds import activity, counts
from tests.remote.alarms.engine.rig import BEGIN, MINUTE, World, alarm, task

pytestmark = pytest.mark.django_db
PLENTY = 1 << 26
HOUR = 60 * MINUTE


def draft(detector: str = "task_failure_ratio", **fields: Any) -> Alarm:
    """An alarm that was never saved."""
    parameters = fields.pop("parameters", {"threshold": 0.1})
    return Alarm(name="draft", detector=detector, parameters=parameters, **{"every_minutes": 5, **fields})


def moments(failing: Iterable[dict[int, int]], step: timedelta = 5 * MINUTE) -> Iterator[Moment]:
    """Ticks with so many of 100 jobs failed, by task."""
    for number, failed in enumerate(failing):
        at = BEGIN + number * step
        tasks = {one: task(one, count, at) for one, count in failed.items()}
        yield Moment(at, tasks, {}, covers_since=BEGIN - timedelta(days=30))


def tried(failing: Iterable[dict[int, int]], until: datetime | None = None, **fields: Any) -> Backtest:
    """A draft on these ticks."""
    end = until or BEGIN + timedelta(days=3)
    return replay(Trial.of(draft(**fields)), moments(failing), BEGIN, end, lambda: False)


def minutes(found: Backtest) -> list[tuple[str, float, float | None]]:
    """When what fired, in minutes from the begin."""
    return [
        (one.fingerprint, _minutes(one.fired_at), None if one.resolved_at is None else _minutes(one.resolved_at))
        for one in found.episodes
    ]


def _minutes(at: datetime) -> float:
    return (at - BEGIN) / MINUTE


def test_it_fires_resolves_and_tells() -> None:
    found = tried([{7: 1}, {7: 30}, {7: 30}, {7: 2}, {7: 40, 8: 50}])
    assert sorted(minutes(found)) == [("task:7", 5, 15), ("task:7", 20, None), ("task:8", 20, None)]
    assert [(_minutes(one.at), one.new, one.continuing, one.cleared) for one in found.messages] == [
        (5, 1, 0, 0), (15, 0, 0, 1), (20, 2, 0, 0),
    ]  # fmt: skip
    assert (found.ticks, found.evaluated, dict(found.failed), found.complete) == (5, 5, {}, True)


def test_an_episode_says_how_it_was_when_it_fired() -> None:
    (one,) = tried([{7: 30}, {7: 90}], severity="critical").episodes
    assert one.severity == "critical"
    assert "30" in one.subject
    assert one.values["nfailed"] == 30


def test_it_waits_before_it_fires_and_before_it_clears() -> None:
    ill, well = {7: 30}, {7: 1}
    found = tried([ill, well, ill, ill, ill, ill, well, ill, well, well, well, well], for_minutes=10, clear_minutes=15)
    assert minutes(found) == [("task:7", 20, 55)]


def test_only_what_is_in_its_scope_counts() -> None:
    assert minutes(tried([{7: 30, 8: 30}], scope="task=8")) == [("task:8", 0, None)]


def test_it_is_looked_at_no_more_often_than_it_asks_for_and_only_in_its_schedule() -> None:
    assert tried([{7: 30}] * 12, every_minutes=15).evaluated == 4
    # The ticks begin on a Sunday at 12:00.
    assert tried([{7: 30}] * 24, schedule="sun 13:00-14:00").evaluated == 12


def test_it_is_told_again_after_its_window() -> None:
    told = [(_minutes(one.at), one.new, one.continuing) for one in tried([{7: 30}] * 30, renotify_hours=1).messages]
    assert told == [(0, 1, 0), (60, 0, 1), (120, 0, 1)]


def test_ticks_before_the_begin_are_not_evaluated_but_looked_back_at() -> None:
    since = BEGIN + 2 * HOUR
    alarm_ = draft("no_activity", parameters={"hours": 1})
    found = replay(Trial.of(alarm_), moments([{7: 10}] * 36), since, since + HOUR, lambda: False)
    assert (found.ticks, found.evaluated, found.sees_since) == (12, 12, since)
    assert found.episodes[0].fingerprint == "no-activity:finished"


def test_a_young_history_is_told() -> None:
    found = tried([{7: 10}] * 3, detector="no_activity", parameters={"hours": 6})
    assert found.evaluated == 2
    assert list(found.failed.values()) == [1]


def test_time_that_runs_out_is_told() -> None:
    left = iter([False] * 4 + [True] * 99)
    found = replay(Trial.of(draft()), moments([{7: 30}] * 20), BEGIN, BEGIN + HOUR, lambda: next(left))
    assert (found.ticks, found.complete, found.until) == (4, False, BEGIN + 20 * MINUTE)
    assert found.words()[-1] == "It was not tried to the end, but only up to 2026-11-29 12:20 UTC."


def test_time_that_runs_out_before_the_first_tick_is_not_taken_for_an_empty_history() -> None:
    found = replay(Trial.of(draft()), moments([{7: 30}] * 9), BEGIN + HOUR, BEGIN + 2 * HOUR, lambda: True)
    assert (found.ticks, found.complete, found.until) == (0, False, BEGIN + HOUR)
    assert found.words() == [
        "It could not be tried: reading what is kept of the time before took all the time that there is."
    ]


def test_an_alarm_that_fires_all_the_time_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("swf_remote.alarms.backtest.replay.MOST_EPISODES", 10)
    found = tried([dict.fromkeys(range(9), 30), {}] * 20)
    assert not found.complete
    assert len(found.episodes) < 30


def test_ticks_without_what_it_needs_are_told_and_change_nothing() -> None:
    def some() -> Iterator[Moment]:
        for number, moment in enumerate(moments([{7: 30}] * 6)):
            yield Moment(moment.at, {}, {}, has_tasks=False) if number in (2, 3) else moment

    found = replay(Trial.of(draft()), some(), BEGIN, BEGIN + HOUR, lambda: False)
    assert minutes(found) == [("task:7", 0, None)]
    assert dict(found.failed) == {"the tick had no tasks": 2}
    assert "It could not be evaluated in 2 ticks: the tick had no tasks (2)." in found.words()


def test_a_window_that_was_not_kept_whole_is_no_answer() -> None:
    found = replay(
        Trial.of(draft(parameters={"threshold": 0.1, "since_days": 40})),
        moments([{7: 30}]),
        BEGIN,
        BEGIN,
        lambda: False,
    )
    assert dict(found.failed) == {"of 40 days of tasks not all are kept": 1}


def test_only_tasks_modified_within_its_window_are_looked_at() -> None:
    def aged() -> Iterator[Moment]:
        at = BEGIN
        tasks = {7: task(7, 30, at - timedelta(days=2)), 8: task(8, 30, at)}
        yield Moment(at, tasks, {}, covers_since=at - timedelta(days=5))

    for days, expected in ((1, ["task:8"]), (3, ["task:8", "task:7"])):
        trial = Trial.of(draft(parameters={"threshold": 0.1, "since_days": days}))
        assert [one.fingerprint for one in replay(trial, aged(), BEGIN, BEGIN, lambda: False).episodes] == expected


def test_jobs_by_site_and_user_are_kept_of_one_day() -> None:
    def sites() -> Iterator[Moment]:
        found = {"BNL": counts("BNL", finished=10, failed=90)}
        yield Moment(BEGIN, {}, found, {"ann": counts("ann", finished=10, failed=90)}, has_tasks=False)
        yield Moment(BEGIN + 5 * MINUTE, {}, {}, has_sites=False)

    for by, fingerprint in (("site", "site:BNL"), ("user", "user:ann")):
        trial = Trial.of(draft("job_failure_ratio", parameters={"by": by}))
        found = replay(trial, sites(), BEGIN, BEGIN + HOUR, lambda: False)
        assert minutes(found) == [(fingerprint, 0, None)]
        assert dict(found.failed) == {"the tick had no jobs by site": 1}


@pytest.mark.parametrize(
    ("detector", "parameters", "question"),
    [
        ("link_down", {}, "TheLink"),
        ("queue_down", {}, "Queues"),
        ("error_new_or_rising", {}, "ErrorPatterns(days=1, most=200), ErrorPatterns(days=7, most=200)"),
        ("long_running_jobs", {}, "Jobs(status='running', days=7, most=20000)"),
        ("expression", {"over": "rest", "path": "activity/", "expression": "jobs.total > 1"}, "TheField"),
        ("job_failure_ratio", {"since_days": 7}, "ActivityOf(days=7)"),
        ("cannot_evaluate", {}, "TickFailures"),
    ],
)
def test_what_is_not_kept_cannot_be_tried_and_is_said(detector: str, parameters: dict[str, Any], question: str) -> None:
    found = backtest(draft(detector, parameters=parameters), 7, BEGIN, recordings=Recordings(PLENTY))
    assert found.unsupported.startswith(f"It asks {question}")
    assert found.words() == [found.unsupported]
    assert (found.ticks, found.episodes) == (0, ())


def test_without_kept_ticks_there_is_nothing_to_try_it_on() -> None:
    found = backtest(draft(), 7, BEGIN, recordings=Recordings(PLENTY))
    assert found.sees_since is None
    assert found.words() == ["No ticks are kept since 2026-11-22 12:00 UTC, so there is nothing to try it on yet."]


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"detector": "nothing"}, UnknownDetector),
        ({"parameters": {"threshold": 7}}, ParameterError),
        ({"scope": "task"}, MatcherError),
        ({"schedule": "never"}, ScheduleError),
    ],
)
def test_an_alarm_that_is_not_valid_is_refused(fields: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        backtest(draft(**fields), 7, BEGIN, recordings=Recordings(PLENTY))


def test_nothing_is_written() -> None:
    kept = Recordings(PLENTY)
    kept.record(BEGIN, {Tasks(1): (task(7, 30, BEGIN),)})
    saved = alarm()
    found = backtest(saved, 1, BEGIN + HOUR, recordings=kept)
    assert len(found.episodes) == 1
    saved.refresh_from_db()
    assert saved.evaluated_for is None
    counted = [model.objects.count() for model in (Event, Change, Delivery, Recording)]
    assert counted == [0, 0, 0, 1]


def test_it_sees_what_it_looks_back_at_from_before_the_asked_days() -> None:
    kept = Recordings(PLENTY)
    for number in range(4 * 24):
        at = BEGIN + number * HOUR
        kept.record(at, {Tasks(1): (task(7, 10, at, created=BEGIN),)})
    end = BEGIN + timedelta(days=4)
    found = backtest(draft("no_activity", parameters={"hours": 20}), 1, end, recordings=kept)
    assert (found.sees_since, found.evaluated, dict(found.failed)) == (end - timedelta(days=1), 24, {})
    assert found.episodes[0].fired_at == found.sees_since


class _Parameters(Parameters):
    pass


class _Strange(Detector[_Parameters]):
    """Fails in its own ways."""

    name, title, summary, Parameters = "strange", "Strange", "", _Parameters

    def queries(self, parameters: _Parameters) -> Any:
        return (Tasks(1), PastOf(2), ActivityOf(1))

    def detect(self, parameters: _Parameters, answers: Any, firing: Any) -> Finding:
        if answers.now.minute % 10:
            raise ZeroDivisionError("by nothing")
        return Finding([Match("x", "is here", "1 > 0")])


def test_a_detector_that_fails_is_told_and_changes_nothing() -> None:
    plain = Trial.of(draft())
    trial = Trial(plain.rules, _Strange(), _Parameters(), (Tasks(1),), 5 * MINUTE, plain.schedule)
    found = replay(trial, moments([{}] * 6), BEGIN, BEGIN + HOUR, lambda: False)
    assert dict(found.failed) == {"The detector failed: ZeroDivisionError: by nothing": 3}
    assert minutes(found) == [("x", 0, None)]


VARIANTS: dict[str, dict[str, Any]] = {
    "plain": {},
    "patient": {"for_minutes": 3, "clear_minutes": 4},
    "silent at the end": {"tell_cleared": False, "renotify_hours": 0.1},
    "told once": {"renotify_hours": 0},
    "seldom": {"every_minutes": 5, "for_minutes": 5},
    "scoped": {"scope": 'task=~"[1-3]"', "severity": "critical"},
    "scheduled": {"schedule": "sun 12:00-12:50; sun 13:10-15:00"},
}


@pytest.mark.slow
@pytest.mark.once
@pytest.mark.parametrize("variant", VARIANTS)
def test_it_is_what_the_engine_did(variant: str) -> None:
    """Two hours of ticks by the engine itself with tasks that fail and recover, some of them flapping, and faults of
    the monitor; then the same alarm on what was kept of these ticks.
    """
    choose, world, kept = random.Random(variant), World(), Recordings(PLENTY)
    engine = world.engine()
    engine.record = kept.record  # type: ignore[assignment]
    made = alarm(**VARIANTS[variant], escalate_minutes=2, escalate_to="b@lab.example")
    world.failing = dict.fromkeys(range(1, 6), 1)
    for number in range(120):
        world.failing[1] = 30 if number // 3 % 2 else 1
        for one in (2, 3, 4, 5):
            if choose.random() < 0.05:
                world.failing[one] = choose.choice([1, 30, 60])
        world.fault = "the monitor is down" if choose.random() < 0.04 else ""
        world.tick(engine)
        world.pass_time()
    found = backtest(made, 1, world.now, 600, kept)

    fired = Event.objects.exclude(fired_at=None)
    happened = {(one.fingerprint, one.fired_at, one.resolved_at, one.severity) for one in fired}
    assert {(one.fingerprint, one.fired_at, one.resolved_at, one.severity) for one in found.episodes} == happened
    assert len(found.episodes) == len(fired) > 5
    sent = [
        (one.created_at, *(len(one.content[kind]) for kind in ("new", "continuing", "cleared")))
        for one in Delivery.objects.filter(escalation=False).order_by("created_at")
    ]
    assert Delivery.objects.filter(escalation=True).exists(), "which are left out"
    assert [(one.at, one.new, one.continuing, one.cleared) for one in found.messages] == sent
    assert len(sent) > 5
    assert found.complete


def test_a_ledger_without_findings_tells_nothing() -> None:
    ledger = Ledger(Trial.of(draft()).rules)
    ledger.advance(Finding(()), BEGIN)
    ledger.tell(BEGIN)
    assert (ledger.messages, ledger.episodes(), ledger.firing()) == ([], [], frozenset())


def test_the_activity_of_a_tick_is_the_sum_of_its_sites() -> None:
    kept = Recordings(PLENTY)
    jobs = activity([counts("BNL", running=4), counts("NTU", running=1, failed=2)], [counts("ann", running=5)])
    kept.record(BEGIN, {ActivityOf(1): jobs, Tasks(1): InputError("down")})
    found = backtest(
        draft("expression", parameters={"over": "sites", "expression": "running > 0"}),
        1,
        BEGIN + MINUTE,
        recordings=kept,
    )
    assert sorted(one.fingerprint for one in found.episodes) == ["site:BNL", "site:NTU"]
