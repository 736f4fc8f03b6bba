"""``swf-monitor serve`` as a process: it answers, ends when told to, and leaves nothing behind when it is killed."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

PATIENCE = 20.0


def eventually(happens: Callable[[], bool], what: str) -> None:
    """Ask until it is so."""
    deadline = time.monotonic() + PATIENCE
    while not happens():
        assert time.monotonic() < deadline, f"not within {PATIENCE} s: {what}"
        time.sleep(0.05)


def free_port() -> int:
    with socket.socket() as finder:
        finder.bind(("127.0.0.1", 0))
        return int(finder.getsockname()[1])


def listens(port: int) -> bool:
    with socket.socket() as caller:
        return caller.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def server(port: int, tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    environment = {**os.environ, "SWF_MONITOR_DB_NAME": str(tmp_path / "own.sqlite3")}
    command = [sys.executable, "-m", "swf_monitor", "serve", "--port", str(port)]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    eventually(lambda: listens(port), "the server listens")
    yield process
    process.kill()
    process.wait()
    assert process.stdout is not None
    process.stdout.close()


def test_it_answers_and_ends_well_when_told_to(server: subprocess.Popen[bytes], port: int) -> None:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/swf-monitor/about/", timeout=PATIENCE) as answer:
        assert b"<h1>About</h1>" in answer.read()
    server.send_signal(signal.SIGTERM)
    assert server.wait(timeout=PATIENCE) == 0
    assert not listens(port)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of its parent's death")
def test_a_killed_server_leaves_no_worker_that_keeps_the_port(server: subprocess.Popen[bytes], port: int) -> None:
    server.kill()
    eventually(lambda: not listens(port), "the port is free again")
