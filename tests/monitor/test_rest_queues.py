"""``api/panda/queues/`` gives the numbers of the queue page, and what the queues do at this moment."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from tests.monitor.conftest import Site
from tests.monitor.definitions import JOBS, job_window, moment

pytestmark = pytest.mark.django_db

LIST = "/api/panda/queues/"
WAITING = ("defined", "waiting", "assigned", "activated", "sent", "starting")
SETTINGS = (
    *("status", "state", "vo_name", "resource_type", "type", "capability", "corepower", "corecount", "atlas_site"),
    *("region", "country", "tier", "cloud", "container_type", "pilot_version", "maxrss", "maxtime", "maxwdir"),
)
WORK = (
    *("jobs", "by_status", "running", "waiting", "finished", "failed", "failure_rate"),
    *("running_now", "waiting_now", "last_job_end"),
)


def asked(site: Site, /, **query: Any) -> dict[str, Any]:
    answer: dict[str, Any] = site.json(f"{LIST}?{urlencode(query)}")
    return answer


def names(answer: dict[str, Any]) -> list[str]:
    return [queue["panda_queue"] for queue in answer["queues"]]


def configured(sql: sqlite3.Connection) -> dict[str, dict[str, Any]]:
    rows = sql.execute("SELECT panda_queue, data FROM schedconfig_json ORDER BY panda_queue")
    return {row[0]: json.loads(row[1]) for row in rows}


def load(sql: sqlite3.Connection, queue: str, since: str) -> Counter[str]:
    query = f"SELECT jobstatus, COUNT(*) FROM {JOBS} WHERE computingsite = ? AND modificationtime >= ? GROUP BY 1"
    return Counter(dict(sql.execute(query, (queue, since)).fetchall()))


def test_every_queue_is_listed_with_its_settings(site: Site, sql: sqlite3.Connection, panda: datetime) -> None:
    answer = asked(site)
    settings = configured(sql)
    assert set(answer) == {"queues", "count", "filters"}
    assert names(answer) == list(settings)
    assert answer["count"] == len(settings)
    assert answer["filters"] == {"vo": None, "status": None, "state": None, "search": None, "hours": 24}
    for queue in answer["queues"]:
        assert set(queue) == {"panda_queue", *SETTINGS, "last_update", *WORK}
        of_this = settings[queue["panda_queue"]]
        assert {name: queue[name] for name in SETTINGS} == {name: of_this.get(name) for name in SETTINGS}


def test_the_page_and_rest_give_the_same_queues_and_numbers(site: Site, panda: datetime) -> None:
    shown = site.json("/panda/epic-queues/?format=json")["rows"]
    told = asked(site, vo="eic")["queues"]
    same = {
        "name": "panda_queue",
        "status": "status",
        "state": "state",
        "running_24h": "running",
        "failed_24h": "failed",
        "failure_fraction_24h": "failure_rate",
        "jobs_24h": "jobs",
    }
    assert shown
    assert [[row[name] for name in same] for row in shown] == [[item[name] for name in same.values()] for item in told]


@pytest.mark.parametrize("hours", [1, 24, 240])
def test_jobs_are_those_changed_within_the_hours(
    site: Site, sql: sqlite3.Connection, panda: datetime, hours: int
) -> None:
    for queue in asked(site, hours=hours)["queues"]:
        wanted = load(sql, queue["panda_queue"], moment(panda - timedelta(hours=hours)))
        ended = wanted["finished"] + wanted["failed"]
        assert queue["by_status"] == wanted
        assert queue["jobs"] == wanted.total()
        assert queue["waiting"] == sum(wanted[status] for status in WAITING)
        assert (queue["running"], queue["finished"]) == (wanted["running"], wanted["finished"])
        assert queue["failure_rate"] == (wanted["failed"] / ended if ended else None)


def test_what_runs_and_waits_now_counts_whatever_its_age(site: Site, sql: sqlite3.Connection, panda: datetime) -> None:
    rows = sql.execute("SELECT computingsite, jobstatus, COUNT(*) FROM jobsactive4 GROUP BY 1, 2").fetchall()
    seen = 0
    for queue in asked(site, hours=1)["queues"]:
        present = {row[1]: row[2] for row in rows if row[0] == queue["panda_queue"]}
        assert queue["running_now"] == present.get("running", 0)
        assert queue["waiting_now"] == sum(present.get(status, 0) for status in WAITING)
        seen += queue["running_now"] - queue["running"]
    assert seen > 0


def last_end(sql: sqlite3.Connection, queue: str, since: str) -> str | None:
    found = sql.execute(
        f"""SELECT MAX(endtime) FROM {JOBS} WHERE computingsite = ? AND jobstatus IN ('finished', 'failed')
            AND modificationtime >= ? AND endtime > '1971'""",
        (queue, since),
    ).fetchone()[0]
    return None if found is None else datetime.fromisoformat(found).isoformat()


@pytest.mark.parametrize(("hours", "days"), [(1, 7), (480, 20)])
def test_the_last_end_is_looked_for_in_a_week_or_longer(
    site: Site, sql: sqlite3.Connection, panda: datetime, hours: int, days: int
) -> None:
    queues = asked(site, hours=hours)["queues"]
    ends = {queue["panda_queue"]: queue["last_job_end"] for queue in queues}
    assert ends == {name: last_end(sql, name, job_window(panda, days)) for name in ends}
    assert ends["JLAB_OSG_epic"] is not None
    assert ends["EMPTY_queue"] is None


@pytest.mark.parametrize(
    ("filters", "fits"),
    [
        ({"vo": "EIC"}, lambda name, told: told.get("vo_name") == "eic"),
        ({"status": "online"}, lambda name, told: told.get("status") == "online"),
        ({"state": "active"}, lambda name, told: told.get("state") == "ACTIVE"),
        ({"search": "osg"}, lambda name, told: "OSG" in name),
        ({"search": "söhne"}, lambda name, told: "Söhne" in name),
        ({"search": "<ca>"}, lambda name, told: told.get("country") == "<CA>"),
        ({"search": "osg", "status": "offline"}, lambda name, told: "OSG" in name and told.get("status") == "offline"),
        ({"vo": "nowhere"}, lambda name, told: False),
    ],
)
def test_filters(site: Site, sql: sqlite3.Connection, panda: datetime, filters: dict[str, str], fits: Any) -> None:
    answer = asked(site, **filters)
    assert names(answer) == [name for name, told in configured(sql).items() if fits(name, told)]
    assert filters.items() <= answer["filters"].items()


@pytest.mark.parametrize("name", ["JLAB_OSG_epic", "ATLAS_not_ours", "EMPTY_queue", "BNL <test> & Söhne"])
def test_one_queue_is_the_listed_one_with_all_settings(
    site: Site, sql: sqlite3.Connection, panda: datetime, name: str
) -> None:
    [listed] = [queue for queue in asked(site, hours=48)["queues"] if queue["panda_queue"] == name]
    assert site.json(f"{LIST}{quote(name)}/?hours=48") == {**listed, "settings": configured(sql)[name]}


@pytest.mark.parametrize("name", ["nowhere", "a b", "jlab_osg_epic"])
def test_an_unknown_queue_is_404_json(site: Site, panda: datetime, name: str) -> None:
    answer = site.get(f"{LIST}{quote(name)}/")
    assert (answer.status_code, answer.json()) == (404, {"error": f"Queue {name} not found"})


@pytest.mark.parametrize("path", [LIST, f"{LIST}JLAB_OSG_epic/"])
@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("hours=x", "hours must be an integer"),
        ("hours=0", "hours must be >= 1"),
        ("hours=721", "hours must be <= 720"),
    ],
)
def test_a_wrong_parameter_is_named(site: Site, panda: datetime, path: str, query: str, words: str) -> None:
    answer = site.get(f"{path}?{query}")
    assert (answer.status_code, answer.json()) == (400, {"error": words})
