"""Fixtures of all monitor tests: a seeded PanDA database, its clock, and a plain SQLite door to it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from swf_monitor.panda import database, windows
from tests.monitor.panda_rows import NOW, build


@pytest.fixture(scope="session")
def panda_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The database file, written once; tests only read it."""
    path = tmp_path_factory.mktemp("panda") / "panda.sqlite3"
    build(path)
    return path


@pytest.fixture
def panda(panda_file: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[datetime]:
    """The monitor reads the seeded database and takes its moment for now; gives that moment."""
    engine = database.read_only_engine(database.sqlite_url(panda_file, read_only=True))
    monkeypatch.setattr(database, "panda_engine", lambda: engine)
    monkeypatch.setattr(windows, "utc_now", lambda: NOW)
    yield NOW
    engine.dispose()


class Site:
    """A reader of the monitor: takes addresses as pages print them, from the loopback address unless told otherwise."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def get(self, url: str, **extra: Any) -> HttpResponse:
        """The answer to a GET of `url`, which may begin with the mount."""
        # Django's test client is no ASGI server: it does not take the mount off the path.
        return self.client.get(url.removeprefix("/swf-monitor"), **extra)  # type: ignore[return-value]

    def json(self, url: str, **extra: Any) -> Any:
        """The JSON body of an answer that must be 200."""
        answer = self.get(url, **extra)
        assert answer.status_code == 200, (url, answer.status_code, answer.content[:500])
        return json.loads(answer.content)

    def html(self, url: str) -> str:
        """The text of a page that must be 200."""
        answer = self.get(url)
        assert answer.status_code == 200, (url, answer.status_code)
        return answer.content.decode()


@pytest.fixture
def site(client: Client) -> Site:
    """A reader without session."""
    return Site(client)


@pytest.fixture
def sql(panda_file: Path) -> Iterator[sqlite3.Connection]:
    """The same database without any of the monitor's code: figures are checked against it."""
    connection = sqlite3.connect(f"file:{panda_file}?mode=ro", uri=True)
    connection.row_factory = sqlite3.Row
    yield connection
    connection.close()
