"""Two real processes send from one outbox through a real server; the one that holds the lease is killed."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.remote.alarms.delivery.mail_servers import mail_server

pytestmark = [pytest.mark.slow, pytest.mark.once]

ROOT = Path(__file__).resolve().parents[4]
NUMBER = 60
IN_THE_AIR = 8


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Starts processes that share a database, and ends them all."""
    environment = dict(
        os.environ,
        DJANGO_SETTINGS_MODULE="swf_remote.settings",
        PYTHONPATH=str(ROOT),
        SWF_REMOTE_DB_NAME=str(tmp_path / "gateway.sqlite3"),
    )
    running: list[subprocess.Popen[bytes]] = []

    def begin(*arguments: object) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "tests.remote.alarms.delivery.sending_process", *map(str, arguments)]
        running.append(subprocess.Popen(command, env=environment, cwd=ROOT))
        return running[-1]

    yield begin
    for one in running:
        one.kill()
        one.wait()


def wait_for(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_when_the_sender_is_killed_another_goes_on_and_nothing_is_lost(
    start: Callable[..., subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    assert start("prepare", NUMBER).wait(60) == 0
    with mail_server() as box:
        first = start("work", box.port)
        wait_for(lambda: len(box.taken) >= 10)
        second = start("work", box.port)
        first.send_signal(signal.SIGKILL)
        first.wait()
        before = len(box.taken)
        assert second.wait(90) == 0
        assert before < NUMBER
    times = Counter(box.recipients())
    assert set(times) == {f"person{one}@lab.example" for one in range(NUMBER)}
    assert sum(times.values()) <= NUMBER + IN_THE_AIR
    for mail in box.taken:
        assert mail.message_id == f"<{mail.recipients[0].partition('@')[0].replace('person', 'mail')}@gateway.example>"
    with closing(sqlite3.connect(tmp_path / "gateway.sqlite3")) as database:
        assert database.execute("select outcome, count(*) from alarms_delivery group by 1").fetchall() == [
            ("sent", NUMBER)
        ]


def test_two_senders_that_live_send_nothing_twice(start: Callable[..., subprocess.Popen[bytes]]) -> None:
    assert start("prepare", NUMBER).wait(60) == 0
    with mail_server() as box:
        both = [start("work", box.port), start("work", box.port)]
        for one in both:
            assert one.wait(90) == 0
    assert Counter(box.recipients()) == Counter(f"person{one}@lab.example" for one in range(NUMBER))
