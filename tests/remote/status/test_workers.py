"""Two workers of one host: any of them tells the figures, the workers and the hour of both."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

from swf_remote.edge.shared_memory import FOLDER
from tests.remote.edge.test_serving import PROGRAM, environment
from tests.remote.gateways import free_port

pytestmark = pytest.mark.slow
TOKEN = "a-token-of-some-length"


@contextmanager
def gateways(folder: Path, shared: Path) -> Iterator[tuple[int, int]]:
    """Ports of two gateways of one worker each, which find each other in one folder."""
    values = environment(folder, METRICS_TOKEN=TOKEN) | {FOLDER: str(shared)}
    subprocess.run([PROGRAM, "migrate", "-v", "0"], env=values, cwd=folder, check=True, timeout=120)
    ports = free_port(), free_port()
    running = [
        subprocess.Popen([PROGRAM, "serve", "--port", str(port)], env=values, cwd=folder, stderr=subprocess.DEVNULL)
        for port in ports
    ]
    try:
        yield ports
    finally:
        for one in running:
            one.terminate()
        for one in running:
            one.wait(20)


def ask(port: int, target: str) -> bytes:
    request = Request(f"http://127.0.0.1:{port}/prod/{target}", headers={"Authorization": f"Bearer {TOKEN}"})
    with urlopen(request, timeout=20) as reply:
        body: bytes = reply.read()
    return body


def told(port: int) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(ask(port, "status/?format=json&detail=full"))
    return found


def until(condition: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while True:
        try:
            if condition():
                return
        except OSError:
            pass
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.1)


def test_each_worker_tells_of_both_and_knows_the_time_before_it_began(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    with gateways(tmp_path, shared) as ports:
        until(lambda: all(len(told(port)["full"]["workers"]) == 2 for port in ports))
        pids = [{one["pid"] for one in told(port)["full"]["workers"]} for port in ports]
        assert pids[0] == pids[1] and os.getpid() not in pids[0]
        for port in ports:
            for _ in range(10):
                ask(port, "healthz")
        counted = 'swf_remote_requests_total{area="own",method="GET",status="2xx"}'
        for port in ports:
            [line] = [line for line in ask(port, "metrics").decode().splitlines() if line.startswith(counted)]
            assert float(line.split()[-1]) >= 20
        lanes = told(ports[0])["full"]["lanes"]
        assert sum(lanes[0]["breakers"].values()) == 2
        until(lambda: told(ports[0])["figures"]["last_hour"]["known_seconds"] > 0)
        known = told(ports[1])["figures"]["last_hour"]["known_seconds"]
    with gateways(tmp_path, shared) as ports:
        until(lambda: told(ports[0])["figures"]["last_hour"]["known_seconds"] >= known)
