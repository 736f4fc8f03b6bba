"""Bodies while they stream: rewriting alone, and what passes as it is."""

from __future__ import annotations

from ..clients import Client
from ..contestants import Bench, Contestant
from ..figures import percent
from ..rewriting import CASES, JSON, speed
from ..rows import Row, at_least

TARGETS = {"text/html": 60.0, "application/json": 100.0}
UNTOUCHED = "nothing to change"
UNTOUCHED_TARGET = 500.0


async def measure(bench: Bench) -> list[Row]:
    """The rewriters by processor time in this process; other types through the gateway against a plain copy of TCP."""
    rows = []
    for number, (what, (kind, cells, body)) in enumerate(CASES.items(), 1):
        limit = UNTOUCHED_TARGET if UNTOUCHED in what else TARGETS[kind.partition(";")[0]]
        name = f"rewriting.{'json' if kind == JSON else 'html'}.{number}"
        rows.append(at_least(name, what, speed(kind, body, cells=cells), "MB/s per core", limit=limit))
    return [*rows, await _passing(bench)]


async def _passing(bench: Bench) -> Row:
    megabytes = 200 if bench.quick else 1000
    async with bench.copy() as contestant:
        plain = await _speed(contestant, f"/swf-monitor/static/large/{megabytes}.bin", megabytes)
    async with bench.gateway() as contestant:
        ours = await _speed(contestant, f"/prod/static/large/{megabytes}.bin", megabytes)
    return at_least(
        "rewriting.passing",
        "other types pass the gateway, by processor time, against a plain copy of TCP",
        percent(ours, plain),
        "%",
        limit=70,
        against=f"copy {plain:,.0f} MB/s per core; gateway {ours:,.0f}",
    )


async def _speed(contestant: Contestant, target: str, megabytes: int) -> float:
    """Megabytes per second of the contestant's processor time, the better of two."""
    best = 0.0
    for _ in range(2):
        client = Client(contestant.port)
        try:
            before = contestant.process.cpu_seconds()
            await client.drain(target)
            best = max(best, megabytes / max(contestant.process.cpu_seconds() - before, 0.01))
        finally:
            client.close()
    return best
