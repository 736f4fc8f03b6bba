"""The probe names the part of the chain that is broken, with real sockets on the other side."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence

import pytest

from swf_remote.proxy import probe as probe_module
from swf_remote.proxy.link import LinkRecord, Observation, Place, utc_now
from swf_remote.proxy.probe import Probe
from swf_remote.proxy.upstream import UpstreamClient
from tests.remote.gateways import free_port, settings_for
from tests.remote.upstream.scripted import Step, answer, read_request, say, scripted, wait_for_close

pytestmark = pytest.mark.slow


def status(overall: str, reason: str = "") -> bytes:
    document = {"overall_status": overall, "overall_reason": reason, "latest_checked_at": None, "counts": {}}
    return answer(json.dumps(document).encode(), kind="application/json")


async def look_at(*script: Step) -> Observation:
    # The first connection is the probe's knock at the tunnel's entrance.
    async with scripted([wait_for_close()], script) as monitor:
        return await look(monitor.url)


async def look(url: str) -> Observation:
    settings = settings_for(url)
    async with UpstreamClient(settings) as client:
        return await Probe(settings, client, LinkRecord(clock=utc_now)).look()


async def test_an_entrance_that_refuses_is_a_broken_tunnel() -> None:
    seen = await look(f"http://127.0.0.1:{free_port()}/swf-monitor")
    assert (seen.broken_at, seen.latency_ms) == (Place.TUNNEL, None)
    assert "SSH tunnel" in seen.reason


async def test_an_entrance_behind_which_nobody_answers_is_a_broken_monitor() -> None:
    assert (await look_at(read_request())).broken_at is Place.MONITOR


async def test_a_monitor_that_says_ok_is_well_and_its_latency_is_known() -> None:
    seen = await look_at(read_request(), say(status("ok")))
    assert (seen.broken_at, seen.reason) == (None, "")
    assert seen.latency_ms is not None


async def test_a_monitor_that_reports_an_error_is_quoted() -> None:
    seen = await look_at(read_request(), say(status("error", "PanDA feed silent since 12:00:00 UTC (30 s)")))
    assert seen.broken_at is Place.DATA
    assert "PanDA feed silent since 12:00:00 UTC (30 s)" in seen.reason
    assert seen.latency_ms is not None


@pytest.mark.parametrize("overall", ["ok", "warning", "unknown"])
async def test_less_than_an_error_breaks_nothing(overall: str) -> None:
    assert (await look_at(read_request(), say(status(overall, "slow")))).broken_at is None


async def test_a_monitor_without_a_status_page_is_up() -> None:
    assert (await look_at(read_request(), say(answer(b"<h1>no</h1>", status="404 Not Found")))).broken_at is None


async def test_a_monitor_that_answers_with_server_errors_is_broken() -> None:
    seen = await look_at(read_request(), say(answer(b"", status="500 Internal Server Error")))
    assert seen.broken_at is Place.MONITOR
    assert "500" in seen.reason


@pytest.mark.parametrize("body", [b"", b"[1]", b"{", b'"text"', b'{"overall_status": 7}'])
async def test_a_strange_status_document_breaks_nothing(body: bytes) -> None:
    assert (await look_at(read_request(), say(answer(body, kind="application/json")))).broken_at is None


async def test_the_loop_notices_a_break_and_a_request_that_failed_makes_it_look_at_once() -> None:
    scripts: Sequence[Sequence[Step]] = [
        [wait_for_close()],
        [read_request(), say(status("ok"))],
        [wait_for_close()],
        [],
    ]
    async with scripted(*scripts) as monitor:
        settings = settings_for(monitor.url, probe_interval=300)
        record = LinkRecord(clock=utc_now)
        async with UpstreamClient(settings) as client:
            probe = Probe(settings, client, record)
            loop = asyncio.create_task(probe.run())
            while not record.state().up:
                await asyncio.sleep(0.01)
            probe.ask()
            async with asyncio.timeout(5):
                while record.state().up:
                    await asyncio.sleep(0.01)
            loop.cancel()
    assert record.state().broken_at is Place.MONITOR


async def looked_on(*scripts: Sequence[Step], answers_readers: bool) -> LinkRecord:
    """The record once the loop has seen a monitor that was well and then plays these scripts."""
    well: Sequence[Sequence[Step]] = [[wait_for_close()], [read_request(), say(status("ok"))]]
    async with scripted(*well, *scripts) as monitor:
        settings = settings_for(monitor.url, probe_interval=300)
        seen: asyncio.Queue[Observation] = asyncio.Queue()
        record = LinkRecord(clock=utc_now, heard=seen.put_nowait)
        async with UpstreamClient(settings) as client:
            probe = Probe(settings, client, record, heard_since=lambda _moment: answers_readers)
            loop = asyncio.create_task(probe.run())
            async with asyncio.timeout(10):
                await seen.get()
                probe.ask()
                await seen.get()
            loop.cancel()
    return record


LOST: Sequence[Sequence[Step]] = [[wait_for_close()], [read_request()]] * 2


async def test_a_monitor_that_misses_one_look_is_not_lost() -> None:
    record = await looked_on(
        [wait_for_close()], [read_request()], [wait_for_close()], [read_request(), say(status("ok"))],
        answers_readers=False,
    )  # fmt: skip
    assert (record.state().up, record.state().broken_at) == (True, None)


async def test_a_monitor_that_misses_two_looks_and_answers_nobody_is_lost() -> None:
    record = await looked_on(*LOST, answers_readers=False)
    assert (record.state().up, record.state().broken_at) == (False, Place.MONITOR)


async def test_a_monitor_that_misses_looks_but_answers_readers_is_busy() -> None:
    record = await looked_on(*LOST, answers_readers=True)
    assert (record.state().up, record.state().broken_at) == (True, Place.MONITOR)
    assert "busy" in record.state().reason


@pytest.mark.parametrize("turns", range(5))
async def test_an_end_that_comes_with_a_wish_to_look_is_an_end(turns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe_module, "SHORTEST_PAUSE", 0.0)
    settings = settings_for(f"http://127.0.0.1:{free_port()}/swf-monitor", probe_interval=300)
    record = LinkRecord(clock=utc_now)
    monkeypatch.setattr(probe_module, "DOWN_INTERVAL", 300.0)
    async with UpstreamClient(settings) as client:
        probe = Probe(settings, client, record)
        loop = asyncio.create_task(probe.run())
        while not record.state().probed:
            await asyncio.sleep(0.01)
        for _ in range(10):
            await asyncio.sleep(0)
        probe.ask()
        for _ in range(turns):
            await asyncio.sleep(0)
        loop.cancel()
        await asyncio.wait({loop}, timeout=5)
        assert loop.cancelled()
