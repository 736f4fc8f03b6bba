"""A large file goes through the gateway as a stream: its memory does not grow with the file."""

from __future__ import annotations

import hashlib
import http.client
import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest

from tests.system.running_demo import ROOT, Demo

SIZE = 200 * 1024 * 1024
MAY_GROW = 20 * 1024 * 1024


@pytest.fixture
def large_file() -> Iterator[tuple[str, str]]:
    """A file in the monitor's static folder: its path below the monitor's static mount, and its SHA-256."""
    path = ROOT / "src" / "swf_monitor" / "static" / f"large-{os.getpid()}.bin"
    block, digest = os.urandom(1024 * 1024), hashlib.sha256()
    with path.open("wb") as stream:
        for _ in range(SIZE // len(block)):
            stream.write(block)
            digest.update(block)
    yield f"static/{path.name}", digest.hexdigest()
    Path.unlink(path)


def resident(pid: int) -> int:
    """Bytes of memory of a server and its workers."""
    process = psutil.Process(pid)
    return sum(one.memory_info().rss for one in [process, *process.children(recursive=True)])


def read_through(url: str, pid: int) -> tuple[str, int]:
    """SHA-256 of what arrives, and the server's largest memory while it did."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
    connection.request("GET", parts.path)
    answer, digest, peak = connection.getresponse(), hashlib.sha256(), 0
    assert answer.status == 200
    while chunk := answer.read(1024 * 1024):
        digest.update(chunk)
        peak = max(peak, resident(pid))
    connection.close()
    return digest.hexdigest(), peak


def test_two_hundred_megabytes_raise_the_gateways_memory_by_less_than_twenty(
    demo: Demo, large_file: tuple[str, str]
) -> None:
    path, expected = large_file
    before = resident(demo.pids["gateway"])
    received, peak = read_through(demo.gateway + path, demo.pids["gateway"])
    assert received == expected
    assert peak - before < MAY_GROW
