"""The alarms' engine on PostgreSQL: its own tests there, and two engines whose database and whose leader are killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email import policy
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.system.postgresql import Server
from tests.system.running_demo import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.once]
ALARM = """
format: 1
alarms:
  failing:
    title: Failing tasks
    detector: task_failure_ratio
    parameters: {threshold: 0.1, statuses: [running]}
    recipients: anna@lab.example
    every_minutes: 1
    renotify_hours: 0
"""


class Monitor:
    """Answers the questions about tasks; the test says how many of 100 jobs failed."""

    def __init__(self) -> None:
        self.failed = 50
        monitor = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                asked = self.path.partition("?")[0]
                known = {"/swf-monitor/api/panda/tasks/": monitor.tasks, "/swf-monitor/api/panda/activity/": _activity}
                answer = known.get(asked)
                body = json.dumps(answer() if answer else {}).encode()
                self.send_response(200 if answer else 404)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/swf-monitor"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """No more answers."""
        self._server.shutdown()
        self._server.server_close()

    def tasks(self) -> dict[str, Any]:
        """One task, in the form of contract 5.2."""
        now = datetime.now(UTC).replace(tzinfo=None).isoformat()
        share = self.failed / 100
        item = {
            **dict.fromkeys(("reqid", "corecount", "taskpriority", "currentpriority", "attemptnr", "parent_tid")),
            **dict.fromkeys(("transpath", "errordialog", "gshare", "endtime", "progress", "failurerate", "maxattempt")),
            "jeditaskid": 4711, "taskname": "epic.task", "status": "running", "username": "anna", "site": "BNL",
            "workinggroup": "EIC", "processingtype": "epicproduction", "processingtype_raw": "epicproduction",
            "creationdate": now, "starttime": now, "modificationtime": now, "nactive": 1, "nrunning": 1,
            "nfinished": 100 - self.failed, "nfailed": self.failed, "nretries": 0, "nretries_finished": 0,
            "nfinalfailed": self.failed, "nfilesfinished": 100 - self.failed, "computed_failurerate": share,
            "computed_finalfailurerate": share, "computed_progress": 50, "avg_retries_success": None,
        }  # fmt: skip
        filters = dict.fromkeys(("status", "username", "taskname", "reqid", "workinggroup", "taskid")) | {"days": 1}
        return {
            "items": [item], "total_count": 1, "has_more": False, "next_before_id": None,
            "summary": {"running": 1}, "filters": filters,
        }  # fmt: skip


def _activity() -> dict[str, Any]:
    """Nothing happens (contract 5.3)."""
    jobs = {"total": 0, "by_status": {}, "by_user": [], "by_site": []}
    tasks = {"total": 0, "by_status": {}, "by_type": [], "by_user": []}
    return {"jobs": jobs, "tasks": tasks, "filters": {}}


@pytest.fixture
def monitor() -> Iterator[Monitor]:
    """A monitor of the test's own."""
    made = Monitor()
    yield made
    made.close()


@pytest.fixture
def environment(postgresql: Server, monitor: Monitor, tmp_path: Path) -> dict[str, str]:
    """Settings of a gateway in front of it, with one alarm."""
    found = {
        "PATH": os.environ["PATH"],
        "SWF_REMOTE_SECRET_KEY": "k7Jx-2Qm9vT4bN8zR1wL5pY3cF6hD0sG-aE7uV2iO9",
        "SWF_REMOTE_PUBLIC_URL": "http://127.0.0.1/prod/",
        "SWF_REMOTE_MONITOR_URL": monitor.url,
        "SWF_REMOTE_MONITOR_HOST": "monitor.lab.example",
        "SWF_REMOTE_EMAIL_FOLDER": str(tmp_path / "mail"),
        **postgresql.environment("SWF_REMOTE_", "swf_remote"),
    }
    (tmp_path / "mail").mkdir()
    (tmp_path / "alarms.yaml").write_text(ALARM)
    for words in (("migrate", "--verbosity", "0"), ("alarms", "import", str(tmp_path / "alarms.yaml"))):
        done = subprocess.run([_program(), *words], env=found, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    return found


def _program() -> str:
    return str(Path(sys.executable).with_name("swf-remote"))


@contextmanager
def _engine(environment: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as file:
        process = subprocess.Popen([_program(), "alarms", "run"], env=environment, stdout=file, stderr=file)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def _until(holds: Callable[[], bool], what: str, seconds: float = 200) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, what
        time.sleep(0.2)  # other processes' state


def _mails(folder: Path) -> list[tuple[str, str]]:
    """Subject and identifier of each mail, oldest first."""
    read = [BytesParser(policy=policy.default).parsebytes(file.read_bytes()) for file in sorted(folder.glob("*.eml"))]
    return [(str(mail["Subject"]), str(mail["Message-ID"])) for mail in read]


def test_the_engines_own_tests_hold_there(postgresql: Server) -> None:
    words = ("-c", "tests/remote/pytest.ini", "--rootdir", ".", "tests/remote/alarms/engine", "-p", "no:cacheprovider")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *words],
        cwd=ROOT,
        env={**os.environ, "SWF_TESTS_POSTGRESQL": str(postgresql.folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:]


def test_two_engines_tell_each_thing_once_though_the_leader_and_the_database_are_killed(
    environment: dict[str, str], monitor: Monitor, postgresql: Server, tmp_path: Path
) -> None:
    mail, logs = tmp_path / "mail", (tmp_path / "one.log", tmp_path / "two.log")
    with _engine(environment, logs[0]) as leader:
        _until(lambda: len(_mails(mail)) == 1, "the failing task is told")
        with _engine(environment, logs[1]) as follower:
            postgresql.kill_and_start_again()
            monitor.failed = 0
            _until(lambda: len(_mails(mail)) == 2, "its end is told, though the database was killed")
            monitor.failed = 60
            holder = leader if b"tick of" in logs[0].read_bytes().splitlines()[-1] else follower
            holder.send_signal(signal.SIGKILL)
            _until(lambda: len(_mails(mail)) == 3, "the other engine goes on")
    subjects = [subject for subject, _ in _mails(mail)]
    assert [("new" in subject, "cleared" in subject) for subject in subjects] == [
        (True, False),
        (False, True),
        (True, False),
    ]
    assert len({identifier for _, identifier in _mails(mail)}) == 3
