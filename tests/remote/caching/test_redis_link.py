"""The way to a Redis that is far away, or behind TLS."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tools.bench.link import Link

from swf_remote.proxy.caching import redis_link
from swf_remote.proxy.caching.redis_link import RedisLink, Script, SilentError
from tests.remote.caching.redis_servers import redis_server, redis_server_by_tls
from tests.remote.upstream.certificates import Authority

pytestmark = pytest.mark.slow

ONE = Script("return 1")


@asynccontextmanager
async def far_away(port: int, seconds: float) -> AsyncIterator[Link]:
    """A way of this round-trip time to a port."""
    link = Link(port, rtt=seconds, bits_per_second=None)
    await link.open()
    try:
        yield link
    finally:
        link.cut()


async def until_it_answers(link: RedisLink) -> None:
    async with asyncio.timeout(20):
        while True:
            try:
                assert await link.run(ONE, [], []) == 1
            except SilentError:
                await asyncio.sleep(0.02)
            else:
                return


async def test_a_redis_behind_tls_is_used_if_its_authority_is_named(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    with redis_server_by_tls(tmp_path, authority) as server:
        link = RedisLink(server.url, patience=10.0)
        try:
            assert await link.run(ONE, [], [], urgent=True) == 1
        finally:
            await link.close()


async def test_a_redis_whose_certificate_is_not_trusted_is_not_used(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with redis_server_by_tls(tmp_path, Authority(tmp_path)) as server:
        link = RedisLink(server.url.partition("?")[0], patience=10.0)
        try:
            with pytest.raises(SilentError):
                await link.run(ONE, [], [], urgent=True)
        finally:
            await link.close()
    assert "CERTIFICATE_VERIFY_FAILED" in caplog.text


async def test_what_nobody_waits_for_any_longer_ends_with_the_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_link, "ANSWER_SECONDS", 0.1)
    with redis_server(tmp_path) as server:
        async with far_away(server.port, 30.0) as way:
            before = asyncio.all_tasks()
            link = RedisLink(f"redis://127.0.0.1:{way.port}/0", patience=10.0)
            with pytest.raises(SilentError):
                await link.run(ONE, [], [])
            await link.close()
            assert asyncio.all_tasks() == before


async def test_a_connection_that_takes_longer_to_make_than_an_answer_may_take_is_made_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_link, "ANSWER_SECONDS", 1.0)
    monkeypatch.setattr(redis_link, "PAUSE_SECONDS", 0.1)
    with redis_server(tmp_path) as server:
        async with far_away(server.port, 0.5) as way:
            link = RedisLink(f"redis://127.0.0.1:{way.port}/0", patience=10.0)
            try:
                with pytest.raises(SilentError):
                    await link.run(ONE, [], [])
                await until_it_answers(link)
            finally:
                await link.close()
