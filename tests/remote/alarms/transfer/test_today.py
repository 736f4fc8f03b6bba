"""What is taken over from today's tables, wherever they are: under its identifiers, once, all of it or nothing."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from swf_remote.alarms.configuring import save_alarm, save_team
from swf_remote.alarms.models import Alarm, AlarmVersion, Event, State, Team, Tick
from swf_remote.alarms.transfer.today import open_source
from tests.remote.alarms.transfer import today_tables as today
from tests.remote.alarms.transfer.taking import NOW, Written, rows_here, take
from tests.remote.alarms.transfer.today_tables import ALARM, BEGIN, OPEN, OVER, RUN, SYNC, TEAM
from tests.system import postgresql

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_alarms")]


def at(seconds: float) -> datetime:
    return datetime.fromtimestamp(BEGIN + seconds, UTC)


def test_everything_is_taken_over_whatever_the_form(written: Written, tmp_path: Path) -> None:
    report = take(written(today.history(), tmp_path))
    assert dict(report.new) == {
        "alarms": 2, "versions": 5, "teams": 1, "events": 2, "runs": 1, "reports of runs": 2,
    }  # fmt: skip
    assert not report.here.total()
    assert rows_here() == [2, 4, 1, 1, 2, 5, 1, 2]


def test_a_second_time_changes_nothing(written: Written, tmp_path: Path) -> None:
    where = written(today.history(), tmp_path)
    take(where)
    before = rows_here()
    Event.objects.filter(pk=OPEN).update(assignee="carol")
    report = take(where)
    assert not report.new.total()
    assert report.here["events"] == 2 and report.here["alarms"] == 2 and report.here["runs"] == 1
    assert rows_here() == before
    assert Event.objects.get(pk=OPEN).assignee == "carol"


def test_a_dry_run_counts_the_same_and_writes_nothing(written: Written, tmp_path: Path) -> None:
    where = written(today.history(), tmp_path)
    tried = take(where, dry_run=True)
    assert not any(rows_here())
    done = take(where)
    assert (tried.new, tried.notes) == (done.new, done.notes)
    assert "events: 2 would be taken over, 0 here already" in tried.lines
    assert "events: 2 taken over, 0 here already" in done.lines


def test_todays_task_rule_becomes_our_detector_with_the_same_parameters(tmp_path: Path) -> None:
    take(today.as_sqlite(today.history(), tmp_path))
    alarm = Alarm.objects.get(pk=ALARM)
    assert (alarm.name, alarm.detector) == ("alarm_panda_failure_rate_eic_all", "task_failure_ratio")
    assert (alarm.parameters["threshold"], alarm.parameters["since_days"]) == (0.05, 1)
    assert (alarm.title, alarm.description) == ("Failure rate, all", today.DESCRIPTION)
    assert (alarm.recipients, alarm.renotify_hours) == ("@prodops, x@lab.example", 48)
    assert (alarm.enabled, alarm.notify, alarm.tell_cleared, alarm.every_minutes) == (True, True, False, 5)
    assert (alarm.created_at, alarm.modified_at) == (at(0), at(50))


def test_what_gates_mail_today_gates_mail_here_and_not_the_looking(tmp_path: Path) -> None:
    take(today.as_sqlite(([today.alarm_row(enabled=False)], []), tmp_path))
    alarm = Alarm.objects.get()
    assert (alarm.enabled, alarm.notify) == (True, False)


@pytest.mark.parametrize(
    ("data", "field", "value"),
    [
        ({"recipients": ["@prodops", "y@lab.example"]}, "recipients", "@prodops, y@lab.example"),
        ({"recipients": None}, "recipients", ""),
        ({"renotification_window_hours": None}, "renotify_hours", 0),
        ({"renotification_window_hours": 10**9}, "renotify_hours", 10_000),
    ],
)
def test_older_ways_to_write_an_alarm_are_understood(
    tmp_path: Path, data: dict[str, Any], field: str, value: object
) -> None:
    take(today.as_sqlite(([today.alarm_row(**data)], []), tmp_path))
    assert getattr(Alarm.objects.get(), field) == value


def test_parameters_are_renamed_and_what_has_no_place_is_told(tmp_path: Path) -> None:
    params = {"threshold": 0.03, "days_window": 2, "username": "Sakib%", "severity": "warning", "min_terminal_jobs": -1}
    report = take(today.as_sqlite(([today.alarm_row(params=params)], []), tmp_path))
    alarm = Alarm.objects.get()
    assert (alarm.parameters["since_days"], alarm.parameters["username"]) == (2, "Sakib%")
    assert alarm.parameters["min_terminal_jobs"] == 5
    (note,) = report.notes
    assert "severity" in note and "min_terminal_jobs" in note


def test_an_alarm_without_a_detector_here_is_kept_for_its_history_alone(tmp_path: Path) -> None:
    open_event = today.event_row(OVER, 1, None, alarm_config_id=SYNC, dedupe_key="catalog_sync:stale")
    report = take(today.as_sqlite(([*today.history()[0][:3], open_event], []), tmp_path))
    alarm = Alarm.objects.get(pk=SYNC)
    assert (alarm.enabled, alarm.archived, alarm.detector) == (False, True, "catalog_sync_freshness")
    assert alarm.parameters == {"max_age_hours": 30}
    assert any("no detector" in note for note in report.notes)
    event = Event.objects.get()
    assert (event.state, event.resolution) == (
        State.RESOLVED,
        "It still fired in today's tables; nothing looks at it here.",
    )


def test_events_keep_their_identifiers_times_and_figures(tmp_path: Path) -> None:
    take(today.as_sqlite(today.history(), tmp_path))
    event = Event.objects.get(pk=OPEN)
    assert (event.alarm_id, event.fingerprint, event.state) == (ALARM, "task:4711", State.FIRING)
    assert (event.first_seen, event.fired_at, event.last_seen) == (at(60), at(60), at(600))
    assert (event.notified_at, event.resolved_at) == (at(61), None)
    assert event.detail == "Task: 4711\nRate: 12.4%"
    assert event.labels == {
        "task": "4711", "taskname": "group.EIC.26.05.1.x", "site": "BNL_OSG_1", "user": "alice", "status": "running",
        "campaign": "26.05.1", "alarm": "alarm_panda_failure_rate_eic_all", "severity": "warning",
    }  # fmt: skip
    assert event.values["metric"] == "12.4%" and event.links[0] == ["Task 4711", "panda/tasks/4711/"]
    assert event.imported["recipients"] == ["a@lab.example"]
    assert [change.what for change in event.changes.all()] == ["firing", "told"]


def test_an_event_that_was_over_is_over_and_told_to_nobody(tmp_path: Path) -> None:
    take(today.as_sqlite(today.history(), tmp_path))
    event = Event.objects.get(pk=OVER)
    assert (event.state, event.resolved_at, event.notified_clear) == (State.RESOLVED, at(900), True)
    assert [change.what for change in event.changes.all()] == ["firing", "told", "resolved"]


def test_runs_become_ticks_with_what_they_told_of_each_alarm(tmp_path: Path) -> None:
    take(today.as_sqlite(today.history(), tmp_path))
    tick = Tick.objects.get(pk=RUN)
    assert (tick.started_at, tick.finished_at, tick.slot.second) == (at(60), at(63), 0)
    assert (tick.due, tick.evaluated, tick.failed, tick.matches, tick.deliveries) == (2, 1, 1, 2, 1)
    seen = tick.evaluations.get(alarm_id=ALARM)
    assert (seen.matches, seen.new, seen.error) == (2, [OPEN], "")
    assert seen.report["bundle_subject"] == "[alarm] 1 detection, 1 new"
    assert tick.evaluations.get(alarm_id=SYNC).error == "no data"


def test_the_oldest_runs_speak_of_checks(tmp_path: Path) -> None:
    run = today.run_row(RUN, BEGIN, alarms_run=None, per_alarm=None, checks_run=1, finished_at=None)
    run["data"]["per_check"] = {"panda_failure_rate_eic_all": {"alarms_seen": 3}, "gone": {}}
    report = take(today.as_sqlite(([today.alarm_row(), run], []), tmp_path))
    tick = Tick.objects.get()
    assert (tick.due, tick.finished_at, tick.evaluations.get().matches) == (1, None, 3)
    assert report.notes == ["reports of runs about alarms that are not there: 1 left out (gone)"]


def test_versions_tell_who_made_them_and_when(tmp_path: Path) -> None:
    take(today.as_sqlite(today.history(), tmp_path))
    found = AlarmVersion.objects.filter(alarm_id=ALARM).order_by("number")
    assert [(one.number, one.changed_by, one.changed_at) for one in found] == [
        (1, "unknown", at(0)),
        (2, "root", at(10)),
        (3, "web_ui:carol", at(20)),
    ]
    assert [one.content["parameters"]["threshold"] for one in found] == [0.03, 0.04, 0.05]
    alarm = Alarm.objects.get(pk=ALARM)
    assert alarm.version == 3
    assert save_alarm(alarm, "bob", NOW) is None, "the last version is what the alarm says"


def test_teams_come_with_their_members(tmp_path: Path) -> None:
    take(today.as_sqlite(today.history(), tmp_path))
    team = Team.objects.get()
    assert (team.pk, team.name, team.members, team.version) == (TEAM, "@prodops", "a@lab.example b@lab.example", 1)
    assert save_team(team, "bob", NOW) is None


def test_what_has_the_same_name_here_stays_and_gets_the_history(tmp_path: Path) -> None:
    mine = Alarm(
        name="alarm_panda_failure_rate_eic_all",
        title="Mine",
        detector="task_failure_ratio",
        parameters={"threshold": 1},
    )
    save_alarm(mine, "bob", NOW)
    save_team(Team(name="@prodops", members="mine@lab.example"), "bob", NOW)
    report = take(today.as_sqlite(today.history(), tmp_path))
    assert (report.here["alarms"], report.here["teams"]) == (1, 1)
    assert Event.objects.get(pk=OPEN).alarm == mine
    assert Alarm.objects.get(pk=mine.pk).title == "Mine"
    assert Team.objects.get().members == "mine@lab.example"


def test_of_events_that_were_open_twice_the_newer_goes_on(tmp_path: Path) -> None:
    older, newer = today.event_row(OPEN, 1, None), today.event_row(OVER, 1, None)
    newer["timestamp_created"] = BEGIN + 100
    take(today.as_sqlite(([today.alarm_row(), older, newer], []), tmp_path))
    assert Event.objects.get(pk=OPEN).resolution.startswith("It was open twice")
    assert Event.objects.get(pk=OVER).state == State.FIRING


def test_an_event_that_is_open_here_already_goes_on_alone(tmp_path: Path) -> None:
    take(today.as_sqlite(([today.alarm_row()], []), tmp_path))
    Event.objects.create(
        alarm_id=ALARM, fingerprint="task:4711", state=State.ACKNOWLEDGED, severity="warning", subject="s",
        first_seen=NOW, last_seen=NOW,
    )  # fmt: skip
    take(today.as_sqlite(today.history(), tmp_path))
    assert Event.objects.get(pk=OPEN).state == State.RESOLVED


def test_deleted_rows_and_events_of_alarms_that_are_gone_are_left_out(tmp_path: Path) -> None:
    gone = today.event_row(OVER, 1, None)
    gone["deleted_at"] = BEGIN
    orphan = today.event_row(OPEN, 2, None, alarm_config_id="nowhere", entry_id="event_nothing")
    report = take(today.as_sqlite(([today.alarm_row(), gone, orphan], []), tmp_path))
    assert not Event.objects.exists()
    assert report.notes == ["events whose alarm is not there: 1 left out"]


def test_an_archived_event_fires_no_more(tmp_path: Path) -> None:
    event = today.event_row(OPEN, 1, None)
    event["archived"] = True
    take(today.as_sqlite(([today.alarm_row(), event], []), tmp_path))
    assert Event.objects.get().resolution == "It was archived in today's tables."


def test_the_old_database_is_only_read(tmp_path: Path) -> None:
    path = Path(today.as_sqlite(today.history(), tmp_path))
    before = path.read_bytes()
    path.chmod(0o400)
    take(str(path))
    assert path.read_bytes() == before


def test_texts_with_tabs_backslashes_and_letters_of_all_kinds_come_through(written: Written, tmp_path: Path) -> None:
    text = "tab\there, line\nthere, back\\slash, \\N, \\., quote\"', ü 中文 🙂"
    row = today.alarm_row()
    row["content"] = text
    take(written(([row], []), tmp_path))
    assert Alarm.objects.get().description == text


def test_a_nul_in_json_does_not_stop_the_import(tmp_path: Path) -> None:
    take(today.as_json_lines(([today.alarm_row(), today.event_row(OPEN, 1, None, site="a\0b")], []), tmp_path))
    assert Event.objects.get().values["site"] == "a\ufffdb"


def test_a_long_history_is_taken_over_in_few_statements(
    tmp_path: Path, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    runs = [today.run_row(f"run-{number}", BEGIN + 300 * number) for number in range(3000)]
    where = today.as_sqlite(([*today.history()[0][:3], *runs], []), tmp_path)
    with django_assert_max_num_queries(150):
        report = take(where)
    assert report.new["reports of runs"] == 6000
    assert Tick.objects.count() == 3000
    assert Tick.objects.order_by("started_at").last().started_at == at(0) + timedelta(seconds=300 * 2999)  # type: ignore[union-attr]


# ----- PostgreSQL


@pytest.fixture(scope="module")
def server() -> Iterator[postgresql.Server]:
    binaries = postgresql.programs()
    if binaries is None:
        pytest.skip("PostgreSQL is not installed")
    with postgresql.running(binaries) as found:
        yield found


@pytest.mark.slow
@pytest.mark.once
def test_a_postgresql_database_is_read_and_never_written(server: postgresql.Server, tmp_path: Path) -> None:
    address = f"postgresql://{postgresql.USER}@/postgres?host={server.folder}"
    rows = today.history()
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(today.TABLES.format(float="double precision", json="jsonb"))
        for table, columns, found in today._tables(rows):
            marks = ", ".join(["%s"] * len(columns))
            for row in found:
                connection.execute(
                    f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})",  # type: ignore[arg-type]
                    today._values(row, columns),
                )
        connection.execute("ALTER TABLE entry ADD CHECK (pg_is_in_recovery() IS NOT NULL)")
    from_server = take(address, dry_run=True)
    report = take(address)
    assert report.new == from_server.new
    again = take(today.as_sqlite(rows, tmp_path), dry_run=True)
    assert not again.new.total(), "the file tells of the same rows"
    assert Event.objects.get(pk=OPEN).fired_at == at(60)
    assert json.loads(json.dumps(Event.objects.get(pk=OPEN).imported))["alarm_config_id"] == ALARM
    with open_source(address) as source, pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        source._connection.execute("DELETE FROM entry")  # type: ignore[attr-defined]
