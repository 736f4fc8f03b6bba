"""One process asks, the others wait: never for ever."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from swf_remote.proxy.caching import turns
from swf_remote.proxy.caching.redis_link import RedisLink
from swf_remote.proxy.caching.redis_store import RedisStore
from swf_remote.proxy.caching.turns import Turn, Turns
from tests.remote.caching.redis_servers import RedisServer, redis_server
from tests.remote.gateways import free_port

pytestmark = pytest.mark.slow
NAME = b"/swf-monitor/panda/jobs/"


@asynccontextmanager
async def one_process(url: str) -> AsyncIterator[Turns]:
    link = RedisLink(url, patience=10.0)
    try:
        yield Turns(link, RedisStore(link, b"secret", lambda: 0.0))
    finally:
        await link.close()


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that is busy with other tests is no death."""
    monkeypatch.setattr("swf_remote.proxy.caching.redis_link.ANSWER_SECONDS", 10.0)
    monkeypatch.setattr(turns, "TURN_SECONDS", 60.0)


def always() -> bool:
    return True


async def taken(mine: Turns) -> Turn:
    async with mine.of(NAME, needed=always) as turn:
        return turn


async def until_there_is_a_turn(server: RedisServer) -> None:
    while not server.client.keys("*:turn:*"):
        await asyncio.sleep(0.01)


async def test_the_second_waits_for_the_first_and_looks_at_what_it_has_got(tmp_path: Path) -> None:
    with redis_server(tmp_path) as server:
        async with one_process(server.url) as mine, one_process(server.url) as theirs:
            async with mine.of(NAME, needed=always) as turn:
                assert turn is Turn.FIRST
                waiting = asyncio.create_task(taken(theirs))
                done, _ = await asyncio.wait({waiting}, timeout=0.3)
                assert not done
            assert await waiting is Turn.LOOK
            assert await taken(theirs) is Turn.FIRST


async def test_nobody_waits_once_the_answer_is_known_to_be_for_one_alone(tmp_path: Path) -> None:
    with redis_server(tmp_path) as server:
        async with one_process(server.url) as mine, one_process(server.url) as theirs:
            shared = True
            async with mine.of(NAME, needed=lambda: shared):
                waiting = asyncio.create_task(taken(theirs))
                done, _ = await asyncio.wait({waiting}, timeout=0.3)
                assert not done
                shared = False
                assert await asyncio.wait_for(waiting, 20) is Turn.LOOK


async def test_a_holder_that_dies_frees_the_key_and_one_that_lives_keeps_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "TURN_SECONDS", 3.0)
    with redis_server(tmp_path) as server:
        async with one_process(server.url) as mine, one_process(server.url) as theirs:
            holding = asyncio.create_task(hold_for_ever(mine))
            await until_there_is_a_turn(server)
            waiting = asyncio.create_task(taken(theirs))
            done, _ = await asyncio.wait({waiting}, timeout=4.5)
            assert not done, "it was renewed"
            (key,) = server.client.keys("*:turn:*")
            server.client.set(key, b"somebody who is dead", px=200)
            assert await asyncio.wait_for(waiting, 20) is Turn.LOOK
            holding.cancel()


async def hold_for_ever(mine: Turns) -> None:
    async with mine.of(NAME, needed=always):
        await asyncio.Event().wait()


async def test_nobody_waits_longer_than_the_most(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "MOST_SECONDS", 0.2)
    with redis_server(tmp_path) as server:
        async with one_process(server.url) as mine, one_process(server.url) as theirs, mine.of(NAME, needed=always):
            assert await asyncio.wait_for(taken(theirs), 20) is Turn.LOOK


async def test_a_reader_who_leaves_gives_the_turn_back(tmp_path: Path) -> None:
    with redis_server(tmp_path) as server:
        async with one_process(server.url) as mine:
            holding = asyncio.create_task(hold_for_ever(mine))
            await until_there_is_a_turn(server)
            holding.cancel()
            with pytest.raises(asyncio.CancelledError):
                await holding
            assert not server.client.keys("*:turn:*")


async def test_without_redis_it_is_everybodys_turn() -> None:
    async with one_process(f"redis://127.0.0.1:{free_port()}/0") as mine:
        assert await taken(mine) is Turn.FIRST
