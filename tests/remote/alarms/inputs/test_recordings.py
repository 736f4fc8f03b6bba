"""Counters of ticks in the database: what was recorded comes back, bounded in time and bytes, whatever happens."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from swf_remote.alarms.inputs.items import Activity, Moment, Task
from swf_remote.alarms.inputs.queries import ActivityOf, InputError, PastOf, Query, Queues, Tasks
from swf_remote.alarms.inputs.recordings import GROUP, Recordings
from swf_remote.alarms.models import Recording
from tests.remote.alarms.detecting.worlds import NOW, activity, counts, task
from tests.remote.alarms.inputs.monitors import asker_of

pytestmark = pytest.mark.django_db
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
TICK = 5 * MINUTE
PLENTY = 1 << 26
FAILED = InputError("the monitor did not answer")

Asked = dict[Query[Any], Any]


def answers(*tasks: Task, days: int = 1, sites: Activity | None = None) -> Asked:
    """A tick's answers."""
    return {Tasks(days): tasks, ActivityOf(1): sites or activity([counts("BNL", running=4)])}


def fresh(number: int, at: datetime, **figures: Any) -> Task:
    """A task that was modified just now."""
    return task(number, modified=at, **figures)


def recorded(kept: Recordings, ticks: Iterable[tuple[datetime, Asked]]) -> None:
    """All of these."""
    for at, asked in ticks:
        assert kept.record(at, asked)


def all_of(kept: Recordings) -> list[Moment]:
    """Every moment that is kept."""
    return list(kept.moments(NOW - 400 * DAY, NOW + 400 * DAY))


def hours_of_ticks(hours: int, begin: datetime = NOW) -> Iterable[tuple[datetime, Asked]]:
    """A tick every five minutes in which one of three tasks goes on."""
    for number in range(hours * 12):
        at = begin + number * TICK
        yield at, answers(fresh(1, at, nfinished=number), task(2, modified=begin), task(3, modified=begin))


def plain(moment: Moment) -> tuple[Any, ...]:
    """What of a moment can be compared."""
    return moment.at, dict(moment.tasks), dict(moment.sites), dict(moment.users)


def test_a_tick_comes_back_as_it_was_asked_for() -> None:
    kept = Recordings(PLENTY)
    jobs = activity([counts("BNL", running=4, failed=1)], [counts("ann", running=4)])
    assert kept.record(NOW, answers(task(1), task(2), sites=jobs))
    (moment,) = all_of(kept)
    assert plain(moment) == (NOW, {1: task(1), 2: task(2)}, {"BNL": jobs.by_site[0]}, {"ann": jobs.by_user[0]})
    assert (moment.covers_since, moment.has_tasks, moment.has_sites) == (NOW - DAY, True, True)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(
            st.integers(1, 700),
            st.dictionaries(st.integers(1, 6), st.integers(0, 10**6), max_size=6),
            st.dictionaries(st.sampled_from(["BNL", "JLAB", "NTU"]), st.integers(0, 10**6), max_size=3),
        ),
        max_size=12,
    )
)
def test_all_ticks_come_back(ticks: list[tuple[int, dict[int, int], dict[str, int]]]) -> None:
    """Ticks at any distance, whose tasks and sites come, change and go."""
    Recording.objects.all().delete()
    kept, at, expected = Recordings(PLENTY), NOW, []
    for minutes, tasks, sites in ticks:
        at += minutes * MINUTE
        asked = answers(
            *(fresh(number, at, nfinished=count) for number, count in tasks.items()),
            sites=activity([counts(name, running=count) for name, count in sites.items()]),
        )
        assert kept.record(at, asked)
        expected.append((at, {one.jeditaskid: one for one in asked[Tasks(1)]}, set(sites)))
    found = all_of(Recordings(PLENTY))
    assert [(one.at, set(one.sites)) for one in found] == [(at, sites) for at, _, sites in expected]
    if found:
        by_time = {one.at: plain(one) for one in found}
        thinned = kept.past(30 * 24, at + MINUTE).moments
        assert [plain(one) for one in thinned] == [by_time[one.at] for one in thinned]
        assert thinned[-1].at == at
    for moment, (at, tasks_then, _) in zip(found, expected, strict=True):
        within = {number: one for number, one in moment.tasks.items() if one.modified >= at - DAY}
        listed = {number: one for number, one in within.items() if number in tasks_then}
        assert listed == tasks_then
        # What was not listed any more had been modified before, and is known from then.
        assert all(one.modified < at for number, one in within.items() if number not in tasks_then)


def test_a_whole_tick_is_written_every_six_hours_and_differences_between() -> None:
    recorded(Recordings(PLENTY), hours_of_ticks(13))
    keys = list(Recording.objects.filter(key=True).order_by("at").values_list("at", flat=True))
    assert keys == [NOW, NOW + GROUP, NOW + 2 * GROUP]
    assert Recording.objects.filter(key=False).count() == 13 * 12 - 3


def test_another_process_goes_on_where_the_first_one_ended() -> None:
    ticks = list(hours_of_ticks(1))
    for number, tick in enumerate(ticks):
        assert Recordings(PLENTY).record(*tick), number
    assert Recording.objects.filter(key=True).count() == 1
    assert [one.tasks[1].nfinished for one in all_of(Recordings(PLENTY))] == list(range(12))


def test_two_processes_in_turn_leave_one_chain() -> None:
    pair = [Recordings(PLENTY), Recordings(PLENTY)]
    for number, tick in enumerate(hours_of_ticks(1)):
        assert pair[number // 3 % 2].record(*tick)
    assert [one.tasks[1].nfinished for one in all_of(pair[0])] == list(range(12))
    assert [one.tasks[1].nfinished for one in pair[1].past(2, NOW + 12 * TICK).moments] == list(range(12))


def test_a_tick_without_answers_is_not_kept() -> None:
    kept = Recordings(PLENTY)
    assert not kept.record(NOW, {Tasks(1): FAILED, ActivityOf(1): FAILED, Queues(): ()})
    assert not kept.record(NOW, {})
    assert kept.reach() is None


def test_what_a_tick_could_not_see_is_not_taken_for_nothing() -> None:
    kept = Recordings(PLENTY)
    recorded(
        kept,
        [
            (NOW, answers(task(1))),
            (NOW + TICK, {Tasks(1): FAILED, ActivityOf(1): activity([counts("BNL", running=5)])}),
            (NOW + 2 * TICK, {Tasks(1): (task(1),), ActivityOf(1): FAILED}),
        ],
    )
    first, without_tasks, without_sites = all_of(kept)
    assert (first.has_tasks, first.has_sites) == (True, True)
    assert (without_tasks.has_tasks, dict(without_tasks.tasks), without_tasks.covers_since) == (False, {}, None)
    assert without_tasks.sites["BNL"].total == 5
    assert (without_sites.has_sites, dict(without_sites.sites), len(without_sites.tasks)) == (False, {}, 1)


def test_the_largest_window_that_was_asked_for_counts() -> None:
    kept = Recordings(PLENTY)
    old = task(2, modified=NOW - 2 * DAY)
    kept.record(NOW, {Tasks(1): (task(1),), Tasks(3): (task(1), old), Tasks(7): FAILED})
    (moment,) = all_of(kept)
    assert set(moment.tasks) == {1, 2}
    assert moment.covers_since == NOW - 3 * DAY


def test_a_task_that_rests_beyond_the_window_stays_known() -> None:
    """It is not listed any more; had it been modified, it would be."""
    kept, at = Recordings(PLENTY), NOW
    resting = task(2, modified=NOW)
    while at < NOW + 2 * DAY:
        listed = (fresh(1, at), resting) if at - resting.modified < DAY else (fresh(1, at),)
        assert kept.record(at, answers(*listed))
        at += timedelta(hours=1)
    last = all_of(kept)[-1]
    assert last.tasks[2] == resting
    assert last.covers_since == NOW - DAY


def test_a_task_that_is_gone_from_the_window_is_forgotten() -> None:
    kept = Recordings(PLENTY)
    recorded(kept, [(NOW, answers(task(1), task(2))), (NOW + TICK, answers(task(1)))])
    assert set(all_of(kept)[-1].tasks) == {1}


def test_after_a_gap_longer_than_the_window_nothing_of_before_is_known() -> None:
    kept = Recordings(PLENTY)
    recorded(kept, [(NOW, answers(task(1), task(2))), (NOW + 3 * DAY, answers(fresh(1, NOW + 3 * DAY)))])
    last = all_of(kept)[-1]
    assert set(last.tasks) == {1}
    assert last.covers_since == NOW + 2 * DAY


def test_ticks_of_more_than_thirty_days_ago_go_in_whole_groups() -> None:
    kept = Recordings(PLENTY)
    recorded(kept, hours_of_ticks(13))
    recorded(kept, [(NOW + 30 * DAY + timedelta(hours=7), answers(task(1)))])
    reach = kept.reach()
    assert reach is not None
    assert reach[0] == NOW + GROUP
    assert Recording.objects.earliest("at").key


def test_bytes_are_bounded_and_the_oldest_groups_go_first() -> None:
    few = 20_000
    kept = Recordings(few)
    for at, asked in hours_of_ticks(5 * 24):
        assert kept.record(at, asked)
        assert sum(Recording.objects.values_list("size", flat=True)) <= few
    oldest = Recording.objects.earliest("at")
    assert oldest.key
    assert oldest.at > NOW
    found = all_of(kept)
    assert found[-1].at == NOW + 5 * DAY - TICK
    assert [one.at for one in found] == [oldest.at + number * TICK for number in range(len(found))]
    assert sum(len(bytes(one.content)) for one in Recording.objects.all()) <= few


def test_a_group_that_is_too_large_by_itself_makes_room_for_a_new_one() -> None:
    kept = Recordings(1000)
    recorded(kept, hours_of_ticks(5))
    assert sum(Recording.objects.values_list("size", flat=True)) <= 1000
    assert all_of(kept)[-1].at == NOW + timedelta(hours=5) - TICK


def test_a_tick_larger_than_all_room_is_not_kept(caplog: pytest.LogCaptureFixture) -> None:
    kept = Recordings(100)
    assert not kept.record(NOW, answers(*map(task, range(1, 50))))
    assert "more than may be kept" in caplog.text
    assert kept.reach() is None


def test_without_room_nothing_is_kept() -> None:
    assert not Recordings(0).record(NOW, answers(task(1)))
    assert not Recording.objects.exists()


def test_the_same_moment_again_replaces_what_was_kept() -> None:
    kept = Recordings(PLENTY)
    recorded(kept, [(NOW, answers(task(1))), (NOW, answers(task(2)))])
    assert [set(one.tasks) for one in all_of(kept)] == [{2}]


def test_a_clock_that_is_put_back_leaves_what_it_passed_and_goes_on() -> None:
    kept = Recordings(PLENTY)
    recorded(kept, hours_of_ticks(3))
    back = NOW + timedelta(hours=1) + MINUTE
    recorded(kept, [(back + number * TICK, answers(task(9))) for number in range(3)])
    found = all_of(kept)
    ats = [one.at for one in found]
    assert ats == sorted(ats)
    assert [set(one.tasks) for one in found if one.at in {back, back + TICK, back + 2 * TICK}] == [{9}, {9}, {9}]
    assert all(set(one.tasks) == {1, 2, 3} for one in found if one.at < back)
    assert kept.past(2, back + 3 * TICK).moments[-1].at == back + 2 * TICK
    # Time comes again to where the clock had been, and to the next whole tick: all is well from there on.
    recorded(kept, hours_of_ticks(9, begin=NOW + timedelta(hours=3)))
    assert all_of(kept)[-1].tasks[1].nfinished == 9 * 12 - 1


def test_a_clock_that_was_far_ahead_for_a_while_does_no_harm() -> None:
    kept = Recordings(PLENTY)
    recorded(kept, hours_of_ticks(1))
    recorded(kept, [(NOW + 300 * DAY, answers(task(9)))])
    recorded(kept, hours_of_ticks(1, begin=NOW + timedelta(hours=1)))
    assert kept.past(3, NOW + timedelta(hours=2)).moments[-1].tasks[1].nfinished == 11


def damage(at: datetime) -> None:
    """One byte of a row is another one."""
    row = Recording.objects.get(at=at)
    content = bytearray(row.content)
    content[len(content) // 2] ^= 0x40
    Recording.objects.filter(pk=row.pk).update(content=bytes(content))


def test_a_damaged_difference_costs_its_group_and_nothing_else(caplog: pytest.LogCaptureFixture) -> None:
    recorded(Recordings(PLENTY), hours_of_ticks(13))
    damage(NOW + 10 * TICK)
    found = [one.at for one in all_of(Recordings(PLENTY))]
    assert found == [NOW + number * TICK for number in (*range(10), *range(72, 13 * 12))]
    assert "the kept counters of 2026-11-29 12:50:00+00:00 cannot be read" in caplog.text


def test_a_damaged_whole_tick_costs_its_group_and_nothing_else() -> None:
    recorded(Recordings(PLENTY), hours_of_ticks(13))
    damage(NOW + GROUP)
    found = [one.at for one in all_of(Recordings(PLENTY))]
    assert found == [NOW + number * TICK for number in (*range(72), *range(144, 13 * 12))]


def test_recording_goes_on_after_a_damaged_row_with_a_whole_tick() -> None:
    recorded(Recordings(PLENTY), hours_of_ticks(1))
    damage(NOW + 11 * TICK)
    kept = Recordings(PLENTY)
    recorded(kept, hours_of_ticks(1, begin=NOW + timedelta(hours=1)))
    assert Recording.objects.get(at=NOW + 12 * TICK).key
    assert len(all_of(kept)) == 23
    assert len(kept.past(3, NOW + timedelta(hours=2)).moments) == 23


def test_the_past_is_what_was_kept_whether_it_is_in_memory_or_read_anew() -> None:
    kept, ticks = Recordings(PLENTY), list(hours_of_ticks(60))
    for at, asked in ticks:
        recorded(kept, [(at, asked)])
        if at.minute == 0:
            kept.past(50, at + MINUTE)
    end = ticks[-1][0] + MINUTE
    known = {at: asked[Tasks(1)] for at, asked in ticks}
    for hours in (1, 50, 60, 20):
        remembered, read = kept.past(hours, end).moments, Recordings(PLENTY).past(hours, end).moments
        assert [plain(one) for one in remembered] == [plain(one) for one in read]
        assert all(one.tasks[1].nfinished == known[one.at][0].nfinished for one in read)
        begin = end - timedelta(hours=hours)
        assert read[0].at <= begin or read[0].at == NOW


def test_somebody_who_looks_back_further_sees_further() -> None:
    kept = Recordings(PLENTY)
    recorded(kept, hours_of_ticks(30))
    end = NOW + timedelta(hours=30)
    assert kept.past(2, end).moments[0].at == end - timedelta(hours=2)
    assert kept.past(29, end).moments[0].at == end - timedelta(hours=29)
    assert kept.past(2, end).moments[0].at == end - timedelta(hours=2)


def test_the_reach_is_the_first_and_the_last_tick() -> None:
    kept = Recordings(PLENTY)
    assert kept.reach() is None
    recorded(kept, hours_of_ticks(2))
    assert kept.reach() == (NOW, NOW + timedelta(hours=2) - TICK)


def test_moments_are_those_from_the_begin_until_before_the_end() -> None:
    recorded(Recordings(PLENTY), hours_of_ticks(9))
    found = Recordings(PLENTY).moments(NOW + 80 * TICK, NOW + 90 * TICK)
    assert [one.at for one in found] == [NOW + number * TICK for number in range(80, 90)]


def test_a_detector_that_looks_back_gets_no_answer_while_nothing_is_kept() -> None:
    found = asker_of("http://127.0.0.1:9/swf-monitor").ask([PastOf(24)], NOW)
    assert "no counters of earlier ticks are kept yet" in str(found[PastOf(24)])


def test_a_detector_that_looks_back_gets_what_is_kept() -> None:
    asker = asker_of("http://127.0.0.1:9/swf-monitor")
    recorded(Recordings(PLENTY), hours_of_ticks(2))
    found = asker.ask([PastOf(1)], NOW + timedelta(hours=2))
    assert [one.tasks[1].nfinished for one in found[PastOf(1)].moments] == list(range(12, 24))
    assert asker.told()[0]["query"] == "PastOf(hours=1)"
    assert asker.told()[0]["requests"] == 0
