"""What the judge of alarms makes of a night; the nights themselves are in `tests/system/test_judge.py`."""

from __future__ import annotations

from datetime import datetime, timedelta

import yaml
from tools.judge.playing import RECOMMENDED
from tools.judge.table import is_good, summary, words
from tools.judge.verdicts import KIND_OF, Fired, Night, score, verdict_of

from swf_testbed.simulation.scenarios.evidence import RULES
from swf_testbed.simulation.scenarios.truth import Fault, Truth

BEGIN = datetime.fromisoformat("2026-11-26 00:00")
SITE = Fault("site-failure-ratio", "site:A", BEGIN, None, BEGIN + timedelta(minutes=20), "its disk is full")
HIDDEN = Fault("task-stuck", "task:9", BEGIN, None, None, "not to be seen yet")
TRUTH = Truth("night", 1, BEGIN + timedelta(hours=8), (SITE, HIDDEN), frozenset({"user:anna"}), ("site:B",))
FAULT = ("site_failures", "site:A")


def fired(minutes: int, alarm: str, fingerprint: str) -> Fired:
    verdict = verdict_of(TRUTH, alarm, fingerprint)
    return Fired(BEGIN + timedelta(minutes=minutes), alarm, fingerprint, "as it said", verdict)


def night(*events: Fired, failed: dict[str, str] | None = None) -> Night:
    return Night(TRUTH, events, failed or {}, timedelta(minutes=5), len(events))


def test_what_the_tables_do_not_show_need_not_be_found() -> None:
    assert [one.fault for one in night().faults()] == [SITE]


def test_two_ticks_count_from_when_the_tables_showed_it() -> None:
    in_time, late = (night(fired(minutes, *FAULT)) for minutes in (30, 31))
    assert [one.in_time for one in (*in_time.faults(), *late.faults())] == [True, False]
    assert (score([in_time]).recall, score([late]).recall, score([night()]).recall) == (1, 0, 0)


def test_another_alarm_does_not_find_the_fault_but_is_not_wrong_either() -> None:
    judged = night(fired(20, "idle_sites", "site:A"), fired(20, "user_failures", "user:anna"))
    assert [one.verdict for one in judged.fired] == ["consequence", "consequence"]
    assert score([judged]).recall == 0
    assert score([judged]).precision is None


def test_precision_counts_what_is_right_and_what_is_wrong() -> None:
    judged = night(fired(20, *FAULT), fired(20, "site_failures", "site:B"), fired(20, "user_failures", "user:anna"))
    assert score([judged]).precision == 0.5
    assert score([judged], "user_failures").precision is None


def test_a_night_is_good_if_all_is_found_nothing_is_wrong_and_all_was_evaluated() -> None:
    assert is_good(night(fired(20, *FAULT)))
    assert not is_good(night())
    assert not is_good(night(fired(20, *FAULT), fired(20, "no_activity", "no-activity:finished")))
    assert not is_good(night(fired(20, *FAULT), failed={"link": "no answer"}))


def test_each_kind_of_fault_has_its_recommended_alarm() -> None:
    assert KIND_OF.keys() <= yaml.safe_load(RECOMMENDED.read_text())["alarms"].keys()
    assert set(KIND_OF.values()) == RULES.keys()


def test_the_tables_say_it_by_night_and_by_alarm() -> None:
    judged = night(fired(25, *FAULT), fired(40, "site_failures", "site:B"))
    assert "| night | site_failures | 1 | 1 | 5 | 1 | 0 | 1 |" in summary([judged])
    assert "| site_failures | 1/1 = 1.00 | 1/2 = 0.50 |" in summary([judged])
    assert "wrong: 00:40 site_failures site:B: as it said" in words(judged)
