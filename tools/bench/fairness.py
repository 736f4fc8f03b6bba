"""What a flood from one address costs the others: ``python -m tools.bench.fairness`` prints p99 without and with it.

A monitor of thirty threads that takes a tenth of a second for each page; ten readers at addresses of their own who ask
for two new pages a second each; then the same while one more address asks for a thousand different pages a second.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
from aiohttp import web

from . import bodies

THREADS, THINK_SECONDS = 30, 0.1
READERS, READERS_PACE = 10, 20.0
FLOOD_PACE = 1000.0
MOST_AT_ONCE = 400
LEAST_SECONDS, START_SECONDS = 10.0, 30.0
TARGET = 2.0
_PAGE = bodies.link_page(205)


@dataclass
class Outcome:
    """What a crowd was answered."""

    seconds: list[float] = field(default_factory=list)
    """Of each answer, in the order in which they came."""
    statuses: Counter[int] = field(default_factory=Counter)
    dropped: int = 0
    """Questions that were not put, since too many were open."""

    @property
    def p99(self) -> float:
        """Milliseconds."""
        ordered = sorted(self.seconds)
        return ordered[int(len(ordered) * 0.99)] * 1000 if ordered else float("nan")


@dataclass(frozen=True, slots=True)
class Result:
    """Both halves of a run, and the flood."""

    normal: Outcome
    flooded: Outcome
    flood: Outcome

    @property
    def ratio(self) -> float:
        """The others' p99 with the flood, divided by that without."""
        return self.flooded.p99 / self.normal.p99


def measure(seconds: float = LEAST_SECONDS) -> Result:
    """One run: so many seconds without the flood and so many with it."""
    with tempfile.TemporaryDirectory() as folder, monitor() as port, gateway(Path(folder), port) as entrance:
        return asyncio.run(_measured(entrance, seconds))


async def _measured(port: int, seconds: float) -> Result:
    others = [f"198.51.100.{number}" for number in range(READERS)]
    await crowd(port, others, pace=READERS_PACE, seconds=2.0, name="warm")
    normal = await crowd(port, others, pace=READERS_PACE, seconds=seconds, name="normal")
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        flooding = pool.apply_async(_flood, (port, seconds + 2.0))
        await asyncio.sleep(2.0)
        flooded = await crowd(port, others, pace=READERS_PACE, seconds=seconds, name="flooded")
        flood: Outcome = await asyncio.to_thread(flooding.get, START_SECONDS + seconds)
    return Result(normal, flooded, flood)


def _flood(port: int, seconds: float) -> Outcome:
    return asyncio.run(crowd(port, ["192.0.2.1"], pace=FLOOD_PACE, seconds=seconds, name="flood"))


async def crowd(port: int, addresses: list[str], *, pace: float, seconds: float, name: str) -> Outcome:
    """These addresses in turn ask for pages that nobody has asked for, so many a second, whatever the answers take."""
    outcome, begin, asking = Outcome(), time.monotonic(), set[asyncio.Task[None]]()
    async with _session(port) as session:
        for number in range(int(pace * seconds)):
            await asyncio.sleep(max(0.0, begin + number / pace - time.monotonic()))
            if len(asking) >= MOST_AT_ONCE:
                outcome.dropped += 1
                continue
            target = f"/prod/panda/jobs/?of={name}&days={number}"
            task = asyncio.create_task(_ask(session, target, addresses[number % len(addresses)], outcome))
            asking.add(task)
            task.add_done_callback(asking.discard)
        if asking:
            await asyncio.wait(asking)
    return outcome


async def _ask(session: aiohttp.ClientSession, target: str, address: str, outcome: Outcome) -> None:
    begin = time.monotonic()
    async with session.get(target, headers={"X-Forwarded-For": address}) as got:
        await got.read()
    outcome.seconds.append(time.monotonic() - begin)
    outcome.statuses[got.status] += 1


@asynccontextmanager
async def _session(port: int) -> AsyncIterator[aiohttp.ClientSession]:
    connector = aiohttp.TCPConnector(limit=0)
    headers = {"Accept": "text/html"}
    async with aiohttp.ClientSession(f"http://127.0.0.1:{port}", connector=connector, headers=headers) as session:
        yield session


@contextmanager
def monitor() -> Iterator[int]:
    """A monitor of thirty threads, in a process of its own; its port."""
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve_pages, args=(theirs.send,), daemon=True)
    process.start()
    try:
        if not ours.poll(START_SECONDS):
            raise RuntimeError("the stand-in of the monitor did not start")
        yield int(ours.recv())
    finally:
        process.terminate()
        process.join()


def _serve_pages(tell: object) -> None:
    assert callable(tell)

    async def serve() -> None:
        threads = asyncio.Semaphore(THREADS)

        async def answer(_request: web.BaseRequest) -> web.Response:
            async with threads:
                await asyncio.sleep(THINK_SECONDS)
            return web.Response(body=_PAGE, content_type="text/html", charset="utf-8")

        runner = web.ServerRunner(web.Server(answer))
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        tell(runner.addresses[0][1])
        await asyncio.Event().wait()

    asyncio.run(serve())


@contextmanager
def gateway(folder: Path, monitor_port: int) -> Iterator[int]:
    """The gateway as it is shipped, with one worker; its port."""
    settings = {
        "SECRET_KEY": "x8Jq2m-Zr7tWc41LpB0vNfYsKdHuGa93EiTo",
        "PUBLIC_URL": "http://127.0.0.1:8000/prod",
        "DB_NAME": str(folder / "gateway.sqlite3"),
        "MONITOR_URL": f"http://127.0.0.1:{monitor_port}/swf-monitor",
        "TRUSTED_PROXIES": "127.0.0.1",
        "LOG_LEVEL": "warning",
    }
    program = str(Path(sys.executable).with_name("swf-remote"))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    process = subprocess.Popen(
        [program, "serve", "--port", str(port), "--workers", "1"],
        cwd=folder,
        env={"PATH": os.environ["PATH"]} | {f"SWF_REMOTE_{name}": value for name, value in settings.items()},
    )
    try:
        asyncio.run(_answers(port))
        yield port
    finally:
        process.terminate()
        process.wait()


async def _answers(port: int) -> None:
    async with asyncio.timeout(START_SECONDS), _session(port) as session:
        while True:
            try:
                async with session.get("/prod/healthz"):
                    return
            except aiohttp.ClientConnectionError:
                await asyncio.sleep(0.1)


def main() -> None:
    """Print both p99, what became of the flood, and whether the target holds."""
    result = measure()
    for name, outcome in (("normal", result.normal), ("with the flood", result.flooded), ("the flood", result.flood)):
        answers = ", ".join(f"{count} x {status}" for status, count in sorted(outcome.statuses.items()))
        print(f"{name:15} p99 {outcome.p99:7.1f} ms   {answers}   not put: {outcome.dropped}")
    print(f"others' p99 is {result.ratio:.2f} x normal, target at most {TARGET:g}")


if __name__ == "__main__":
    main()
