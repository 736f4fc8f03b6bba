"""What the model of the cache, or reading beside the RFCs, found once: each by the few steps that showed it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from swf_remote.edge.runtime import Runtime
from swf_remote.web.moments import iso
from tests.remote.caching.model.gateway import NOBODY, World, known_readers, settle
from tests.remote.caching.model.judge import Words, number_of, words_of
from tests.remote.gateways import settings_for

HTML = {"accept": "text/html"}


@pytest.fixture
def world() -> Iterator[World]:
    with known_readers():
        yield World(Runtime(settings_for()), cache_bytes=1 << 23, object_bytes=1 << 20)


def said(body: bytes) -> Words:
    found = words_of(body)
    assert found is not None
    return found


async def go_on(world: World) -> None:
    """Everything that the monitor holds back comes."""
    world.monitor.holding = False
    await world.end()


async def test_a_look_at_the_head_renews_the_whole_page(world: World) -> None:
    await world.ask(NOBODY, "jobs", fields=HTML)
    world.clock.now += 11
    head = await world.ask(NOBODY, "jobs", method="HEAD", fields=HTML)
    after = await world.ask(NOBODY, "jobs", fields=HTML)
    assert (head.cache, after.cache) == ("stale", "hit")
    assert said(after.text).resource == "jobs"


async def test_who_joins_an_answer_on_its_way_hears_how_old_it_may_be(world: World) -> None:
    world.monitor.holding = True
    first = await world.ask(NOBODY, "jobs", fields=HTML)
    world.clock.now += 20
    second = await world.ask(NOBODY, "jobs", fields=HTML)
    await go_on(world)
    assert (first.cache, second.cache) == ("miss", "coalesced")
    assert (first.headers.get(b"age"), second.headers[b"age"]) == (None, b"20")


async def test_who_joins_the_middle_of_a_long_answer_hears_it_too(world: World) -> None:
    world.monitor.holding = True
    await world.ask(NOBODY, "jobs", fields=HTML)
    world.monitor.asked[0].goes_on.set()
    await settle()
    world.clock.now += 7
    second = await world.ask(NOBODY, "jobs", fields=HTML)
    assert (second.cache, second.headers[b"age"]) == ("coalesced", b"7")
    await go_on(world)


async def test_the_age_is_that_of_the_moment_when_the_answer_begins(world: World) -> None:
    world.monitor.holding = True
    await world.ask(NOBODY, "jobs", fields=HTML)
    second = await world.ask(NOBODY, "jobs", fields=HTML)
    world.monitor.asked[0].head_alone = True
    world.monitor.asked[0].goes_on.set()
    await settle()
    world.clock.now += 40
    await go_on(world)
    assert (second.cache, second.headers[b"age"]) == ("coalesced", b"40")


async def test_nobody_joins_what_was_asked_for_before_a_write_elsewhere(world: World) -> None:
    world.monitor.holding = True
    await world.ask(NOBODY, "jobs", fields=HTML)
    world.monitor.holding = False
    await world.write("alice")
    later = await world.ask(NOBODY, "jobs", fields=HTML)
    assert (later.cache, said(later.text).writes) == ("miss", 1)
    await go_on(world)


async def test_a_refreshed_page_that_leads_to_itself_is_not_shown_as_the_plain_one(world: World) -> None:
    before = await world.ask(NOBODY, "activity", fields=HTML)
    refreshed = await world.ask(NOBODY, "activity", "refresh=1", fields=HTML)
    after = await world.ask(NOBODY, "activity", fields=HTML)
    assert (before.cache, refreshed.cache, after.cache) == ("miss", "miss", "miss")
    assert [b">again<" in one.text for one in (before, refreshed, after)] == [False, True, False]
    assert (await world.ask(NOBODY, "activity", fields=HTML)).cache == "hit"


async def test_a_refreshed_page_that_does_not_lead_to_itself_takes_the_plain_ones_place(world: World) -> None:
    await world.ask(NOBODY, "table", "draw=1", fields=HTML)
    await world.ask(NOBODY, "table", "draw=2&refresh=1", fields=HTML)
    after = await world.ask(NOBODY, "table", "draw=3", fields=HTML)
    assert (after.cache, number_of(after.text)) == ("hit", 1)


async def test_what_was_asked_for_before_a_refresh_is_neither_joined_nor_kept_after_it(world: World) -> None:
    world.monitor.holding = True
    await world.ask(NOBODY, "table", fields=HTML)
    world.monitor.holding = False
    await world.ask(NOBODY, "table", "refresh=1", fields=HTML)
    joined = await world.ask(NOBODY, "table", fields=HTML)
    await go_on(world)
    after = await world.ask(NOBODY, "table", fields=HTML)
    assert [number_of(one.text) for one in (joined, after)] == [1, 1]


async def test_a_refresh_does_not_bring_back_what_was_true_before_a_write(world: World) -> None:
    world.monitor.holding = True
    await world.ask(NOBODY, "tags", "refresh=1", fields=HTML)
    world.monitor.holding = False
    await world.write("alice")
    await go_on(world)
    after = await world.ask(NOBODY, "tags", fields=HTML)
    assert (after.cache, said(after.text).writes) == ("miss", 1)


@pytest.mark.parametrize("resource", ["tasks", "hub", "tags", "file"])
async def test_a_wish_for_a_new_computation_counts_on_every_row(world: World, resource: str) -> None:
    for number in range(2):
        reply = await world.ask(NOBODY, resource, "refresh=1", fields=HTML)
        assert (reply.cache, len(world.monitor.asked)) == ("miss", number + 1)


async def test_a_reader_who_leaves_makes_nobody_believe_that_the_monitor_is_gone(world: World) -> None:
    await world.ask(NOBODY, "jobs", fields=HTML)
    world.clock.now += 30
    world.monitor.holding = True
    world.monitor.headers["jobs"] = [(b"cache-control", b"no-store")]
    left = await world.ask(NOBODY, "jobs", fields=HTML)
    world.monitor.asked[-1].goes_on.set()
    await settle()
    left.leaves.set()
    await settle()
    after = await world.ask(NOBODY, "jobs", fields=HTML)
    await go_on(world)
    assert (after.cache, b"cannot be reached" in after.text) == ("miss", False)


async def test_a_banner_tells_the_moment_of_the_question_not_of_the_answer(world: World) -> None:
    world.monitor.holding = True
    await world.ask(NOBODY, "jobs", fields=HTML)
    asked = world.clock.now
    world.clock.now += 50
    await go_on(world)
    world.clock.now += 60
    world.monitor.mode = "down"
    stale = await world.ask(NOBODY, "jobs", fields=HTML)
    assert stale.headers[b"age"] == b"110"
    assert f'datetime="{iso(datetime.fromtimestamp(asked, UTC))}"'.encode() in stale.text


async def test_the_monitors_own_age_passes(world: World) -> None:
    world.monitor.headers["jobs"] = [(b"age", b"30")]
    assert (await world.ask(NOBODY, "jobs", fields=HTML)).headers[b"age"] == b"30"


async def test_who_waited_in_vain_gets_what_came_meanwhile_as_fresh_as_it_is(world: World) -> None:
    await world.ask(NOBODY, "tasks", fields=HTML)
    world.clock.now += 11
    world.monitor.holding = True
    waiting = await world.ask(NOBODY, "tasks", fields=HTML)
    world.monitor.holding = False
    await world.ask(NOBODY, "tasks", "refresh=1", fields=HTML)
    world.monitor.mode = "silent"
    await go_on(world)
    assert (waiting.cache, waiting.headers[b"age"], number_of(waiting.text)) == ("hit", b"0", 2)


async def test_where_a_write_ended_what_was_kept_the_monitors_own_failure_is_told(world: World) -> None:
    await world.ask(NOBODY, "tags", fields=HTML)
    world.clock.now += 30
    world.monitor.holding = True
    waiting = await world.ask(NOBODY, "tags", fields=HTML)
    world.monitor.holding = False
    await world.write("alice")
    world.monitor.mode = "gone"
    await go_on(world)
    assert (waiting.status, waiting.cache) == (503, "miss")
    assert b"it failed" in waiting.text


async def test_what_may_no_longer_be_shown_after_waiting_is_not_shown(world: World) -> None:
    await world.ask(NOBODY, "tasks", fields=HTML)
    world.clock.now += 50
    world.monitor.holding = True
    waiting = await world.ask(NOBODY, "tasks", fields=HTML)
    world.clock.now += 60
    world.monitor.mode = "silent"
    await go_on(world)
    assert (waiting.broken, waiting.status) == (True, 502)
