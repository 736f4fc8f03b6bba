"""Round trips of the link: a page that is not cached, and a browser's whole view of the jobs page."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from ..clients import Client, ClientError
from ..contestants import Bench, Contestant
from ..figures import percentile
from ..rows import Row, at_most, told

RTT = 0.080
MEGABITS = 20.0
HEADERS = {"Accept": "text/html", "Accept-Encoding": "gzip"}
PAGE = "/panda/jobs/?view={0}"
FILES = ("/static/css/style.css", "/static/css/tables.css", "/static/js/tables.js", "/static/js/jobs.js")
DATA = ("/panda/jobs/datatable/?view={0}", "/panda/jobs/filter-counts/?view={0}", "/panda/system/status.json")
MOUNT = "/prod"


async def measure(bench: Bench) -> list[Row]:
    """Against the plain gateway, both by TLS through the link."""
    await bench.far.do("link", rtt=RTT, megabits=MEGABITS)
    try:
        async with bench.naive("linked_tls") as contestant:
            naive = await _one(bench, contestant)
        async with bench.gateway("linked_tls") as contestant:
            ours = await _one(bench, contestant)
            cached = await _cached(bench, contestant)
    finally:
        await bench.far.do("link", rtt=0.0)
    page, view, turns = ours
    known, known_view, known_turns = cached
    return [
        at_most(
            "trips.page",
            f"round trips of a page that is not cached, link RTT {RTT * 1e3:.0f} ms, by count",
            turns,
            "trips",
            limit=1,
            against=f"naive {naive[2]:g}",
        ),
        told("trips.page.time", "time of that page", page, "ms", against=f"naive {naive[0]:.0f} ms"),
        at_most("trips.view", "first view of the jobs page", view, "ms", limit=180, against=f"naive {naive[1]:.0f} ms"),
        at_most(
            "trips.view.cached", "the same, cached", known_view, "ms", limit=10, against=f"naive {naive[1]:.0f} ms"
        ),
        at_most(
            "trips.page.cached",
            "round trips of a cached page",
            known_turns,
            "trips",
            limit=0,
            against=f"naive {naive[2]:g}",
        ),
        told("trips.page.cached.time", "time of that page", known, "ms", against=f"naive {naive[0]:.0f} ms"),
    ]


async def _one(bench: Bench, contestant: Contestant) -> tuple[float, float, float]:
    """Milliseconds of a page and of a view, round trips of a page, none of them asked for before."""
    clients = [Client(contestant.port) for _ in range(6)]
    try:
        await _view(clients, "warm")
        count = 6 if bench.quick else 25
        names = [f"new{number}" for number in range(count)]
        pages, turns = await _pages(bench, clients[0], names)
        views = []
        for number in range(count):
            views.append(await _view(clients, f"view{number}"))
        return percentile(pages, 0.5) * 1e3, percentile(views, 0.5) * 1e3, turns
    finally:
        _close(clients)


async def _cached(bench: Bench, contestant: Contestant) -> tuple[float, float, float]:
    clients = [Client(contestant.port) for _ in range(6)]
    try:
        await _view(clients, "again")
        pages, turns = await _pages(bench, clients[0], ["again"] * 50)
        views = [await _view(clients, "again") for _ in range(20)]
        return percentile(pages, 0.5) * 1e3, percentile(views, 0.5) * 1e3, turns
    finally:
        _close(clients)


async def _pages(bench: Bench, client: Client, names: Sequence[str]) -> tuple[list[float], float]:
    """Seconds of each page, and the usual round trips of one."""
    times, turns = [], []
    for name in names:
        await bench.far.do("figures")
        begin = time.monotonic()
        await _get(client, PAGE.format(name))
        times.append(time.monotonic() - begin)
        turns.append((await bench.far.do("figures"))["links"]["turns"])
    # The gateway's own look at the link, every few seconds, is no part of a page.
    return times, percentile(turns, 0.5)


async def _view(clients: Sequence[Client], name: str) -> float:
    """As a browser does it: the page, then its files, then what its scripts ask for; in seconds."""
    begin = time.monotonic()
    await _get(clients[0], PAGE.format(name))
    for targets in (FILES, DATA):
        await asyncio.gather(
            *(_get(client, target.format(name)) for client, target in zip(clients, targets, strict=False))
        )
    return time.monotonic() - begin


async def _get(client: Client, target: str) -> None:
    reply = await client.ask(MOUNT + target, headers=HEADERS)
    if reply.status != 200:
        raise ClientError(f"{target}: status {reply.status}")


def _close(clients: Sequence[Client]) -> None:
    for client in clients:
        client.close()
