"""Without a readable PanDA database every page still is a page, and no answer tells where the database is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from swf_monitor.panda import database
from tests.monitor.conftest import Site
from tests.monitor.panda_rows import build_empty


@pytest.fixture
def no_panda(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = database.read_only_engine(database.sqlite_url(tmp_path / "secret-place.sqlite3", read_only=True))
    monkeypatch.setattr(database, "panda_engine", lambda: engine)


@pytest.fixture(scope="module")
def empty_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("empty") / "panda.sqlite3"
    build_empty(path)
    return path


@pytest.fixture
def empty_panda(empty_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = database.read_only_engine(database.sqlite_url(empty_file, read_only=True))
    monkeypatch.setattr(database, "panda_engine", lambda: engine)


@pytest.mark.parametrize(
    "url", ["/prod/", "/panda/activity/", "/panda/tasks/1/", "/panda/epic-queues/", "/panda/epic-queues/x/"]
)
def test_a_page_says_so_in_an_alert(site: Site, no_panda: None, url: str) -> None:
    page = site.html(url)
    assert "The PanDA database cannot be read at the moment." in page
    assert "secret-place" not in page


@pytest.mark.parametrize("url", ["/panda/tasks/datatable/", "/panda/tasks/filter-counts/"])
def test_a_data_endpoint_answers_500_json(site: Site, no_panda: None, url: str) -> None:
    answer = site.get(url)
    assert answer.status_code == 500
    assert json.loads(answer.content) == {"error": "The PanDA database cannot be read at the moment."}


@pytest.mark.django_db
@pytest.mark.parametrize(
    "url",
    [
        *("/api/panda/tasks/", "/api/panda/tasks/1/", "/api/panda/activity/"),
        *(
            "/api/panda/errors/",
            "/api/panda/jobs/diagnose/",
            "/api/panda/jobs/1/",
            "/api/panda/queues/",
            "/api/panda/queues/x/",
        ),
    ],
)
def test_rest_answers_500_json(site: Site, no_panda: None, url: str) -> None:
    answer = site.get(url)
    assert answer.status_code == 500
    assert json.loads(answer.content) == {"error": "The PanDA database cannot be read at the moment."}


@pytest.mark.parametrize(
    "url", ["/prod/", "/panda/activity/", "/panda/tasks/", "/panda/epic-queues/", "/panda/system/"]
)
def test_an_empty_database_gives_whole_pages(site: Site, empty_panda: None, url: str) -> None:
    assert "</html>" in site.html(url)


def test_an_empty_table_has_no_rows_and_no_counts(site: Site, empty_panda: None) -> None:
    answer = site.json("/panda/tasks/datatable/")
    assert (answer["data"], answer["recordsTotal"], answer["recordsFiltered"]) == ([], 0, 0)
    counts = site.json("/panda/tasks/filter-counts/")["filter_counts"]
    assert counts == {"status": [], "username": [], "workinggroup": [], "processingtype": []}
