"""Looks for drift in the background: when, by whom, and that what they found is known to all workers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from swf_remote.operations import drift_watch
from swf_remote.operations.drift import Finding
from swf_remote.operations.drift_record import LONGEST_LOOK_SECONDS, MOST_FINDINGS, DriftRecord, DriftStore
from swf_remote.operations.drift_watch import INTERVAL_SECONDS, DriftWatch, ask_for_look, last_look
from swf_remote.operations.live import api_version
from swf_remote.proxy.link import LinkRecord, Observation, Place
from tests.remote.gateways import free_port, settings_for
from tests.remote.operations.test_check_live import NAV, asked, pages
from tests.remote.upstream.scripted import scripted

NEW = Finding("NEW", "harvest/", "linked from panda/")
UP, DOWN = Observation(None, "", 5.0), Observation(Place.TUNNEL, "down")


class Clock:
    now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Iterator[DriftStore]:
    found = DriftStore(None)
    monkeypatch.setattr(drift_watch, "drift_store", lambda: found)
    monkeypatch.setattr(drift_watch._Installed, "watch", None)
    yield found


def record(seen: Observation = UP) -> LinkRecord:
    found = LinkRecord(clock=lambda: datetime.now(UTC))
    found.note(seen)
    return found


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.01)


# ----- what is kept


@pytest.mark.parametrize("shared", [True, False])
def test_what_was_found_is_kept(tmp_path: Path, shared: bool) -> None:
    store = DriftStore(tmp_path if shared else None)
    store.keep(DriftRecord(1.0, pages=4, findings=(NEW,), api_version="2.1"))
    reader = DriftStore(tmp_path) if shared else store
    assert reader.read() == DriftRecord(1.0, pages=4, findings=(NEW,), api_version="2.1")


def test_before_the_first_look_nothing_is_known(tmp_path: Path) -> None:
    assert DriftStore(tmp_path).read() == DriftRecord()


def test_a_spoiled_record_is_none(tmp_path: Path) -> None:
    (tmp_path / "drift.json").write_text('{"at": 1, "unheard": 2}')
    assert DriftStore(tmp_path).read() == DriftRecord()


def test_only_one_process_looks_at_a_time(tmp_path: Path) -> None:
    one, other = DriftStore(tmp_path), DriftStore(tmp_path)
    assert one.claim(100.0)
    assert not other.claim(101.0)
    assert other.read().looks(101.0)
    one.keep(DriftRecord(102.0))
    assert other.claim(103.0)


def test_a_look_that_its_process_did_not_survive_holds_up_nobody(tmp_path: Path) -> None:
    store = DriftStore(tmp_path)
    store.claim(100.0)
    assert store.claim(100.0 + LONGEST_LOOK_SECONDS)


def test_the_record_is_bounded() -> None:
    store = DriftStore(None)
    store.keep(DriftRecord(1.0, findings=(NEW,) * (MOST_FINDINGS + 7)))
    assert (len(store.read().findings), store.read().more) == (MOST_FINDINGS, 7)


# ----- when it looks


def test_the_first_look_is_an_hour_after_the_start_and_then_one_each_hour(store: DriftStore) -> None:
    clock = Clock()
    watch = DriftWatch(settings_for(), record(), clock)
    assert not watch.is_due()
    clock.now += INTERVAL_SECONDS
    assert watch.is_due()
    store.keep(DriftRecord(clock.now))
    assert not watch.is_due()


def test_a_link_that_is_down_is_not_looked_through(store: DriftStore) -> None:
    clock = Clock()
    watch = DriftWatch(settings_for(), record(DOWN), clock)
    clock.now += 2 * INTERVAL_SECONDS
    assert not watch.is_due()


async def test_a_look_finds_drift_and_the_version_of_the_api(store: DriftStore) -> None:
    schema = "openapi: 3.0.3\ninfo:\n  title: SWF\n  version: 1.4.0\n"
    site = {"prod/": NAV, "panda/": NAV + '<a href="/swf-monitor/harvest/1/">H</a>', "api/schema/": schema}
    async with scripted([pages(site)]) as monitor:
        watch = DriftWatch(settings_for(monitor.url), record())
        running = asyncio.create_task(watch.run())
        await until(lambda: drift_watch._Installed.watch is watch)
        assert ask_for_look()
        assert not ask_for_look(), "one look at a time"
        await until(lambda: last_look().at > 0)
        running.cancel()
    found = last_look()
    assert Finding("NEW", "harvest/1/", "linked from panda/") in found.findings
    assert (found.api_version, found.fault) == ("1.4.0", "")
    assert not found.looks(found.at)


async def test_a_monitor_out_of_reach_is_told_and_what_was_known_of_its_api_stays(store: DriftStore) -> None:
    store.keep(DriftRecord(1.0, api_version="1.4.0"))
    await DriftWatch(settings_for(f"http://127.0.0.1:{free_port()}/swf-monitor"), record()).look()
    assert "refuses connections" in last_look().fault
    assert last_look().api_version == "1.4.0"


def test_without_anybody_to_look_a_wish_is_not_kept(store: DriftStore) -> None:
    assert not ask_for_look()


@pytest.mark.parametrize(
    ("body", "version"),
    [
        ('{"openapi": "3.0.3", "info": {"title": "x", "version": "2.0-rc1"}}', "2.0-rc1"),
        ("openapi: 3.0.3\ninfo:\n  title: x\n  version: '1.0'\n", "1.0"),
        ("openapi: 3.0.3\npaths: {}\n", ""),
    ],
)
async def test_the_version_stands_in_the_description_of_the_api(body: str, version: str) -> None:
    async with scripted([pages({"api/panda/schema/": body})]) as monitor:
        assert await api_version(settings_for(monitor.url)) == version
        assert asked(monitor) == ["api/schema/", "api/panda/schema/"]
