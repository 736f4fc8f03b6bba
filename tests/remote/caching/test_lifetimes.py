"""How long what is kept may be shown, by the table and by the monitor's word, and what costs the link a request."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from swf_remote.edge.runtime import Runtime
from tests.remote.caching.model.gateway import NOBODY, Visit, World, known_readers
from tests.remote.gateways import settings_for

HTML = {"accept": "text/html"}
DAY = 86_400


@pytest.fixture
def world() -> Iterator[World]:
    with known_readers():
        yield World(Runtime(settings_for()), cache_bytes=1 << 23, object_bytes=1 << 20)


async def asked(world: World, resource: str, **fields: str) -> Visit:
    return await world.ask(NOBODY, resource, fields=HTML | fields)


async def labels(world: World, resource: str, ages: tuple[float, ...]) -> list[str]:
    """What the cache says of an answer at these ages; each time it is the first to look again."""
    found = []
    for age in ages:
        await world.ask(NOBODY, resource, "refresh=1", fields=HTML)
        begin = world.clock.now
        first = await asked(world, resource)
        world.clock.now = begin + age
        found.append((await asked(world, resource)).cache)
        assert first.cache in ("hit", "miss")
    return found


@pytest.mark.parametrize("resource", ["jobs", "hub", "table", "tags-data", "poll"])
async def test_pages_data_and_the_status_poll_last_ten_seconds_and_as_long_again_while_renewed(
    world: World, resource: str
) -> None:
    assert await labels(world, resource, (9.9, 10.1, 19.9, 20.1)) == ["hit", "stale", "stale", "miss"]


async def test_a_file_lasts_five_minutes_and_is_asked_about_then(world: World) -> None:
    assert await labels(world, "file", (299.0, 301.0)) == ["hit", "miss"]
    assert world.monitor.asked[-1].named["if-none-match"].startswith('"file')
    assert world.monitor.asked[-1].body == b""


@pytest.mark.parametrize("said", [b"max-age=3600", b"max-age=3600, stale-while-revalidate=3600"])
async def test_nothing_of_panda_is_shown_longer_than_half_a_minute_whatever_the_monitor_says(
    world: World, said: bytes
) -> None:
    world.monitor.headers["jobs"] = [(b"cache-control", said)]
    renewing = b"while" in said
    expected = ["hit", "stale", "miss"] if renewing else ["hit", "miss", "miss"]
    assert await labels(world, "jobs", (29.0, 31.0, 61.0)) == expected


async def test_the_monitors_word_goes_before_the_tables(world: World) -> None:
    world.monitor.headers["hub"] = [(b"cache-control", b"max-age=100")]
    assert await labels(world, "hub", (99.0, 101.0)) == ["hit", "miss"]


@pytest.mark.parametrize("resource", ["jobs", "tags"])
async def test_in_an_outage_a_page_is_shown_for_a_day_with_age_and_banner(world: World, resource: str) -> None:
    await asked(world, resource)
    world.monitor.mode = "down"
    world.clock.now += DAY
    stale = await asked(world, resource)
    world.clock.now += 60
    over = await asked(world, resource)
    assert (stale.status, stale.cache, stale.headers[b"age"]) == (200, "stale", b"%d" % DAY)
    assert b"Shown: the page as of" in stale.text
    assert (over.status, over.broken) == (502, True)


async def test_all_status_polls_of_a_lifetime_cost_one_request(world: World) -> None:
    for _second in range(10):
        for who in (NOBODY, "alice", "bob", "boss"):
            poll = await world.ask(who, "poll", f"_={world.clock.now}", fields={"accept": "application/json"})
            assert poll.status == 200
        world.clock.now += 0.9
    assert len(world.monitor.asked) == 1


async def test_vary_cookie_forbids_nothing(world: World) -> None:
    world.monitor.headers["jobs"] = [(b"vary", b"Accept, Cookie")]
    replies = [await world.ask(who, "jobs", fields=HTML) for who in (NOBODY, "alice", "bob")]
    assert [reply.cache for reply in replies] == ["miss", "hit", "hit"]


async def test_accept_counts_by_the_kinds_that_the_monitor_tells_apart(world: World) -> None:
    kinds = [
        "text/html",
        "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
        "application/json",
        "application/json, text/javascript;q=0.1",
    ]
    assert [(await asked(world, "jobs", accept=kind)).cache for kind in kinds] == ["miss", "hit", "miss", "hit"]


async def test_a_page_that_differs_in_its_built_at_second_and_its_token_alone_is_unchanged(world: World) -> None:
    first = await asked(world, "jobs")
    world.clock.now += 30
    held = {"if-none-match": first.headers[b"etag"].decode()}
    assert (await asked(world, "jobs", **held)).status == 304
    assert len(world.monitor.asked) == 2
    world.clock.now += 30
    world.monitor.change("panda")
    assert (await asked(world, "jobs", **held)).status == 200


@pytest.mark.parametrize("resource", ["jobs", "tags", "table", "tags-data", "poll"])
async def test_pages_and_data_leave_to_be_asked_about_each_time_with_a_tag_and_without_a_cookie(
    world: World, resource: str
) -> None:
    world.monitor.headers[resource] = [(b"set-cookie", b"sessionid=x; Path=/")]
    for kind in ("miss", "hit"):
        reply = await world.ask("alice", resource, fields=HTML)
        assert (reply.cache, reply.headers[b"cache-control"]) == (kind, b"private, no-cache")
        assert reply.headers[b"etag"].startswith(b'W/"')
        assert b"set-cookie" not in reply.headers


async def test_a_304_of_the_monitor_without_a_date_makes_a_copy_as_young_as_it_is(world: World) -> None:
    world.monitor.headers["tasks"] = [(b"date", b"Mon, 21 Sep 2026 14:13:20 GMT")]
    await asked(world, "tasks")
    world.clock.now += 60
    world.monitor.headers.clear()
    assert [(await asked(world, "tasks")).cache for _ in range(2)] == ["miss", "hit"]
