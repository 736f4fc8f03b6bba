"""The alarms at scale: 500 of them over 5,000 tasks, and pages over a long history. No readers, no link."""

from __future__ import annotations

import asyncio
import json
import sys
from asyncio.subprocess import PIPE

from ..contestants import Bench
from ..processes import ROOT, BenchError
from ..rows import Row, at_most, told

EVENTS = 1_000_000
EVENTS_QUICK = 100_000


async def measure(bench: Bench) -> list[Row]:
    """Processor time of ticks on one core, and the time of pages.

    Raises:
        BenchError: the engine or a page does not work.
    """
    events = EVENTS_QUICK if bench.quick else EVENTS
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tools.bench.alarms_load", str(events), cwd=ROOT, stdout=PIPE
    )
    output, _ = await process.communicate()
    if process.returncode != 0:
        raise BenchError("the load of the alarms failed; see above")
    found = json.loads(output.splitlines()[-1])
    what = "500 alarms over 5,000 tasks, one core"
    matches = f"{found['matches']:,} matches"
    rows = [
        told("alarms.first", f"{what}: the first tick, all is new", found["first_s"], "s", against=matches),
        at_most("alarms.changed", f"{what}: a tick of which a tenth changed", found["changed_s"], "s", limit=10),
        at_most("alarms.again", f"{what}: a further one", found["again_s"], "s", limit=10),
        at_most("alarms.asked", "questions to the monitor per tick", found["asked_a_tick"], "questions", limit=1),
    ]
    return rows + [
        at_most(f"alarms.page.{path}", f"/prod/{path} over {events:,} events", spent, "ms", limit=100)
        for path, spent in found["pages_ms"].items()
    ]
