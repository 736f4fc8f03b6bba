"""A link that comes back is used again, however many readers ask meanwhile."""

from __future__ import annotations

import asyncio
from itertools import count

import pytest

from tests.remote.edge.monitors import LOOK
from tests.remote.gateways import Gateway, Reply, free_port, gateway
from tests.remote.upstream.scripted import HEAD_END, answer

pytestmark = pytest.mark.slow

JSON = {"Accept": "application/json"}


class Monitor:
    """Looks at the link are answered at once, readers when the test says so."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.goes_on = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                if LOOK not in await reader.readuntil(HEAD_END):
                    self.asked.set()
                    await self.goes_on.wait()
                writer.write(answer(b"{}"))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


async def trial(running: Gateway, monitor: Monitor) -> asyncio.Task[Reply]:
    """Readers ask one after the other until one of them gets through to the monitor."""
    asked = asyncio.create_task(monitor.asked.wait())
    for number in count():
        reading = asyncio.create_task(running.ask(f"/prod/panda/?n={number}", headers=JSON))
        await asyncio.wait({reading, asked}, return_when=asyncio.FIRST_COMPLETED)
        if asked.done():
            return reading
        assert reading.result().status == 502
    raise AssertionError


async def test_who_is_turned_away_does_not_end_the_trial_of_another() -> None:
    port, monitor = free_port(), Monitor()
    async with asyncio.timeout(30), gateway(f"http://127.0.0.1:{port}/swf-monitor") as running:
        assert (await running.ask("/prod/panda/", headers=JSON)).status == 502
        async with await asyncio.start_server(monitor.serve, "127.0.0.1", port):
            trying = await trial(running, monitor)
            turned_away = await running.ask("/prod/panda/?other", headers=JSON)
            monitor.goes_on.set()
            assert (turned_away.status, (await trying).status) == (502, 200)
            assert (await running.ask("/prod/panda/?later", headers=JSON)).status == 200
