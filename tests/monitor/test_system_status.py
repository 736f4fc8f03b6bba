"""System status tells whether PanDA's database can be read and whether anybody still fills it (contract 3.4)."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from swf_monitor.panda import database, windows
from swf_monitor.panda.system import system_status
from tests.monitor.conftest import Site
from tests.monitor.panda_rows import build_empty

JSON = "/panda/system/status.json"


def test_a_fresh_feed_is_ok(site: Site, panda: datetime) -> None:
    body = site.json(JSON)
    assert set(body) == {"overall_status", "overall_reason", "latest_checked_at", "counts", "data_as_of"}
    assert body["overall_status"] == "ok"
    assert datetime.fromisoformat(body["latest_checked_at"]).utcoffset() == timedelta(0)
    assert body["counts"] == {"ok": 4, "warning": 0, "error": 0, "unknown": 0, "total": 4}


def test_a_silent_feed_is_an_error_that_says_since_when(
    site: Site, panda: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(windows, "utc_now", lambda: panda + timedelta(seconds=1000))
    body = site.json(JSON)
    assert body["overall_status"] == "error"
    assert body["overall_reason"] == "PanDA feed silent since 11:59:40 UTC (1020 s)"
    assert body["data_as_of"].endswith("T12:00:00+00:00")
    assert body["overall_reason"] in site.html("/panda/system/")


@pytest.mark.parametrize(("limit", "status"), [(20.0, "ok"), (19.9, "error")])
def test_the_limit_is_the_settings(panda: datetime, limit: float, status: str) -> None:
    assert system_status(limit).worst.status == status


def test_a_database_that_is_not_there_is_an_error_without_its_path(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = database.read_only_engine(database.sqlite_url(tmp_path / "secret-place.sqlite3", read_only=True))
    monkeypatch.setattr(database, "panda_engine", lambda: gone)
    body = site.json(JSON)
    assert (body["overall_status"], body["overall_reason"]) == ("error", "The PanDA database cannot be read.")
    assert "secret-place" not in str(body)


def test_an_empty_database_is_unknown(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build_empty(tmp_path / "empty.sqlite3")
    empty = database.read_only_engine(database.sqlite_url(tmp_path / "empty.sqlite3", read_only=True))
    monkeypatch.setattr(database, "panda_engine", lambda: empty)
    body = site.json(JSON)
    assert (body["overall_status"], body["overall_reason"]) == ("unknown", "No Harvester instance has reported yet.")


def test_checking_again_is_a_post_that_leads_back(site: Site, panda: datetime) -> None:
    assert site.get("/panda/system/refresh/").status_code == 405
    answer = site.client.post("/panda/system/refresh/")
    assert (answer.status_code, answer["Location"]) == (302, "/swf-monitor/panda/system/")


def test_the_short_addresses_answer_too(site: Site, panda: datetime) -> None:
    assert site.json("/system/status.json")["overall_status"] == "ok"
    assert "<h1>System Status</h1>" in site.html("/system/")
