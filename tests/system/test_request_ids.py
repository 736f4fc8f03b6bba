"""One request followed by its id: what the reader sees, the gateway logs and the monitor logs is the same."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.system.http_client import ask
from tests.system.running_demo import free_port
from tests.system.test_signed_identity import SECRET, run

pytestmark = pytest.mark.slow


@contextmanager
def logging_to(file: Path, program: str, environment: dict[str, str], alive: str) -> Iterator[str]:
    """A running server of ours that writes its log into this file."""
    port = free_port()
    command = [Path(sys.executable).with_name(program), "serve", "--port", str(port)]
    with file.open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, cwd=file.parent)
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(600):
            with suppress(OSError):
                ask(url + alive)
                break
            with suppress(subprocess.TimeoutExpired):
                pytest.fail(f"{program} ended with {process.wait(0.05)}: {file.read_text()}")
        yield url
    finally:
        process.terminate()
        process.wait(20)


def lines_with(file: Path, request_id: str) -> list[str]:
    return [line for line in file.read_text().splitlines() if request_id in line]


def test_one_id_leads_from_the_readers_answer_through_both_logs(tmp_path: Path) -> None:
    own = {"PATH": os.environ["PATH"]}
    monitor_settings = own | {
        "SWF_MONITOR_SECRET_KEY": SECRET,
        "SWF_MONITOR_DB_NAME": str(tmp_path / "monitor.sqlite3"),
    }
    monitor_settings |= {"PANDA_DB_NAME": str(tmp_path / "no-panda.sqlite3")}
    run(monitor_settings, "swf-monitor", "migrate", "--verbosity", "0")
    monitor_log, gateway_log = tmp_path / "monitor.log", tmp_path / "gateway.log"
    with logging_to(monitor_log, "swf-monitor", monitor_settings, "/swf-monitor/about/") as monitor:
        gateway_settings = own | {
            "SWF_REMOTE_SECRET_KEY": SECRET,
            "SWF_REMOTE_DB_NAME": str(tmp_path / "gateway.sqlite3"),
            "SWF_REMOTE_MONITOR_URL": f"{monitor}/swf-monitor",
            "SWF_REMOTE_MONITOR_HOST": "localhost",
        }
        with logging_to(gateway_log, "swf-remote", gateway_settings, "/prod/healthz") as gateway:
            asked = ask(f"{gateway}/prod/panda/jobs/")
    request_id = asked.headers["x-request-id"]
    (at_the_gateway,) = lines_with(gateway_log, request_id)
    at_the_monitor = lines_with(monitor_log, request_id)
    assert f"swf_remote.access {request_id} GET /prod/panda/jobs/" in at_the_gateway
    assert f"swf_monitor.access {request_id}: GET /swf-monitor/panda/jobs/" in at_the_monitor[-1]
