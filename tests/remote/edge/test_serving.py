"""``swf-remote serve`` as an operator meets it: a process of its own."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import IO
from urllib.request import urlopen

import pytest

from tests.remote.gateways import KEY, free_port
from tests.remote.upstream.scripted import read_request, say, say_many, scripted

pytestmark = pytest.mark.slow

PROGRAM = str(Path(sys.executable).with_name("swf-remote"))
MEGABYTE = 1_000_000
SIZE = 60


def environment(folder: Path, **settings: str) -> dict[str, str]:
    values = {
        "SECRET_KEY": KEY,
        "PUBLIC_URL": "http://127.0.0.1:8000/prod",
        "DB_NAME": str(folder / "gateway.sqlite3"),
        "MONITOR_URL": "http://127.0.0.1:9/swf-monitor",
        "PROBE_INTERVAL": "300",
    } | settings
    return {"PATH": os.environ["PATH"]} | {f"SWF_REMOTE_{name}": value for name, value in values.items()}


@contextmanager
def serving(
    folder: Path,
    *arguments: str,
    stderr: int | IO[str] = subprocess.PIPE,
    further: Mapping[str, str] = MappingProxyType({}),
    **settings: str,
) -> Iterator[tuple[int, subprocess.Popen[str]]]:
    port = free_port()
    process = subprocess.Popen(
        [PROGRAM, "serve", "--port", str(port), *arguments],
        env=environment(folder, **settings) | dict(further),
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
    )
    try:
        until(lambda: answers(port), process)
        yield port, process
    finally:
        process.terminate()
        try:
            process.communicate(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()


def until(condition: object, process: subprocess.Popen[str], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)


def answers(port: int) -> bool:
    try:
        with urlopen(f"http://127.0.0.1:{port}/prod/healthz", timeout=5) as reply:
            return bool(reply.status == 200)
    except OSError:
        return False


def workers_of(process: subprocess.Popen[str]) -> list[int]:
    tasks = Path(f"/proc/{process.pid}/task")
    children = [pid for task in tasks.iterdir() for pid in (task / "children").read_text().split()]
    return [int(pid) for pid in children if is_worker(pid)]


def is_worker(pid: str) -> bool:
    try:
        return b"resource_tracker" not in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False  # it ended meanwhile


def resident(pid: int) -> int:
    """Bytes of memory in use."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_a_busy_port_is_one_clear_line(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        command = [PROGRAM, "serve", "--port", str(taken.getsockname()[1])]
        done = subprocess.run(
            command, env=environment(tmp_path), cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
        )
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "--port" in done.stderr


def test_it_ends_with_success_at_sigterm_and_a_killed_worker_is_replaced(tmp_path: Path) -> None:
    with serving(tmp_path, "--workers", "2") as (port, process):
        until(lambda: len(workers_of(process)) == 2, process)
        before = workers_of(process)
        os.kill(before[0], signal.SIGKILL)
        until(lambda: len(set(workers_of(process)) - set(before)) == 1, process)
        until(lambda: answers(port), process)
        process.terminate()
        assert process.wait(timeout=5) == 0


def test_no_worker_outlives_its_parent(tmp_path: Path) -> None:
    with serving(tmp_path) as (port, process):
        process.kill()
        process.wait()
        end = time.monotonic() + 10
        while answers(port):
            assert time.monotonic() < end, "the port is still answered"
            time.sleep(0.05)


@pytest.mark.parametrize("kind", ["application/octet-stream", "text/html"])
async def test_a_large_answer_leaves_the_memory_flat(tmp_path: Path, kind: str) -> None:
    piece = (b"<p>" + b"x" * 9_993 + b"</p>\n")[:10_000] * 100
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {SIZE * MEGABYTE}\r\n\r\n".encode()
    large = [read_request(), say(head), say_many(piece, SIZE)]
    async with scripted(large) as monitor:
        with serving(tmp_path, MONITOR_URL=monitor.url) as (port, process):
            (worker,) = workers_of(process)
            before = resident(worker)
            peak = await read_slowly(port, lambda: resident(worker))
            assert peak - before < 20 * MEGABYTE


async def read_slowly(port: int, measure: object) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /prod/panda/large HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
    peak, size = 0, 0
    while chunk := await reader.read(MEGABYTE):
        size += len(chunk)
        peak = max(peak, measure())
    writer.close()
    assert size > SIZE * MEGABYTE
    return peak
