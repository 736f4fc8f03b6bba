"""The event stream of a real server on a database that changes: events arrive, and stopping takes no time."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow

PATIENCE = 20.0
STREAM = "/swf-monitor/api/messages/stream/"


class Listener:
    """A reader of the stream."""

    def __init__(self, port: int, query: str = "") -> None:
        self.connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        self.connection.request("GET", STREAM + query, headers={"X-Remote-User": "alice"})
        self.answer: HTTPResponse = self.connection.getresponse()

    def next_event(self) -> tuple[str, dict[str, Any]]:
        """Name and data of the next event."""
        name, data, blank = (self.answer.readline().decode() for _ in range(3))
        assert blank == "\n"
        return name.removeprefix("event: ").strip(), json.loads(data.removeprefix("data: "))

    def rest(self) -> bytes:
        """Everything until the server ends the stream."""
        return self.answer.read()


@pytest.fixture
def database(panda_file: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(panda_file, tmp_path / "panda.sqlite3"))


@pytest.fixture
def server(database: Path, tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    with socket.socket() as finder:
        finder.bind(("127.0.0.1", 0))
        port = int(finder.getsockname()[1])
    own = {"SWF_MONITOR_DB_NAME": str(tmp_path / "own.sqlite3"), "PANDA_DB_NAME": str(database)}
    environment = {**os.environ, **own}
    manage = [sys.executable, "-m", "swf_monitor"]
    subprocess.run([*manage, "migrate", "-v0"], env=environment, check=True)
    process = subprocess.Popen([*manage, "serve", "--port", str(port)], env=environment, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + PATIENCE
    while not listens(port):
        assert time.monotonic() < deadline, "the server does not listen"
        time.sleep(0.05)
    yield process, port
    process.kill()
    process.wait()


def listens(port: int) -> bool:
    with socket.socket() as caller:
        return caller.connect_ex(("127.0.0.1", port)) == 0


def change_job(database: Path, status: str) -> int:
    """Give a running job another state, as PanDA does; returns its id."""
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
    with closing(sqlite3.connect(database)) as panda, panda:
        pandaid: int = panda.execute("SELECT pandaid FROM jobsactive4 WHERE jobstatus = 'running'").fetchone()[0]
        update = "UPDATE jobsactive4 SET jobstatus = ?, statechangetime = ?, modificationtime = ? WHERE pandaid = ?"
        panda.execute(update, (status, now, now, pandaid))
    return pandaid


def test_a_change_in_the_database_reaches_those_who_asked_for_it(
    server: tuple[subprocess.Popen[bytes], int], database: Path
) -> None:
    _, port = server
    listeners = [Listener(port), Listener(port, "?msg_types=job_state&agents=panda-watcher")]
    assert [listener.next_event()[0] for listener in listeners] == ["connected", "connected"]
    pandaid = change_job(database, "holding")
    for listener in listeners:
        name, data = listener.next_event()
        assert (name, data["pandaid"], data["status"]) == ("job_state", pandaid, "holding")
        listener.connection.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stopping_server_ends_its_streams_and_does_not_wait_for_them(
    server: tuple[subprocess.Popen[bytes], int], number: signal.Signals
) -> None:
    process, port = server
    listeners = [Listener(port) for _ in range(3)]
    for listener in listeners:
        listener.next_event()
    began = time.monotonic()
    process.send_signal(number)
    assert [listener.rest() for listener in listeners] == [b"", b"", b""]
    assert process.wait(timeout=PATIENCE) == 0
    # A server that waits for open streams takes its whole kill time-out, three seconds.
    assert time.monotonic() - began < 2.5
