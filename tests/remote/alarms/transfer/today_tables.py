"""Today's entry tables with a small history, as SQL, in SQLite, PostgreSQL, a plain dump and lines of JSON."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

BEGIN = 1_780_000_000.0
"""2026-05-28 20:26:40 UTC."""
TABLES = """
CREATE TABLE entry_context (name varchar(255) PRIMARY KEY, title varchar(255), description text,
  timestamp_created {float}, timestamp_modified {float}, data {json});
CREATE TABLE entry (id varchar(36) PRIMARY KEY, title varchar(255), content text, kind varchar(50),
  context_id varchar(255), name varchar(255), data {json}, priority int, status varchar(50), archived bool,
  parent_id varchar(36), timestamp_created {float}, timestamp_modified {float}, deleted_at {float});
CREATE TABLE entry_version (id int PRIMARY KEY, entry_id varchar(36), version_num int, title varchar(255),
  content text, data {json}, changed_by varchar(100), timestamp {float});
"""
ENTRY_COLUMNS = (
    "id", "title", "content", "kind", "context_id", "name", "data", "priority", "status", "archived", "parent_id",
    "timestamp_created", "timestamp_modified", "deleted_at",
)  # fmt: skip
VERSION_COLUMNS = ("id", "entry_id", "version_num", "title", "content", "data", "changed_by", "timestamp")
ALARM = "11111111-0000-4000-8000-000000000001"
SYNC = "11111111-0000-4000-8000-000000000002"
TEAM = "22222222-0000-4000-8000-000000000001"
OPEN = "33333333-0000-4000-8000-000000000001"
OVER = "33333333-0000-4000-8000-000000000002"
RUN = "44444444-0000-4000-8000-000000000001"
MEMBERS = "a@lab.example b@lab.example"
DESCRIPTION = "Tasks that fail too often.\nLook at the log."


def entry(key: str, kind: str, data: Mapping[str, Any] | None = None, **columns: Any) -> dict[str, Any]:
    """A row of the table ``entry``."""
    known: dict[str, Any] = dict.fromkeys(ENTRY_COLUMNS)
    known |= {
        "id": key, "kind": kind, "title": f"{kind} {key[:2]}", "content": "", "context_id": "swf-alarms",
        "archived": False, "timestamp_created": BEGIN, "timestamp_modified": BEGIN + 50, "data": data,
    }  # fmt: skip
    return known | columns


def alarm_row(key: str = ALARM, word: str = "alarm_panda_failure_rate_eic_all", **data: Any) -> dict[str, Any]:
    """An alarm."""
    known = {
        "entry_id": word, "enabled": True, "recipients": "@prodops, x@lab.example", "renotification_window_hours": 48,
        "params": {"threshold": 0.05, "since_days": 1, "min_terminal_jobs": 5},
    }  # fmt: skip
    return entry(key, "alarm", known | data, title="Failure rate, all", content=DESCRIPTION, status="active")


def event_row(key: str, task: int, cleared: float | None, **data: Any) -> dict[str, Any]:
    """An event of the first alarm."""
    subject = f"task {task} (running) final-failure rate 12.4% - group.EIC.26.05.1.x"
    known = {
        "entry_id": "event_panda_failure_rate_eic_all", "fire_time": BEGIN + 60, "clear_time": cleared,
        "last_seen": BEGIN + 600, "last_notified": BEGIN + 61, "dedupe_key": f"task:{task}", "subject": subject,
        "recipients": ["a@lab.example"], "alarm_config_id": ALARM, "metric": "12.4%", "jeditaskid": task,
        "taskname": "group.EIC.26.05.1.x", "status": "running", "username": "alice", "site": "BNL_OSG_1",
        "since_days": 1,
    }  # fmt: skip
    return entry(key, "event", known | data, title=subject, content=f"{DESCRIPTION}\n---\nTask: {task}\nRate: 12.4%")


def run_row(key: str, started: float, **data: Any) -> dict[str, Any]:
    """A run of the engine."""
    report = {
        "enabled": True, "alarms_seen": 2, "errors": 0, "error_message": None, "bundle_new": 1, "bundle_renotify": 0,
        "bundle_sent": True, "bundle_subject": "[alarm] 1 detection, 1 new", "bundle_new_event_ids": [OPEN],
        "bundle_renotify_event_ids": [], "params": {"threshold": 0.05}, "recipients": ["a@lab.example"],
    }  # fmt: skip
    known = {
        "entry_id": f"run_{int(started)}", "started_at": started, "finished_at": started + 3, "alarms_run": 2,
        "alarms_seen": 2, "notifications_sent": 1, "errors": 1, "error_details": ["no data"],
        "per_alarm": {
            "alarm_panda_failure_rate_eic_all": report,
            "alarm_catalog_sync_freshness": {"enabled": True, "errors": 1, "error_message": "no data"},
        },
    }  # fmt: skip
    return entry(key, "engine_run", known | data, status="done")


def history() -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Rows of both tables."""
    entries = [
        entry(TEAM, "team", {"entry_id": "team_prodops"}, name="@prodops", title="Ops", content=MEMBERS),
        alarm_row(),
        alarm_row(SYNC, "alarm_catalog_sync_freshness", params={"max_age_hours": 30}),
        event_row(OPEN, 4711, None),
        event_row(OVER, 4712, BEGIN + 900),
        run_row(RUN, BEGIN + 60),
        entry("55555555-0000-4000-8000-000000000001", "memory", {"anything": "else"}),
    ]  # fmt: skip
    versions = [
        version(ALARM, 1, "root", BEGIN + 10, threshold=0.03),
        version(ALARM, 2, "web_ui:carol", BEGIN + 20, threshold=0.04),
    ]
    return entries, versions


def version(key: str, number: int, by: str, at: float, threshold: float) -> dict[str, Any]:
    """What the first alarm said until `at`."""
    data = {"entry_id": "alarm_panda_failure_rate_eic_all", "params": {"threshold": threshold}}
    return {
        "id": number, "entry_id": key, "version_num": number, "title": "Failure rate", "content": "old", "data": data,
        "changed_by": by, "timestamp": at,
    }  # fmt: skip


Rows = tuple[Sequence[Mapping[str, Any]], Sequence[Mapping[str, Any]]]


def _tables(rows: Rows) -> list[tuple[str, tuple[str, ...], Sequence[Mapping[str, Any]]]]:
    return [("entry", ENTRY_COLUMNS, rows[0]), ("entry_version", VERSION_COLUMNS, rows[1])]


def _values(row: Mapping[str, Any], columns: Sequence[str]) -> list[Any]:
    return [json.dumps(row[name]) if name == "data" and row[name] is not None else row[name] for name in columns]


def as_sqlite(rows: Rows, folder: Path) -> str:
    """A file; its tables have an application's name before theirs, as Django's have."""
    path = folder / "today.sqlite3"
    path.unlink(missing_ok=True)
    with sqlite3.connect(path) as connection:
        connection.executescript(
            TABLES.format(float="real", json="text").replace("TABLE entry", "TABLE remote_app_entry")
        )
        for table, columns, found in _tables(rows):
            marks = ", ".join("?" * len(columns))
            connection.executemany(
                f"INSERT INTO remote_app_{table} ({', '.join(columns)}) VALUES ({marks})",
                [_values(row, columns) for row in found],
            )
    connection.close()
    return str(path)


def as_copy(rows: Rows, folder: Path) -> str:
    """What pg_dump writes."""
    text = ["--", "-- PostgreSQL database dump", "--", "SET client_encoding = 'UTF8';", ""]
    for table, columns, found in _tables(rows):
        text.append(f"COPY public.{table} ({', '.join(columns)}) FROM stdin;")
        text += ["\t".join(_copied(value) for value in _values(row, columns)) for row in found]
        text += ["\\.", ""]
    path = folder / "today.sql"
    path.write_text("\n".join(text) + "\n")
    return str(path)


def _copied(value: Any) -> str:
    if value is None:
        return "\\N"
    if isinstance(value, bool):
        return "t" if value else "f"
    text = str(value)
    for letter, escaped in (("\\", "\\\\"), ("\n", "\\n"), ("\t", "\\t"), ("\r", "\\r")):
        text = text.replace(letter, escaped)
    return text


def as_json_lines(rows: Rows, folder: Path) -> str:
    """What ``dumpdata --format jsonl`` writes."""
    lines = []
    for model, found in (("monitor_app.entry", rows[0]), ("monitor_app.entryversion", rows[1])):
        for row in found:
            fields = {name.removesuffix("_id"): value for name, value in row.items() if name != "id"}
            lines.append(json.dumps({"model": model, "pk": row["id"], "fields": fields}))
    path = folder / "today.jsonl"
    path.write_text("\n".join(lines) + "\n")
    return str(path)
