"""``swf-remote serve`` at its start, whatever the link is like."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.remote.edge.monitors import replying
from tests.remote.gateways import free_port
from tests.remote.operations.running_gateway import running_in
from tests.remote.upstream.scripted import answer, scripted

pytestmark = pytest.mark.slow


async def test_a_gateway_that_starts_with_the_link_down_says_so_and_serves_once_it_is_up(tmp_path: Path) -> None:
    port = free_port()
    with running_in(tmp_path, MONITOR_URL=f"http://127.0.0.1:{port}/swf-monitor", PROBE_INTERVAL="1") as running:
        assert await asyncio.to_thread(running.status, "/prod/healthz") == 200
        assert await asyncio.to_thread(running.status, "/prod/panda/") == 502
        async with scripted([replying(lambda _head, _body: answer(b"up"))], port=port):
            async with asyncio.timeout(60):
                while await asyncio.to_thread(running.status, "/prod/panda/") != 200:
                    await asyncio.sleep(0.1)
