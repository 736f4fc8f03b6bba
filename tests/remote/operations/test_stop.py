"""``swf-remote serve`` at SIGTERM and SIGINT: nobody who asked goes without an answer, and nothing holds up the end."""

from __future__ import annotations

import asyncio
import fcntl
import os
import signal
import subprocess
import termios
import time
from pathlib import Path

import aiohttp
import pytest

from tests.remote.edge.test_serving import PROGRAM, answers, environment, until
from tests.remote.gateways import Gateway, free_port
from tests.remote.operations.running_gateway import Held, held_by, load, running_beside, running_in, signed_in_at
from tests.remote.streams.stream_monitor import connected, event_monitor
from tests.remote.upstream.scripted import answer

pytestmark = pytest.mark.slow

# Connections on which nothing is asked have 15 s and 65 s otherwise.
SOON = 10.0


async def test_a_stop_under_load_answers_all_that_was_asked(tmp_path: Path) -> None:
    with running_in(tmp_path, "--workers", "2") as running:
        async with load(running.port) as seen:
            running.process.terminate()
            assert await asyncio.to_thread(running.process.wait, 20) == 0
        del seen.seen["refused"]
        assert len(seen.seen) == 1
        assert seen.answered == seen.seen.total()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_an_answer_under_way_is_finished_before_the_end(tmp_path: Path, number: signal.Signals) -> None:
    held = Held(b"", answer(b"at last"))
    async with held_by(held, tmp_path) as running, aiohttp.ClientSession() as session:
        asking = asyncio.create_task(session.get(f"http://127.0.0.1:{running.port}/prod/panda/slow/"))
        await held.is_asked()
        running.process.send_signal(number)
        await asyncio.to_thread(until, running.refuses, running.process)
        held.let_go.set()
        async with await asking as reply:
            assert await reply.read() == b"at last"
        assert await asyncio.to_thread(running.process.wait, 20) == 0


async def test_who_asks_twice_waits_for_no_answer(tmp_path: Path) -> None:
    held = Held(b"", b"")
    async with held_by(held, tmp_path) as running, aiohttp.ClientSession() as session:
        asking = asyncio.create_task(session.get(f"http://127.0.0.1:{running.port}/prod/panda/slow/"))
        await held.is_asked()
        await stop_twice(running.process, running.refuses)
        async with await asking as reply:
            assert reply.status == 503
            assert reply.headers["Retry-After"]


LARGE = "/prod/static/large"
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n"
BEGINNINGS = [HEAD + b"Content-Length: 9\r\n\r\nbegun", HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nbegun\r\n"]


@pytest.mark.parametrize("beginning", BEGINNINGS)
async def test_an_answer_cut_off_by_the_end_never_looks_whole(tmp_path: Path, beginning: bytes) -> None:
    held = Held(beginning, b"")
    async with (
        held_by(held, tmp_path) as running,
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{running.port}{LARGE}") as reply,
    ):
        assert await reply.content.readexactly(5) == b"begun"
        await stop_twice(running.process, running.refuses)
        with pytest.raises(aiohttp.ClientError):
            await reply.read()


async def stop_twice(process: subprocess.Popen[str], refuses: object) -> None:
    process.send_signal(signal.SIGINT)
    await asyncio.to_thread(until, refuses, process)
    process.send_signal(signal.SIGINT)
    assert await asyncio.to_thread(process.wait, 20) == 0


@pytest.mark.parametrize("killed", [False, True])
async def test_an_answer_whose_end_only_the_connection_tells_is_reset(tmp_path: Path, killed: bool) -> None:
    held = Held(BEGINNINGS[1], b"")
    async with held_by(held, tmp_path) as running:
        reader, writer = await asyncio.open_connection("127.0.0.1", running.port)
        writer.write(f"GET {LARGE} HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n".encode())
        await reader.readuntil(b"begun")
        if killed:
            (worker,) = running.generation()
            os.kill(worker, signal.SIGKILL)
        else:
            await stop_twice(running.process, running.refuses)
        with pytest.raises(ConnectionResetError):
            await reader.read()
        writer.close()


async def test_connections_on_which_nothing_is_asked_do_not_hold_up_the_end(tmp_path: Path) -> None:
    with running_in(tmp_path) as running:
        never_used = await asyncio.open_connection("127.0.0.1", running.port)
        idle = await asyncio.open_connection("127.0.0.1", running.port)
        idle[1].write(b"GET /prod/healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        await idle[0].readuntil(b"\r\n\r\n")
        start = time.monotonic()
        running.process.terminate()
        assert await asyncio.to_thread(running.process.wait, 20) == 0
        assert time.monotonic() - start < SOON
        for _, writer in (never_used, idle):
            writer.close()


async def test_event_streams_end_at_once_with_the_word_to_come_back(tmp_path: Path) -> None:
    async with (
        event_monitor() as monitor,
        running_beside(tmp_path, MONITOR_URL=monitor.url) as running,
        aiohttp.ClientSession() as session,
    ):
        reader, seen = await asyncio.to_thread(signed_in_at, running), Gateway(running.port, session)
        async with connected(seen, reader) as one:
            running.process.send_signal(signal.SIGHUP)
            await asyncio.to_thread(until, lambda: running.told("reloaded"), running.process)
            assert (await one.rest(), one.retries) == ([], [5000])
        async with connected(seen, reader) as other:
            running.process.terminate()
            assert (await other.rest(), other.retries) == ([], [5000])
        assert await asyncio.to_thread(running.process.wait, 20) == 0


def test_a_terminal_that_is_closed_ends_what_it_started(tmp_path: Path) -> None:
    keyboard, terminal = os.openpty()
    port = free_port()
    process = subprocess.Popen(
        [PROGRAM, "serve", "--port", str(port)],
        env=environment(tmp_path),
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(terminal, termios.TIOCSCTTY, 0),  # noqa: PLW1509 - there are no threads
    )
    os.close(terminal)
    try:
        until(lambda: answers(port), process)
        os.close(keyboard)
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.communicate()
