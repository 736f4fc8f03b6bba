"""``api/panda/tasks/`` gives the contract's fields, figures and errors (5.1, 5.2)."""

from __future__ import annotations

import json
import sqlite3
from datetime import datetime
from typing import Any

import pytest

from tests.monitor.conftest import Site
from tests.monitor.definitions import IN_TASK_WINDOW, TASK_COUNTS, task_window

pytestmark = pytest.mark.django_db

LIST = "/api/panda/tasks/"
ITEM_FIELDS = {
    "jeditaskid",
    "taskname",
    "status",
    "username",
    "creationdate",
    "starttime",
    "endtime",
    "modificationtime",
    "reqid",
    "processingtype",
    "transpath",
    "progress",
    "failurerate",
    "errordialog",
    "site",
    "corecount",
    "taskpriority",
    "currentpriority",
    "gshare",
    "attemptnr",
    "parent_tid",
    "workinggroup",
    "nactive",
    "nfinished",
    "nfailed",
    "nrunning",
    "nretries",
    "nretries_finished",
    "maxattempt",
    "nfinalfailed",
    "nfilesfinished",
    "computed_failurerate",
    "computed_finalfailurerate",
    "computed_progress",
    "avg_retries_success",
}
DATASET_FIELDS = {
    "datasetname",
    "type",
    "streamname",
    "status",
    "nfiles",
    "nfilesfinished",
    "nfilesfailed",
    "nfilesused",
    "nevents",
    "neventsused",
    "site",
    "destination",
    "files_percent",
    "rse",
}


def test_the_envelope_and_the_items_have_the_contracts_fields(site: Site, panda: datetime) -> None:
    body = site.json(f"{LIST}?days=30")
    assert set(body) == {"items", "total_count", "has_more", "next_before_id", "summary", "filters"}
    assert set(body["filters"]) == {"days", "status", "username", "taskname", "reqid", "workinggroup", "taskid"}
    assert all(set(item) == ITEM_FIELDS | {"processingtype_raw"} for item in body["items"])


def test_defaults_are_a_week_and_fifty(site: Site, panda: datetime) -> None:
    body = site.json(f"{LIST}?days=365")
    assert len(body["items"]) == 50
    assert site.json(LIST)["filters"]["days"] == 7


def test_totals_and_summary_cover_the_window_not_the_page(site: Site, sql: sqlite3.Connection, panda: datetime) -> None:
    body = site.json(f"{LIST}?days=60&limit=3")
    wanted = dict(
        sql.execute(
            f"SELECT status, COUNT(*) FROM jedi_tasks WHERE {IN_TASK_WINDOW} GROUP BY status", task_window(panda, 60)
        ).fetchall()
    )
    assert body["summary"] == wanted
    assert body["total_count"] == sum(wanted.values())
    assert len(body["items"]) == 3


def test_the_cursor_walks_through_every_task_once(site: Site, sql: sqlite3.Connection, panda: datetime) -> None:
    seen: list[int] = []
    before = ""
    while True:
        body = site.json(f"{LIST}?days=60&limit=20{before}")
        seen += [item["jeditaskid"] for item in body["items"]]
        if not body["has_more"]:
            assert body["next_before_id"] is None
            break
        before = f"&before_id={body['next_before_id']}"
    wanted = sql.execute(
        f"SELECT jeditaskid FROM jedi_tasks WHERE {IN_TASK_WINDOW} ORDER BY jeditaskid DESC", task_window(panda, 60)
    )
    assert seen == [row[0] for row in wanted]


def test_counts_of_items_agree_with_sql(site: Site, sql: sqlite3.Connection, panda: datetime) -> None:
    for item in site.json(f"{LIST}?days=60&limit=200")["items"]:
        counts = dict(sql.execute(TASK_COUNTS, {"task": item["jeditaskid"]}).fetchone())
        assert {name: item[name] for name in counts} == counts


@pytest.mark.parametrize(
    ("query", "condition"),
    [
        ("status=done", "status = 'done'"),
        ("username=%25o%25", "username LIKE '%o%'"),
        ("taskname=DIS.3", "taskname LIKE '%DIS.3%'"),
        ("taskname=group%25DIS%25", "taskname LIKE 'group%DIS%'"),
        ("reqid=1002", "reqid = 1002"),
        ("workinggroup=EIC", "workinggroup = 'EIC'"),
        ("processingtype=__blank__", "COALESCE(processingtype, '') = ''"),
        ("processingtype=panda-client-%25", "processingtype LIKE 'panda-client-%'"),
        ("taskid=30003", "jeditaskid = 30003"),
    ],
)
def test_filters(site: Site, sql: sqlite3.Connection, panda: datetime, query: str, condition: str) -> None:
    body = site.json(f"{LIST}?days=60&limit=200&{query}")
    wanted = sql.execute(
        f"SELECT jeditaskid FROM jedi_tasks WHERE {IN_TASK_WINDOW} AND {condition} ORDER BY jeditaskid DESC",
        task_window(panda, 60),
    )
    assert [item["jeditaskid"] for item in body["items"]] == [row[0] for row in wanted]


def test_types_are_given_as_shown_and_as_stored(site: Site, panda: datetime) -> None:
    pairs = {
        (item["processingtype_raw"], item["processingtype"])
        for item in site.json(f"{LIST}?days=365&limit=200")["items"]
    }
    assert ("panda-client-1.5.79-jedi-run", "panda-client-jedi-run") in pairs
    assert ("", "None") in pairs


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("days=x", "days must be an integer"),
        ("days=0", "days must be >= 1"),
        ("limit=0", "limit must be >= 1"),
        ("limit=201", "limit must be <= 200"),
        ("before_id=x", "before_id must be an integer"),
        ("reqid=1.5", "reqid must be an integer"),
    ],
)
def test_a_wrong_parameter_is_named(site: Site, panda: datetime, query: str, message: str) -> None:
    answer = site.get(f"{LIST}?{query}")
    assert answer.status_code == 400
    assert json.loads(answer.content) == {"error": message}


def test_a_window_before_the_calendar_holds_everything(site: Site, panda: datetime) -> None:
    assert site.json(f"{LIST}?days=999999999")["total_count"] == site.json(f"{LIST}?days=3650")["total_count"]


def test_one_task_has_every_part(site: Site, sql: sqlite3.Connection, panda: datetime) -> None:
    task = sql.execute("SELECT jeditaskid FROM jedi_datasets ORDER BY jeditaskid LIMIT 1").fetchone()[0]
    body = site.json(f"{LIST}{task}/")
    assert set(body) == ITEM_FIELDS | {"datasets", "taskparams", "job_parameters", "task_record"}
    assert all(set(dataset) == DATASET_FIELDS for dataset in body["datasets"])
    record = dict(sql.execute("SELECT * FROM jedi_tasks WHERE jeditaskid = ?", (task,)).fetchone())
    assert set(body["task_record"]) == set(record)
    assert body["task_record"]["taskname"] == record["taskname"]
    assert datetime.fromisoformat(body["creationdate"]) == datetime.fromisoformat(record["creationdate"])


def test_a_task_of_any_age_is_found(site: Site, sql: sqlite3.Connection, panda: datetime) -> None:
    oldest = sql.execute("SELECT jeditaskid FROM jedi_tasks ORDER BY modificationtime LIMIT 1").fetchone()[0]
    assert site.json(f"{LIST}{oldest}/")["jeditaskid"] == oldest


def test_files_percent_is_the_share_of_processed_files(site: Site, sql: sqlite3.Connection, panda: datetime) -> None:
    seen = 0
    for (task,) in sql.execute("SELECT DISTINCT jeditaskid FROM jedi_datasets LIMIT 20").fetchall():
        for dataset in site.json(f"{LIST}{task}/")["datasets"]:
            processed = (dataset["nfilesfinished"] or 0) + (dataset["nfilesfailed"] or 0)
            wanted = round(100 * processed / dataset["nfiles"], 1) if dataset["nfiles"] else None
            assert dataset["files_percent"] == wanted
            seen += 1
    assert seen > 10


def test_job_parameters_are_readable(site: Site, sql: sqlite3.Connection, panda: datetime) -> None:
    task = sql.execute("SELECT jeditaskid FROM jedi_taskparams WHERE taskparams LIKE '{\"%' LIMIT 1").fetchone()[0]
    assert site.json(f"{LIST}{task}/")["job_parameters"] == [
        {"label": "Source URL", "value": "https://pandacache.bnl.gov:25443"},
        {"label": "Work directory", "value": "."},
        {"label": "Payload command", "value": "bash run.sh --events <500> & quoted"},
        {"label": "output template", "value": f"dataset=group.EIC.{task}.out, value=out.${{SN}}.root"},
    ]


def test_parameters_that_are_no_json_are_given_as_text(site: Site, sql: sqlite3.Connection, panda: datetime) -> None:
    task = sql.execute("SELECT jeditaskid FROM jedi_taskparams WHERE taskparams NOT LIKE '{\"%' LIMIT 1").fetchone()[0]
    assert site.json(f"{LIST}{task}/")["taskparams"] == {"text": "{not json"}


@pytest.mark.parametrize("task", ["1", "99999999999999999999999"])
def test_an_unknown_task_is_404_json(site: Site, panda: datetime, task: str) -> None:
    answer = site.get(f"{LIST}{task}/")
    assert answer.status_code == 404
    assert json.loads(answer.content) == {"error": f"Task {task} not found"}


def test_head_is_refused_as_at_the_laboratory(site: Site, panda: datetime) -> None:
    assert site.client.head(LIST).status_code == 405


def test_browsers_get_the_browsable_form_and_scripts_json(site: Site, panda: datetime) -> None:
    def kind(**headers: Any) -> str:
        return str(site.get(LIST, **headers)["Content-Type"])

    assert kind() == "application/json"
    assert kind(HTTP_ACCEPT="*/*") == "application/json"
    assert kind(HTTP_ACCEPT="text/html").startswith("text/html")
    assert site.get(f"{LIST}?format=json", HTTP_ACCEPT="text/html").status_code == 406
