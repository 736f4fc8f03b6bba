"""Lanes: a flood or a stall of one kind leaves the others alone, and a broken link is told at once and tried gently."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from swf_remote.configuration import Configuration
from swf_remote.proxy.capacity.breaker import FAILURES_IN_A_ROW, FIRST_PAUSE_SECONDS, TRIAL_SECONDS, BreakerState
from swf_remote.proxy.capacity.client import Lane, LanedClient
from swf_remote.proxy.failures import BusyError, CircuitOpenError, LinkCause, LinkDownError, UpstreamTimeoutError
from swf_remote.proxy.link import Observation, Place
from swf_remote.proxy.upstream import Budget, UpstreamClient
from tests.remote.gateways import free_port
from tests.remote.upstream.scripted import answer, read_request, say, scripted, wait, wait_for_close

pytestmark = pytest.mark.slow

DOWN = Observation(Place.TUNNEL, "gone", cause=LinkCause.REFUSED)
UP = Observation(None, "", 1.0)


@dataclass(frozen=True)
class Request:
    method: str = "GET"
    target: str = "/swf-monitor/panda/"
    headers: tuple[tuple[str, str], ...] = (("Host", "monitor.example"),)


@dataclass
class Clock:
    now: float = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Bench:
    client: LanedClient
    clock: Clock
    asked: asyncio.Event

    async def get(self, lane: Lane = Lane.PAGE) -> int:
        reply = await self.client.send(Request(), lane=lane)
        reply.close()
        return reply.status

    def begin(self, lane: Lane = Lane.PAGE) -> asyncio.Task[int]:
        return asyncio.create_task(self.get(lane))

    def states(self) -> dict[str, BreakerState]:
        return {lane.name: lane.state for lane in self.client.lanes()}


@asynccontextmanager
async def bench(url: str, connections: int = 10) -> AsyncIterator[Bench]:
    async with UpstreamClient(Configuration(monitor_url=url)) as client:
        clock, asked = Clock(), asyncio.Event()
        yield Bench(LanedClient(client, connections, ask_probe=asked.set, clock=clock), clock, asked)


async def settled(begun: int, seen: object) -> None:
    async with asyncio.timeout(5):
        while len(seen.heads) < begun:
            await asyncio.sleep(0.005)


async def test_stalled_pages_leave_data_alone() -> None:
    hang = [read_request(), wait_for_close()]
    async with scripted(*[hang] * 4, [read_request(), say(answer(b"x"))]) as monitor, bench(monitor.url) as to:
        pages = [to.begin() for _ in range(12)]
        await settled(4, monitor)
        assert await to.get(Lane.DATA) == 200
        for page in pages:
            page.cancel()
        await asyncio.wait(pages)
        assert {(lane.running, lane.waiting) for lane in to.client.lanes()} == {(0, 0)}


async def test_a_full_queue_is_refused_at_once() -> None:
    async with scripted([read_request(), wait_for_close()]) as monitor, bench(monitor.url) as to:
        pages = [to.begin() for _ in range(4 + 16)]
        await settled(4, monitor)
        with pytest.raises(BusyError):
            await to.get()
        to.client.link_seen(DOWN)
        await asyncio.wait(pages)
        assert all(isinstance(page.exception(), CircuitOpenError) for page in pages)


async def test_closing_an_answer_twice_frees_its_place_once() -> None:
    async with scripted([read_request(), say(answer(b"x"))]) as monitor, bench(monitor.url) as to:
        reply = await to.client.send(Request(), lane=Lane.PAGE)
        assert to.client.lanes()[0].running == 1
        reply.close()
        reply.close()
        assert to.client.lanes()[0].running == 0


async def test_failures_in_a_row_open_one_lane_which_then_fails_without_asking() -> None:
    async with bench(f"http://127.0.0.1:{free_port()}/swf-monitor") as to:
        for _ in range(FAILURES_IN_A_ROW):
            with pytest.raises(LinkDownError):
                await to.get()
        with pytest.raises(CircuitOpenError) as caught:
            await to.get()
        assert (caught.value.sent, caught.value.since.timestamp()) == (False, to.clock.now)
        assert to.states() == {"page": "open", "data": "closed", "static": "closed", "write": "closed"}


async def test_errors_of_the_application_open_nothing() -> None:
    failing = [read_request(), say(answer(b"", status="500 Internal Server Error"))]
    async with scripted(failing) as monitor, bench(monitor.url) as to:
        assert {await to.get() for _ in range(FAILURES_IN_A_ROW + 1)} == {500}
        to.client.link_seen(Observation(Place.MONITOR, "errors", 5.0))
        assert set(to.states().values()) == {"closed"}


async def test_who_waits_for_a_first_byte_is_told_when_the_probe_finds_the_link_down() -> None:
    async with scripted([read_request(), wait_for_close()]) as monitor, bench(monitor.url) as to:
        page, write = to.begin(), to.begin(Lane.WRITE)
        await settled(2, monitor)
        to.client.link_seen(DOWN)
        for task in (page, write):
            with pytest.raises(CircuitOpenError) as caught:
                await task
            assert caught.value.sent


async def test_a_long_wait_has_the_link_looked_at() -> None:
    async with scripted([read_request(), wait_for_close()]) as monitor, bench(monitor.url) as to:
        page = to.begin()
        await asyncio.wait_for(to.asked.wait(), 5)
        page.cancel()


async def test_a_link_that_came_back_is_loaded_step_by_step_and_nobody_is_turned_away() -> None:
    go_on = asyncio.Event()
    script = [read_request(), wait(go_on), say(answer(b"x"))]
    async with scripted(script) as monitor, bench(monitor.url, connections=100) as to:
        to.client.link_seen(DOWN)
        to.client.link_seen(UP)
        assert set(to.states().values()) == {"closed"}
        readers = [to.begin() for _ in range(50)]
        await settled(2, monitor)
        assert (to.client.lanes()[0].running, to.client.lanes()[0].waiting) == (2, 48)
        go_on.set()
        assert await asyncio.gather(*readers) == [200] * 50


async def test_without_a_look_one_trial_goes_out_and_the_others_are_told() -> None:
    go_on = asyncio.Event()
    script = [read_request(), wait(go_on), say(answer(b"x"))]
    async with scripted(script) as monitor, bench(monitor.url, connections=100) as to:
        to.client.link_seen(DOWN)
        to.clock.now += FIRST_PAUSE_SECONDS
        readers = [to.begin() for _ in range(50)]
        await settled(1, monitor)
        refused = [reader for reader in readers if reader.done()]
        assert (len(refused), len(monitor.heads)) == (49, 1)
        go_on.set()
        await asyncio.wait(readers)
        assert to.states()["page"] == "closed"


async def test_a_failed_trial_opens_again_and_a_pause_lets_the_next_one_out() -> None:
    async with scripted([read_request()], [read_request(), say(answer(b"x"))]) as monitor, bench(monitor.url) as to:
        to.client.link_seen(DOWN)
        to.clock.now += 1.1
        with pytest.raises(Exception, match="without an answer"):
            await to.get()
        with pytest.raises(CircuitOpenError):
            await to.get()
        to.clock.now += 4.1
        assert await to.get() == 200


async def test_a_trial_whose_reader_leaves_does_not_keep_the_others_out() -> None:
    hang = [read_request(), wait_for_close()]
    async with scripted(hang, [read_request(), say(answer(b"x"))]) as monitor, bench(monitor.url) as to:
        to.client.link_seen(DOWN)
        to.clock.now += FIRST_PAUSE_SECONDS
        trial = to.begin()
        await settled(1, monitor)
        trial.cancel()
        await asyncio.wait([trial])
        assert await to.get() == 200


async def test_a_slow_trial_keeps_the_others_out_for_a_second_only() -> None:
    hang = [read_request(), wait_for_close()]
    async with scripted(hang, [read_request(), say(answer(b"x"))]) as monitor, bench(monitor.url) as to:
        to.client.link_seen(DOWN)
        to.clock.now += FIRST_PAUSE_SECONDS
        slow = to.begin()
        await settled(1, monitor)
        with pytest.raises(CircuitOpenError):
            await to.get()
        to.clock.now += TRIAL_SECONDS
        assert await to.get() == 200
        assert to.states()["page"] == "closed"
        slow.cancel()
        await asyncio.wait([slow])


async def test_slow_answers_do_not_hold_up_the_others_after_the_return() -> None:
    hang = [read_request(), wait_for_close()]
    quick = [read_request(), say(answer(b"x"))]
    async with scripted(quick, hang, hang, quick) as monitor, bench(monitor.url, connections=100) as to:
        to.client.link_seen(DOWN)
        to.client.link_seen(UP)
        assert await to.get() == 200
        slow = [to.begin(), to.begin()]
        await settled(3, monitor)
        to.clock.now += 10
        assert await to.get() == 200
        for one in slow:
            one.cancel()
        await asyncio.wait(slow)


async def test_a_slow_page_says_nothing_of_a_link_over_which_others_are_answered() -> None:
    hang = [read_request(), wait_for_close()]
    go_on = asyncio.Event()
    late = [read_request(), wait(go_on), say(answer(b"x"))]
    scripts = [script for _ in range(FAILURES_IN_A_ROW) for script in (hang, late)]
    async with scripted(*scripts, [read_request(), say(answer(b"x"))]) as monitor, bench(monitor.url) as to:
        for number in range(FAILURES_IN_A_ROW):
            slow = asyncio.create_task(to.client.send(Request(), lane=Lane.DATA, budget=Budget(first_byte=0.5)))
            await settled(2 * number + 1, monitor)
            other = to.begin(Lane.PAGE)
            await settled(2 * number + 2, monitor)
            go_on.set()
            assert await other == 200
            go_on.clear()
            with pytest.raises(UpstreamTimeoutError):
                await slow
        assert to.states()["data"] == "closed"


async def test_silence_of_all_opens_a_lane() -> None:
    async with scripted([read_request(), wait_for_close()]) as monitor, bench(monitor.url) as to:
        for _ in range(FAILURES_IN_A_ROW):
            with pytest.raises(UpstreamTimeoutError):
                await to.client.send(Request(), lane=Lane.DATA, budget=Budget(first_byte=0.05))
        assert to.states()["data"] == "open"
