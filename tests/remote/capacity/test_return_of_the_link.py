"""A link that comes back is used again, however many readers ask meanwhile."""

from __future__ import annotations

import asyncio
from itertools import count

import pytest

from tests.remote.gateways import free_port, gateway
from tests.remote.upstream.scripted import HEAD_END, answer

pytestmark = pytest.mark.slow

JSON = {"Accept": "application/json"}


async def well(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A monitor that answers all."""
    try:
        while True:
            await reader.readuntil(HEAD_END)
            writer.write(answer(b"{}"))
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


async def test_it_is_used_again_while_readers_go_on_asking_and_by_all_who_come_together() -> None:
    port = free_port()
    async with asyncio.timeout(30), gateway(f"http://127.0.0.1:{port}/swf-monitor") as running:
        assert (await running.ask("/prod/panda/", headers=JSON)).status == 502
        async with await asyncio.start_server(well, "127.0.0.1", port):
            # Who is turned away meanwhile is no new finding about the link.
            for number in count():
                if (await running.ask(f"/prod/panda/?n={number}", headers=JSON)).status == 200:
                    break
            files = [running.ask(f"/prod/static/css/style-{number}.css") for number in range(20)]
            assert {reply.status for reply in await asyncio.gather(*files)} == {200}
