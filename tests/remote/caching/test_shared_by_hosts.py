"""Hosts that share a Redis ask the monitor once for all of them, and see each other's writes."""

from __future__ import annotations

import asyncio
import logging
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis.exceptions import OutOfMemoryError

from swf_remote.proxy.caching import redis_link, site_writes
from tests.remote.caching.monitors import Monitor, page
from tests.remote.caching.readers import NOBODY, reader
from tests.remote.caching.redis_servers import RedisServer, redis_server, two_hosts
from tests.remote.caching.test_after_writes import TAGS, Written, write
from tests.remote.caching.test_private_pages import made_for, personal
from tests.remote.gateways import Gateway, Reply

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

JOBS = "/prod/panda/jobs/"


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    with redis_server(tmp_path) as server:
        yield server


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that is busy with other tests is no outage."""
    monkeypatch.setattr(redis_link, "ANSWER_SECONDS", 10.0)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis_link, "ANSWER_SECONDS", 0.3)


# The first reader has the answer a moment before the others may have it: then they wait for that.
SHARED = ("hit", "coalesced")


class LongLived(Written):
    """Its pages are fresh for long."""

    def told(self, head: bytes) -> bytes:
        return super().told(head).replace(b"\r\n", b"\r\nCache-Control: max-age=600\r\n", 1)


class Long(Written):
    """Its pages take two packets."""

    def told(self, head: bytes) -> bytes:
        return super().told(head) if head.startswith(b"POST") else page(b"writes: %d%s" % (self.writes, b" " * 10_000))


def fill(redis: RedisServer) -> None:
    """Until it refuses to keep anything more."""
    redis.client.config_set("maxmemory", "1")
    with pytest.raises(OutOfMemoryError):
        while True:
            redis.client.set("test", "x")


async def answers_in(redis: RedisServer, count: int) -> list[bytes]:
    """The keys of answers, once there are so many."""
    while len(keys := redis.client.keys("*:answer:*")) < count:
        await asyncio.sleep(0.01)
    return keys


async def asked_until(gateway: Gateway, target: str, *results: str) -> Reply:
    """The first answer of this kind."""
    while (reply := await gateway.ask(target, headers=NOBODY)).headers["X-SWF-Cache"] not in results:
        assert reply.status == 200
        await asyncio.sleep(0.02)
    return reply


async def test_what_one_host_has_fetched_the_other_need_not(redis: RedisServer) -> None:
    monitor, alice = Monitor(), await reader("alice")
    async with two_hosts(monitor, redis.url) as (one, other):
        first = await one.ask(JOBS, headers=NOBODY)
        second, named = await other.ask(JOBS, headers=NOBODY), await other.ask(JOBS, headers=alice)
    assert first.headers["X-SWF-Cache"] == "miss"
    assert second.headers["X-SWF-Cache"] in SHARED
    assert named.headers["X-SWF-Cache"] == "hit"
    assert first.body == second.body
    assert "alice" in named.text
    assert len(monitor.asked) == 1


async def test_the_age_goes_on_by_no_hosts_clock(redis: RedisServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monitor = Monitor(says=lambda _head: page(Age="5", Cache_Control="max-age=600"))
    async with two_hosts(monitor, redis.url) as (one, other):
        await one.ask(JOBS, headers=NOBODY)
        reply = await other.ask(JOBS, headers=NOBODY)
    assert reply.headers["X-SWF-Cache"] in SHARED
    assert 5 <= int(reply.headers["Age"]) < 60


async def test_readers_of_two_hosts_who_ask_at_once_cost_one_request(redis: RedisServer) -> None:
    monitor = Monitor()
    monitor.goes_on.clear()
    async with two_hosts(monitor, redis.url) as (one, other):
        asking = [asyncio.create_task(gateway.ask(JOBS, headers=NOBODY)) for gateway in (one, other) * 5]
        await monitor.asked_times(1)
        # The second host has found that it is not its turn.
        while not redis.client.keys("*:turn:*") or len(redis.client.client_list()) < 3:
            await asyncio.sleep(0.01)
        monitor.goes_on.set()
        replies = await asyncio.gather(*asking)
    assert len(monitor.asked) == 1
    assert len({reply.body for reply in replies}) == 1
    assert {reply.headers["X-SWF-Cache"] for reply in replies} <= {"miss", "coalesced", "hit"}


async def test_a_slow_page_that_two_hosts_want_costs_one_request(
    redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(site_writes, "BEAT_SECONDS", 600.0)
    monitor = Monitor()
    monitor.goes_on.clear()
    async with two_hosts(monitor, redis.url) as (one, other):
        asking = [asyncio.create_task(gateway.ask(JOBS, headers=NOBODY)) for gateway in (one, other)]
        await monitor.asked_times(1)
        await asyncio.sleep(2 * site_writes.LEASE_SECONDS)
        monitor.goes_on.set()
        await asyncio.gather(*asking)
    assert len(monitor.asked) == 1


async def test_what_one_host_has_computed_anew_all_hosts_use(redis: RedisServer) -> None:
    monitor = Monitor(says=lambda head: page(b"new" if b"refresh" in head else b"old"))
    async with two_hosts(monitor, redis.url) as (one, other):
        before = [await gateway.ask(JOBS, headers=NOBODY) for gateway in (one, other)]
        await asked_until(one, JOBS, "hit")
        anew = await one.ask(f"{JOBS}?refresh=1", headers=NOBODY)
        while b"new" not in (theirs := await other.ask(JOBS, headers=NOBODY)).body:
            await asyncio.sleep(0.02)
        ours = await one.ask(JOBS, headers=NOBODY)
    assert [b"old" in reply.body for reply in before] == [True, True]
    assert (b"new" in anew.body, b"new" in ours.body) == (True, True)
    assert (theirs.headers["X-SWF-Cache"], ours.headers["X-SWF-Cache"]) == ("hit", "hit")
    assert len(monitor.asked) == 2


async def test_what_was_computed_anew_before_a_write_through_another_host_is_used_by_nobody(redis: RedisServer) -> None:
    monitor, alice = Long(), await reader("alice")
    async with two_hosts(monitor, redis.url) as (one, other):
        await one.ask(TAGS, headers=NOBODY)
        monitor.until = 5_000
        monitor.goes_on.clear()
        refreshing = asyncio.create_task(one.ask(f"{TAGS}?refresh=1", headers=NOBODY))
        await monitor.asked_times(2)
        assert await write(other, alice) == 302
        monitor.goes_on.set()
        early = await refreshing
        later = [await gateway.ask(TAGS, headers=NOBODY) for gateway in (one, other)]
    assert "writes: 0" in early.text
    assert all("writes: 1" in reply.text for reply in later)


async def test_the_first_bytes_do_not_wait_for_the_others(redis: RedisServer) -> None:
    monitor = Monitor(says=lambda _head: page(b"x" * 100_000))
    monitor.until = 90_000
    monitor.goes_on.clear()
    async with (
        two_hosts(monitor, redis.url) as (one, _other),
        one.session.get(one.url + JOBS, headers=NOBODY) as reply,
    ):
        assert await reply.content.readany()
        monitor.goes_on.set()
        assert (await reply.read()).endswith(b"</html>")


async def test_an_answer_that_is_for_one_request_is_asked_for_by_each_host(redis: RedisServer) -> None:
    monitor = Monitor(says=lambda _head: page(Cache_Control="no-store"))
    async with two_hosts(monitor, redis.url) as hosts:
        replies = await asyncio.gather(*[gateway.ask(JOBS, headers=NOBODY) for gateway in hosts])
    assert [reply.status for reply in replies] == [200, 200]
    assert len(monitor.asked) == 2
    assert not redis.client.keys("*:answer:*")


async def test_a_reader_of_one_host_never_gets_what_another_host_keeps_for_somebody_else(redis: RedisServer) -> None:
    monitor = Monitor(says=personal)
    readers = {"alice": await reader("alice"), "bob": await reader("bob"), "nobody": NOBODY}
    async with two_hosts(monitor, redis.url) as (one, other):
        for gateway, results in ((one, ("miss",)), (other, SHARED)):
            for name, headers in readers.items():
                reply = await gateway.ask(TAGS, headers=headers)
                assert made_for(reply) == name
                assert reply.headers["X-SWF-Cache"] in results
    assert len(monitor.asked) == 3


async def test_what_is_kept_for_one_reader_is_not_taken_from_under_another_name(redis: RedisServer) -> None:
    monitor, alice, bob = Monitor(says=personal), await reader("alice"), await reader("bob")
    async with two_hosts(monitor, redis.url) as (one, other):
        await one.ask(TAGS, headers=alice)
        (for_alice,) = await answers_in(redis, 1)
        await one.ask(TAGS, headers=bob)
        (for_bob,) = set(await answers_in(redis, 2)) - {for_alice}
        redis.client.copy(for_alice, for_bob, replace=True)
        assert b"alice" not in for_alice
        assert made_for(await other.ask(TAGS, headers=bob)) == "bob"


async def test_hosts_of_another_secret_share_nothing(redis: RedisServer) -> None:
    monitor = Monitor()
    async with two_hosts(monitor, redis.url) as (one, _same):
        await one.ask(JOBS, headers=NOBODY)
    async with two_hosts(monitor, redis.url, public_url="https://elsewhere.example/prod") as (other, _same):
        assert (await other.ask(JOBS, headers=NOBODY)).headers["X-SWF-Cache"] == "miss"


async def test_answers_that_vary_are_shared_each_under_its_own_name(redis: RedisServer) -> None:
    def says(head: bytes) -> bytes:
        language = re.findall(rb"(?im)^accept-language: (\S+)", head)[0]
        return page(b"<p>made for %b</p>" % language, Vary="Accept-Language")

    monitor = Monitor(says=says)
    async with two_hosts(monitor, redis.url) as hosts:
        seen = [
            (made_for(reply), reply.headers["X-SWF-Cache"] in SHARED)
            for gateway in hosts
            for language in ("en", "de")
            for reply in [await gateway.ask(JOBS, headers=NOBODY | {"Accept-Language": language})]
        ]
    assert seen == [("en", False), ("de", False), ("en", True), ("de", True)]


async def test_a_write_through_one_host_ends_what_the_other_keeps(redis: RedisServer) -> None:
    monitor, alice = Written(), await reader("alice")
    async with two_hosts(monitor, redis.url) as (one, other):
        for turn in range(5):
            for headers in (alice, NOBODY):
                reply = await other.ask(TAGS, headers=headers)
                assert f"writes: {turn}" in reply.text
            assert "writes" in (await other.ask(JOBS, headers=NOBODY)).text
            await write(one, alice)
            assert f"writes: {turn + 1}" in (await other.ask(JOBS, headers=NOBODY)).text


async def test_a_write_ends_what_is_kept_in_redis_too(redis: RedisServer) -> None:
    monitor, alice = Written(), await reader("alice")
    async with two_hosts(monitor, redis.url) as (one, _other):
        await one.ask(TAGS, headers=NOBODY)
        await write(one, alice)
    async with two_hosts(monitor, redis.url) as (new, _other):
        assert "writes: 1" in (await new.ask(TAGS, headers=NOBODY)).text


async def test_an_answer_that_was_on_its_way_during_another_hosts_write_is_not_used(redis: RedisServer) -> None:
    monitor, alice = Written(), await reader("alice")
    async with two_hosts(monitor, redis.url) as (one, other):
        monitor.goes_on.clear()
        early = asyncio.create_task(other.ask(TAGS, headers=NOBODY))
        await monitor.asked_times(1)
        writing = asyncio.create_task(write(one, alice))
        await monitor.asked_times(2)
        steps, monitor.goes_on = monitor.goes_on, asyncio.Event()
        steps.set()
        await writing
        await early
        monitor.goes_on.set()
        for gateway in (one, other):
            assert "writes: 1" in (await gateway.ask(TAGS, headers=NOBODY)).text


async def test_without_redis_each_host_goes_on_and_writes_are_still_seen(redis: RedisServer) -> None:
    monitor, alice = Written(), await reader("alice")
    async with two_hosts(monitor, redis.url) as (one, other):
        for gateway in (one, other):
            await gateway.ask(TAGS, headers=NOBODY)
            await gateway.ask(JOBS, headers=NOBODY)
        redis.kill()
        for turn in range(1, 4):
            await write(one, alice)
            assert f"writes: {turn}" in (await other.ask(TAGS, headers=NOBODY)).text
            assert f"writes: {turn}" in (await one.ask(TAGS, headers=NOBODY)).text
        # Nobody writes there, so what this host has kept is used for its lifetime.
        assert (await other.ask(JOBS, headers=NOBODY)).headers["X-SWF-Cache"] == "hit"


@pytest.fixture
def lines() -> Iterator[list[str]]:
    """What is logged of the cache."""
    logger, found = logging.getLogger("swf_remote.cache"), list[str]()
    handler = logging.Handler()
    handler.emit = lambda record: found.append(record.getMessage())  # type: ignore[method-assign]
    logger.addHandler(handler)
    yield found
    logger.removeHandler(handler)


async def test_an_outage_of_redis_is_told_once_and_its_end_once(redis: RedisServer, lines: list[str]) -> None:
    monitor = Monitor()
    async with two_hosts(monitor, redis.url) as (one, other):
        await one.ask(JOBS, headers=NOBODY)
        redis.kill()
        for number in range(20):
            assert (await one.ask(f"{JOBS}?page={number}", headers=NOBODY)).status == 200
        redis.start_again()
        number = 100
        while redis.client.dbsize() < 2 or not redis.client.keys("*:answer:*"):
            await one.ask(f"{JOBS}?page={number}", headers=NOBODY)
            number += 1
            await asyncio.sleep(0.02)
        await asked_until(other, f"{JOBS}?page={number - 1}", *SHARED)
    assert 1 <= sum("no Redis" in line for line in lines) <= 2, "each host tells it"
    assert 1 <= sum("answers again" in line for line in lines) <= 2


@pytest.mark.usefixtures("impatient")
async def test_what_was_written_while_redis_hung_is_known_when_it_goes_on(redis: RedisServer) -> None:
    monitor, alice = Written(), await reader("alice")
    async with two_hosts(monitor, redis.url) as (one, other):
        for gateway in (one, other):
            await gateway.ask(TAGS, headers=NOBODY)
        redis.process.send_signal(signal.SIGSTOP)
        try:
            await write(one, alice)
            for gateway in (one, other):
                assert "writes: 1" in (await gateway.ask(TAGS, headers=NOBODY)).text
        finally:
            redis.process.send_signal(signal.SIGCONT)
        for _ in range(60):
            for gateway in (one, other):
                assert "writes: 1" in (await gateway.ask(TAGS, headers=NOBODY)).text
            await asyncio.sleep(0.03)


async def test_what_was_written_while_redis_took_nothing_is_known_at_every_moment_after(redis: RedisServer) -> None:
    monitor, alice = LongLived(), await reader("alice")
    pages = [f"{TAGS}?page={number}" for number in range(60)]
    async with two_hosts(monitor, redis.url) as (one, other):
        for target in pages:
            await other.ask(target, headers=NOBODY)
        redis.client.config_set("min-replicas-to-write", "1")
        await write(one, alice)
        redis.client.config_set("min-replicas-to-write", "0")
        # Each of these was kept before the write, and is asked for once after it.
        for target in pages:
            assert "writes: 1" in (await other.ask(target, headers=NOBODY)).text
            await asyncio.sleep(0.1)


@pytest.mark.usefixtures("impatient")
async def test_a_redis_that_hangs_holds_nobody_up_again_and_again(redis: RedisServer) -> None:
    monitor = Monitor()
    async with two_hosts(monitor, redis.url) as (one, _other):
        redis.process.send_signal(signal.SIGSTOP)
        try:
            async with asyncio.timeout(30):
                for number in range(200):
                    assert (await one.ask(f"{JOBS}?page={number}", headers=NOBODY)).status == 200
        finally:
            redis.process.send_signal(signal.SIGCONT)


async def test_a_full_redis_only_keeps_nothing(redis: RedisServer) -> None:
    fill(redis)
    monitor, alice = Written(), await reader("alice")
    async with two_hosts(monitor, redis.url) as (one, other):
        await other.ask(TAGS, headers=NOBODY)
        await write(one, alice)
        assert "writes: 1" in (await other.ask(TAGS, headers=NOBODY)).text
    assert not redis.client.keys("*:answer:*")


GARBAGE = {
    "bytes": lambda redis, key: redis.set(key, b"\0garbage\xff" * 50),
    "nothing": lambda redis, key: redis.set(key, b""),
    "a list": lambda redis, key: (redis.delete(key), redis.rpush(key, "x")),
    "one bit": lambda redis, key: redis.setbit(key, 8 * 200, 1 - redis.getbit(key, 8 * 200)),
    "a set": lambda redis, key: (redis.delete(key), redis.sadd(key, "x")),
    "large": lambda redis, key: redis.set(key, b"x" * (4 << 20)),
}


@pytest.mark.parametrize("kind", GARBAGE)
async def test_garbage_in_the_place_of_an_answer_is_not_used(redis: RedisServer, kind: str) -> None:
    monitor = Monitor()
    async with two_hosts(monitor, redis.url) as (one, other):
        first = await one.ask(JOBS, headers=NOBODY)
        (key,) = await answers_in(redis, 1)
        GARBAGE[kind](redis.client, key)
        second = await other.ask(JOBS, headers=NOBODY)
    assert (second.status, second.headers["X-SWF-Cache"], second.body) == (200, "miss", first.body)


@pytest.mark.parametrize("kind", ["bytes", "nothing", "a list", "a set"])
@pytest.mark.parametrize("key", [site_writes.RECORD, site_writes.LATEST, site_writes.HOSTS])
async def test_garbage_in_the_record_of_writes_hides_none(redis: RedisServer, key: str, kind: str) -> None:
    monitor, alice = Written(), await reader("alice")
    async with two_hosts(monitor, redis.url) as (one, other):
        for turn in range(3):
            await other.ask(TAGS, headers=NOBODY)
            GARBAGE[kind](redis.client, key)
            await write(one, alice)
            assert f"writes: {turn + 1}" in (await other.ask(TAGS, headers=NOBODY)).text


async def test_a_record_that_was_lost_ends_all_that_was_kept(redis: RedisServer) -> None:
    monitor = Written()
    async with two_hosts(monitor, redis.url) as (one, other):
        await one.ask(TAGS, headers=NOBODY)
        redis.client.delete(site_writes.RECORD)
        await asked_until(one, TAGS, "miss")
        assert len(monitor.asked) == 2
        await asked_until(other, TAGS, *SHARED)


async def test_more_writes_than_are_recorded_end_all_that_was_kept(
    redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(site_writes, "MOST_LATEST", 2)
    monitor, alice = Written(), await reader("alice")
    async with two_hosts(monitor, redis.url) as (one, other):
        await other.ask(JOBS, headers=NOBODY)
        await asyncio.gather(*[write(one, alice) for _ in range(8)])
        assert "writes: 8" in (await other.ask(JOBS, headers=NOBODY)).text
        assert "writes: 8" in (await other.ask(TAGS, headers=NOBODY)).text


async def test_what_redis_holds_ends_by_itself(redis: RedisServer) -> None:
    async with two_hosts(Monitor(), redis.url) as (one, _other):
        await one.ask(JOBS, headers=NOBODY)
        (key,) = await answers_in(redis, 1)
        assert 0 < redis.client.ttl(key) <= 86_460
        while redis.client.keys("*:turn:*"):
            await asyncio.sleep(0.01)
