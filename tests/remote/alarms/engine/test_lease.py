"""One engine at a time, without trust in anybody's wall clock."""

from __future__ import annotations

import threading

import pytest

from swf_remote.alarms.engine import lease as lease_module
from swf_remote.alarms.engine.holding import work_while_held
from swf_remote.alarms.engine.lease import STALE_SECONDS, LeaseKeeper, LeaseLostError
from swf_remote.alarms.models import Lease

pytestmark = pytest.mark.django_db(transaction=True)


class Clock:
    """Monotonic seconds that a test sets."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


def test_a_free_lease_is_taken_and_a_held_one_is_not() -> None:
    one, two = LeaseKeeper("x", "one"), LeaseKeeper("x", "two")
    assert (one.take(), two.take(), one.take()) == (True, False, True)


def test_a_holder_that_beats_keeps_it_for_ever() -> None:
    clock = Clock()
    one, two = LeaseKeeper("x", "one", clock), LeaseKeeper("x", "two", clock)
    one.take()
    for _ in range(10):
        assert not two.take()
        clock.seconds += STALE_SECONDS - 1
        one.beat()
    assert one.held


def test_who_beats_no_more_loses_it_after_the_time_by_the_others_clock() -> None:
    clock = Clock()
    one, two = LeaseKeeper("x", "one", lambda: 0.0), LeaseKeeper("x", "two", clock)
    one.take()
    assert not two.take()
    clock.seconds += STALE_SECONDS - 1
    assert not two.take()
    clock.seconds += 1
    assert two.take()
    with pytest.raises(LeaseLostError):
        one.beat()
    assert not one.held


def test_who_has_just_come_waits_the_whole_time_whatever_the_row_says() -> None:
    clock = Clock()
    LeaseKeeper("x", "dead").take()
    clock.seconds += 10_000
    late = LeaseKeeper("x", "late", clock)
    assert not late.take()
    clock.seconds += STALE_SECONDS
    assert late.take()


def test_what_is_given_back_is_free_at_once_and_only_its_holder_gives_it_back() -> None:
    one, two = LeaseKeeper("x", "one"), LeaseKeeper("x", "two")
    one.take()
    two.release()
    assert not two.take()
    one.release()
    assert two.take()


def test_leases_of_other_names_do_not_matter() -> None:
    assert LeaseKeeper("x", "one").take()
    assert LeaseKeeper("y", "two").take()


def test_it_beats_while_a_block_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease_module, "BEAT_SECONDS", 0.01)
    one = LeaseKeeper("x", "one")
    one.take()
    before = Lease.objects.get().beat
    with one.beating():
        while Lease.objects.get().beat < before + 3:
            pass
    assert one.held


def test_work_goes_on_until_it_is_stopped_and_gives_the_lease_back() -> None:
    stop, done = threading.Event(), []

    def step() -> float:
        done.append(Lease.objects.get().holder)
        if len(done) == 3:
            stop.set()
        return 0.0

    work_while_held(LeaseKeeper("x", "one"), step, stop)
    assert (done, Lease.objects.get().holder) == (["one"] * 3, "")


def test_work_whose_lease_was_taken_begins_again_when_it_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    from swf_remote.alarms.engine import holding  # noqa: PLC0415

    monkeypatch.setattr(holding, "TRY_SECONDS", 0.0)
    stop, tokens = threading.Event(), []
    mine = LeaseKeeper("x", "one")

    def step() -> float:
        tokens.append(Lease.objects.get().token)
        if len(tokens) == 1:
            Lease.objects.update(token=77, holder="")
            mine.beat()
        stop.set()
        return 0.0

    work_while_held(mine, step, stop)
    assert tokens == [1, 78]


def test_who_has_lost_the_lease_is_told_before_it_tries_again(monkeypatch: pytest.MonkeyPatch) -> None:
    from swf_remote.alarms.engine import holding  # noqa: PLC0415

    monkeypatch.setattr(holding, "TRY_SECONDS", 0.0)
    stop, heard = threading.Event(), []
    mine = LeaseKeeper("x", "one")

    def step() -> float:
        Lease.objects.update(token=77, holder="")
        stop.set()
        mine.beat()
        return 0.0

    work_while_held(mine, step, stop, lost=lambda: heard.append("lost"))
    assert heard == ["lost"]
