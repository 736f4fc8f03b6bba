"""The five nights: each fault is in the tables when the truth says so, and there is nothing else to find."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from swf_testbed.simulation.scenarios.stories import NAMES
from tests.testbed.simulation import worlds
from tests.testbed.simulation.panda_rules import violations
from tests.testbed.simulation.scenarios.nights import CURTAIN, END, FAULT, Night, play_until

pytestmark = [pytest.mark.slow, pytest.mark.once, pytest.mark.timeout(600)]

NightOf = Callable[[str], Night]
QUIET = "quiet-night"
FAULTY = tuple(name for name in NAMES if name != QUIET)
#: Faults of one subject, and whether tasks fail for good because of them.
FAULTS = {
    "site-outage": {
        ("site-failure-ratio", "site:BNL_OSG_EPIC_PROD_1"),
        ("site-idle", "site:BNL_OSG_EPIC_PROD_1"),
        ("error-rising", "error:pilot:1377"),
    },
    "bad-release": {("campaign-failure-ratio", "campaign:26.11.2"), ("error-rising", "error:executor:127")},
    "user-storm": {("user-failure-ratio", "user:Lucas Ferreira"), ("error-rising", "error:executor:2")},
}


@pytest.mark.parametrize("name", FAULTY)
def test_plain_sql_finds_each_fault_from_the_step_on_that_the_truth_names(name: str, night: NightOf) -> None:
    for fault in night(name).truth.faults:
        assert fault.visible is not None, fault
        assert night(name).first_found(fault.kind, fault.subject) == fault.visible
        assert fault.begin < fault.visible


@pytest.mark.parametrize("name", NAMES)
def test_plain_sql_finds_nothing_that_is_wrong_to_name(name: str, night: NightOf) -> None:
    wrong = {
        (kind, subject)
        for look in night(name).looks
        for kind, subjects in look.found.items()
        for subject in subjects
        if look.truth.verdict(kind, subject) == "wrong"
    }
    assert wrong == set()


@pytest.mark.parametrize("name", FAULTS)
def test_a_night_has_the_faults_of_its_name(name: str, night: NightOf) -> None:
    faults = {(fault.kind, fault.subject) for fault in night(name).truth.faults if fault.kind != "task-failure-ratio"}
    assert faults == FAULTS[name]


def test_the_stuck_task_runs_on_and_ends_no_job(night: NightOf) -> None:
    stuck = night("stuck-task")
    fault = stuck.fault("task-stuck")
    number = int(fault.subject.removeprefix("task:"))
    hung = "SELECT count(*) FROM jobsactive4 WHERE jeditaskid = ? AND jobstatus = 'running' AND modificationtime > ?"
    assert worlds.number(stuck.path, hung, number, str(END - timedelta(minutes=31))) > 40
    ended = "SELECT count(*) FROM jobsarchived4 WHERE jeditaskid = ? AND jobstatus = 'finished' AND statechangetime > ?"
    assert worlds.number(stuck.path, ended, number, str(FAULT + timedelta(hours=2))) == 0
    assert worlds.number(stuck.path, ended, number, str(CURTAIN - timedelta(hours=8))) > 40


@pytest.mark.parametrize("name", ["bad-release", "user-storm"])
def test_tasks_whose_inputs_fail_for_good_are_faults_of_todays_rule(name: str, night: NightOf) -> None:
    tasks = [fault for fault in night(name).truth.faults if fault.kind == "task-failure-ratio"]
    assert len(tasks) >= 5
    assert night(name).truth.verdict("task-failure-ratio", tasks[0].subject) == "right"


def test_after_the_outage_no_job_starts_at_the_site_though_it_is_online(night: NightOf) -> None:
    outage = night("site-outage")
    site = "BNL_OSG_EPIC_PROD_1"
    starts = "SELECT count(*) FROM jobsarchived4 WHERE computingsite = ? AND starttime > ?"
    assert worlds.number(outage.path, starts, site, str(FAULT + timedelta(hours=2, minutes=5))) == 0
    status = "SELECT json_extract(data, '$.status') FROM schedconfig_json WHERE panda_queue = ?"
    assert worlds.number(outage.path, status, site) == "online"


def test_the_quiet_night_has_its_usual_failures_and_no_fault(night: NightOf) -> None:
    quiet = night(QUIET)
    assert quiet.truth.faults == ()
    assert quiet.truth.consequences == frozenset()
    ended = "SELECT avg(jobstatus = 'failed') FROM jobsarchived4 WHERE jobstatus IN ('finished', 'failed')"
    assert 0.02 < worlds.number(quiet.path, ended) < 0.10


def test_what_looks_worse_than_it_is_is_named_as_innocent(night: NightOf) -> None:
    quiet = night(QUIET)
    innocent = quiet.truth.innocent
    status = "SELECT panda_queue FROM schedconfig_json WHERE json_extract(data, '$.comment') = 'planned downtime'"
    downtime = [look for look in quiet.looks if look.now == FAULT - timedelta(minutes=2)]
    assert downtime and f"site:{CLOSED}" in innocent
    assert worlds.rows(quiet.path, status) == []
    failed = "SELECT DISTINCT 'task:' || jeditaskid FROM jedi_tasks WHERE status = 'failed'"
    assert {row[0] for row in worlds.rows(quiet.path, failed)} <= set(innocent)


CLOSED = "NERSC_Perlmutter_epic_dev"


def test_the_planned_downtime_is_in_the_queues_document_while_it_lasts(tmp_path: Path) -> None:
    path = tmp_path / "panda.sqlite3"
    play_until(QUIET, path, CURTAIN)
    query = "SELECT json_extract(data, '$.status'), json_extract(data, '$.comment') FROM schedconfig_json "
    assert worlds.rows(path, query + "WHERE panda_queue = ?", CLOSED) == [("brokeroff", "planned downtime")]
    waiting = "SELECT count(*) FROM jobsactive4 WHERE computingsite = ? AND jobstatus = 'activated'"
    assert worlds.number(path, waiting, CLOSED) == 0


@pytest.mark.parametrize("name", NAMES)
def test_a_night_obeys_pandas_rules(name: str, night: NightOf) -> None:
    assert violations(worlds.tables(night(name).path), END) == []


def test_a_night_is_the_quiet_night_until_its_fault_begins(tmp_path: Path) -> None:
    def rows(name: str) -> list[str]:
        path = tmp_path / f"{name}.sqlite3"
        truth = play_until(name, path, FAULT - timedelta(minutes=2))
        assert truth.faults == ()
        return [line for line in worlds.dump(path).splitlines() if "'scenario'" not in line]

    quiet = rows(QUIET)
    assert [name for name in FAULTY if rows(name) != quiet] == []


def test_the_same_seed_gives_the_same_rows_and_the_same_truth(tmp_path: Path) -> None:
    until = FAULT + timedelta(minutes=30)
    paths = [tmp_path / f"{number}.sqlite3" for number in range(3)]
    one, two, other = (play_until("user-storm", path, until, seed=n) for path, n in zip(paths, (4, 4, 5), strict=True))
    assert one == two
    assert worlds.dump(paths[0]) == worlds.dump(paths[1])
    assert worlds.dump(paths[0]) != worlds.dump(paths[2])
    assert other.seed == 5
