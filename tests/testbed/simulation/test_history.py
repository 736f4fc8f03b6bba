"""What a seeded database holds: the contents of a small one, looked at by plain SQL."""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import String

from swf_monitor.panda.schema import metadata, table
from swf_testbed.simulation.catalogue import failures
from tests.testbed.simulation import worlds
from tests.testbed.simulation.panda_rules import violations

pytestmark = pytest.mark.slow

# The three tables have the same columns in different orders.
COLUMNS = ", ".join(sorted(column.name for column in table("jobsactive4").columns))
JOBS = (
    "(" + " UNION ALL ".join(f"SELECT {COLUMNS} FROM jobs{name}4" for name in ("defined", "active", "archived")) + ")"
)


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty-two hours of history."""
    return worlds.make(tmp_path_factory.mktemp("history") / "panda.sqlite3", number=7, hours=22)


def test_a_seeded_database_keeps_pandas_rules(history: Path) -> None:
    assert violations(worlds.tables(history), worlds.NOW) == []


def test_all_official_tables_and_indexes_are_there(history: Path) -> None:
    names = {
        name for (name,) in worlds.rows(history, "SELECT name FROM sqlite_master WHERE type IN ('table', 'index')")
    }
    assert {target.name for target in metadata.tables.values()} <= names
    assert {index.name for target in metadata.tables.values() for index in target.indexes} <= names


def test_no_text_is_longer_than_its_column(history: Path) -> None:
    too_long = []
    for target in metadata.tables.values():
        sizes = {c.name: c.type.length for c in target.columns if isinstance(c.type, String) and c.type.length}
        if sizes:
            longest = ", ".join(f'coalesce(max(length("{name}")), 0)' for name in sizes)
            found = worlds.rows(history, f"SELECT {longest} FROM {target.name}")[0]
            too_long += [(target.name, name) for name, length in zip(sizes, found, strict=True) if length > sizes[name]]
    assert too_long == []


def test_jobs_are_spread_over_the_tables_and_states_of_a_living_system(history: Path) -> None:
    states = Counter(dict(worlds.rows(history, f"SELECT jobstatus, count(*) FROM {JOBS} GROUP BY 1")))
    assert {"activated", "running", "finished", "failed", "closed"} <= set(states)
    assert states["finished"] > 3 * states["failed"]
    assert worlds.number(history, "SELECT count(*) FROM jobsactive4") > 50


def test_retries_have_new_ids_and_lead_back_to_the_first_job(history: Path) -> None:
    pairs = worlds.rows(
        history,
        f"""SELECT new.attemptnr, old.attemptnr, new.pandaid, h.originpandaid FROM {JOBS} new
            JOIN {JOBS} old ON old.pandaid = new.parentid
            JOIN jedi_job_retry_history h ON h.newpandaid = new.pandaid AND h.oldpandaid = old.pandaid""",
    )
    assert len(pairs) > 20
    assert all(new == old + 1 and origin < pandaid for new, old, pandaid, origin in pairs)


def test_every_job_that_was_handed_out_has_a_worker_with_log_addresses_or_none_at_perlmutter(history: Path) -> None:
    without = worlds.number(
        history,
        f"""SELECT count(*) FROM {JOBS} j WHERE j.schedulerid IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM harvester_rel_jobs_workers r JOIN harvester_workers w
            ON w.workerid = r.workerid AND w.harvesterid = r.harvesterid WHERE r.pandaid = j.pandaid)""",
    )
    assert without == 0
    assert worlds.number(history, "SELECT count(*) FROM harvester_workers WHERE njobs = 0") > 0
    bare = worlds.rows(history, "SELECT DISTINCT computingsite FROM harvester_workers WHERE stdout IS NULL")
    assert bare and all("Perlmutter" in site for (site,) in bare)


def test_queue_documents_have_the_keys_that_monitors_read(history: Path) -> None:
    keys = {
        *("status", "state", "vo_name", "resource_type", "type", "capability", "corepower", "atlas_site", "region"),
        *("country", "tier", "cloud", "container_type", "pilot_version", "maxrss", "maxtime", "maxwdir"),
    }
    documents = [json.loads(data) for (data,) in worlds.rows(history, "SELECT data FROM schedconfig_json")]
    assert len(documents) == 15
    assert all(keys <= set(document) and document["vo_name"] == "eic" for document in documents)


def test_users_appear_as_display_names_and_as_logins(history: Path) -> None:
    names = {name for (name,) in worlds.rows(history, "SELECT DISTINCT username FROM jedi_tasks")}
    assert any(" " in name for name in names) and any(" " not in name for name in names)


def test_final_tasks_have_closed_attempts_and_done_tasks_lack_nothing(history: Path) -> None:
    open_attempts = worlds.number(
        history,
        """SELECT count(*) FROM task_attempts a JOIN jedi_tasks t USING (jeditaskid)
           WHERE t.status IN ('done', 'finished', 'failed', 'aborted') AND a.endtime IS NULL""",
    )
    assert open_attempts == 0
    lacking = worlds.number(
        history,
        """SELECT count(*) FROM jedi_datasets d JOIN jedi_tasks t USING (jeditaskid)
           WHERE t.status = 'done' AND d.masterid IS NULL AND d.type LIKE '%input' AND d.nfilesfinished < d.nfiles""",
    )
    assert lacking == 0


def test_failed_jobs_carry_codes_and_lost_heartbeats_end_at_the_last_one(history: Path) -> None:
    codes = "piloterrorcode + exeerrorcode + ddmerrorcode + jobdispatchererrorcode + taskbuffererrorcode + superrorcode"
    assert worlds.number(history, f"SELECT count(*) FROM {JOBS} WHERE jobstatus = 'failed' AND {codes} = 0") == 0
    lost = worlds.rows(
        history,
        f"""SELECT (julianday(statechangetime) - julianday(endtime)) * 24, endtime, jobdispatchererrordiag FROM {JOBS}
            WHERE jobdispatchererrorcode = 100""",
    )
    assert lost
    assert all(1.99 < hours < 2.2 and diag == f"lost heartbeat : {end[:19]}" for hours, end, diag in lost)


def test_the_oldest_rows_leave_for_the_archive_schema(tmp_path: Path) -> None:
    short = worlds.seeding.Retention(jobs=timedelta(hours=3), companions=timedelta(hours=2), logs=timedelta(hours=1))
    path = worlds.make(tmp_path / "old.sqlite3", hours=8, retention=short)
    limit = (worlds.NOW - timedelta(hours=3)).isoformat(" ")
    assert worlds.number(path, "SELECT min(modificationtime) FROM jobsarchived4") >= limit
    assert worlds.number(path, "SELECT max(modificationtime) FROM jobsarchived") < limit
    assert worlds.number(path, "SELECT count(*) FROM filestable_arch") > 0
    both = "SELECT count(*) FROM jobsarchived a JOIN jobsarchived4 b USING (pandaid)"
    assert worlds.number(path, both) == 0
    assert (
        worlds.number(
            path, "SELECT count(*) FROM jobsactive4 j WHERE j.pandaid NOT IN (SELECT pandaid FROM filestable4)"
        )
        == 0
    )


def test_error_texts_are_of_every_awkward_kind() -> None:
    texts = [text for failure in failures.FAILURES for choice in failure.texts for text in choice.values()]
    assert any("\n" in text for text in texts)
    assert any("<" in text and "&" in text for text in texts)
    assert any(not text.isascii() for text in texts)
    assert any(len(text) > 400 for text in texts)


def test_error_kinds_come_in_the_expected_proportions() -> None:
    total = sum(failure.share for failure in failures.FAILURES)
    share = Counter[str]()
    for failure in failures.FAILURES:
        share[str(failure.columns.get("piloterrorcode") or sorted(failure.columns)[0])] += 100 * failure.share / total
    assert 44 < share["1305"] < 56
    assert 9 < share["jobdispatchererrorcode"] < 14
    assert 3 < share["1137"] + share["1152"] < 11
