"""``swf-remote serve`` at SIGHUP: new workers with new settings beside the old ones, and nobody's request is lost."""

from __future__ import annotations

import asyncio
import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest

from tests.remote.edge.test_serving import until
from tests.remote.operations.running_gateway import Held, Running, children_of, held_by, lives, load, running_in
from tests.remote.upstream.scripted import answer

pytestmark = pytest.mark.slow

TOKEN = "a-token-of-some-length"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Two workers, to be reloaded again and again."""
    folder = tmp_path_factory.mktemp("running")
    with running_in(folder, "--workers", "2", METRICS_TOKEN=TOKEN) as found:
        yield found


async def test_a_reload_under_load_loses_no_request(running: Running) -> None:
    async with load(running.port) as seen:
        await asyncio.to_thread(running.reload)
        await seen.goes_on()
    assert len(seen.seen) == 1
    assert seen.answered == seen.seen.total()


def test_a_reload_puts_new_settings_in_force(running: Running) -> None:
    assert running.status("/prod/healthz", Host="new.example") == 400
    (running.folder / ".env").write_text("SWF_REMOTE_ALLOWED_HOSTS=127.0.0.1,new.example\n")
    running.reload()
    assert running.status("/prod/healthz", Host="new.example") == 200


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("SWF_REMOTE_ALLOWED_HOSTS=*", "SWF_REMOTE_ALLOWED_HOSTS holds the wildcard"),
        ("SWF_REMOTE_ROUTES=no-such-file.toml", "no-such-file.toml"),
    ],
)
def test_settings_that_cannot_be_used_leave_all_as_it_was(running: Running, line: str, said: str) -> None:
    before, failed = running.family(), running.told("reload failed")
    (running.folder / ".env").write_text(f"{line}\n")
    running.process.send_signal(signal.SIGHUP)
    until(lambda: running.told("reload failed") > failed, running.process)
    (running.folder / ".env").unlink()
    until(lambda: running.family() == before, running.process)
    assert running.told(said)
    assert running.status("/prod/healthz") == 200


def test_figures_are_those_of_all_workers_and_go_on_over_a_reload(running: Running) -> None:
    for _ in range(20):
        running.status("/prod/nothing-of-the-kind", Connection="close")
    before = refusals(running)
    running.reload()
    assert before >= 20
    assert refusals(running) == before


def refusals(running: Running) -> float:
    text = running.answer("/prod/metrics", Authorization=f"Bearer {TOKEN}")[1]
    (value,) = re.findall(r'^swf_remote_refusals_total\{kind="not-found"\} (.+)$', text, re.MULTILINE)
    return float(value)


def test_a_worker_that_dies_after_a_reload_is_replaced_with_its_settings(running: Running) -> None:
    (running.folder / ".env").write_text("SWF_REMOTE_ALLOWED_HOSTS=127.0.0.1,kept.example\n")
    running.reload()
    (running.folder / ".env").unlink()
    (parent,) = running.generation()
    before = children_of(parent)
    for pid in before:
        os.kill(pid, signal.SIGKILL)
    until(lambda: len(children_of(parent) - before) == 2, running.process)
    assert running.status("/prod/healthz", Host="kept.example") == 200


def test_a_whole_generation_that_dies_is_replaced(running: Running) -> None:
    running.reload()
    before, family = running.generation(), running.family()
    for pid in before:
        os.kill(pid, signal.SIGKILL)
    until(lambda: running.generation() - before, running.process)
    until(lambda: not any(map(lives, family)), running.process)
    assert running.status("/prod/healthz") == 200


async def test_an_answer_under_way_is_finished_beside_the_new_workers(tmp_path: Path) -> None:
    held = Held(b"", answer(b"at last"))
    async with held_by(held, tmp_path) as running, aiohttp.ClientSession() as session:
        asking = asyncio.create_task(session.get(f"http://127.0.0.1:{running.port}/prod/panda/slow/"))
        await held.is_asked()
        running.process.send_signal(signal.SIGHUP)
        await asyncio.to_thread(until, lambda: running.told("reloaded"), running.process)
        assert await asyncio.to_thread(running.status, "/prod/healthz") == 200
        held.let_go.set()
        async with await asking as reply:
            assert await reply.read() == b"at last"


async def test_nothing_of_any_generation_outlives_the_process_that_started_it(tmp_path: Path) -> None:
    held = Held(b"", b"")
    async with held_by(held, tmp_path, "--workers", "2") as running, aiohttp.ClientSession() as session:
        asking = asyncio.create_task(session.get(f"http://127.0.0.1:{running.port}/prod/panda/slow/"))
        await held.is_asked()
        running.process.send_signal(signal.SIGHUP)
        await asyncio.to_thread(until, lambda: running.told("reloaded"), running.process)
        family = running.family()
        assert len(family) == 2 + 1 + 2
        running.process.kill()
        running.process.wait()
        async with asyncio.timeout(30):
            while any(map(lives, family)):
                await asyncio.sleep(0.05)
        asking.cancel()
