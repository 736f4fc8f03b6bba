"""Readers for a long time while the link fails again and again: ``make soak``, by hand.

Each minute brings one fault: cut, silence, resets, a trickle; between them it mends. Nothing may leak, no reader may
see another's name, and known pages are always answered. Writes ``bench/results/soak.json``.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import uvloop

from . import rows as results
from .clients import Crowd, Outcome
from .contestants import Bench, Contestant, FarSide, far_side
from .figures import percent
from .processes import ROOT, BenchError, check_machine, cores, pin
from .rows import Row, at_least, at_most, told
from .work import traffic
from .work.faults import slow_clients, stalled_clients
from .work.outage import warm

RATE = 50
RTT = 0.040
MEGABITS = 20.0
FAULT_SECONDS = 15.0
CYCLE_SECONDS = 60.0
# Small, so that it is full before memory is compared.
CACHE_BYTES = 16 << 20
LIMIT_MB = 5.0
SETTLE_SECONDS = 15.0


@dataclass
class Tally:
    """What became of everybody so far."""

    asked: int = 0
    known: int = 0
    answered: int = 0
    others: int = 0
    unclear: int = 0
    late: int = 0
    """Readers who were not well again five seconds after a fault."""
    memory: list[float] = field(default_factory=list)
    """Megabytes at the end of each cycle."""

    def add(self, outcomes: Sequence[Outcome], well_from: float, names: dict[str, str]) -> None:
        """Count one cycle; from `well_from` on (monotonic) everything has to be normal."""
        self.asked += len(outcomes)
        for one in outcomes:
            known, good = traffic.is_known(one.question), one.reply is not None and one.reply.status == 200
            self.known += known
            self.answered += known and good
            self.others += traffic.is_others(one, names)
            if not good and (one.reply is None or not traffic.is_clear_error(one.reply)):
                self.unclear += 1
                print(f"soak: unclear: {_told(one)}", flush=True)
            self.late += one.at >= well_from and not good


def _told(one: Outcome) -> str:
    """What was asked, and what became of it."""
    became = f"{one.reply.status}, {len(one.reply.body):,} bytes" if one.reply else "no whole answer"
    return f"{one.question.method} {one.question.target}: {became} after {one.seconds:.1f} s"


async def _fault(far: FarSide, kind: str) -> None:
    match kind:
        case "resets":
            await far.do("resets", share=0.01)
        case "trickle":
            await far.do("link", rtt=RTT, megabits=0.2)
        case _:
            await far.do(kind)


async def _mend(far: FarSide) -> None:
    await far.do("mend")
    await far.do("link", rtt=RTT, megabits=MEGABITS)


async def soak(minutes: float) -> list[Row]:
    """All cycles, with slow clients and stalled pages in the background.

    Raises:
        BenchError: a process ended.
    """
    pin(cores()[0])
    with tempfile.TemporaryDirectory(prefix="swf-soak-") as folder:
        async with far_side(Path(folder)) as far:
            bench = Bench(Path(folder), False, far)
            cookies = await bench.sign_in()
            await _mend(far)
            async with bench.gateway(
                "linked_tls", cache_bytes=CACHE_BYTES, cache_object_bytes=CACHE_BYTES // 4
            ) as contestant:
                await warm(contestant)
                return await _cycles(bench, contestant, cookies, minutes)


async def _cycles(bench: Bench, contestant: Contestant, cookies: list[str], minutes: float) -> list[Row]:
    tally, clients = Tally(), contestant.clients()
    faults = itertools.cycle(("cut", "silence", "resets", "trickle"))
    async with slow_clients(contestant), stalled_clients(contestant):
        for number in range(max(1, round(minutes * 60 / CYCLE_SECONDS))):
            await _cycle(bench, contestant, tally, (cookies, next(faults), number))
    await asyncio.sleep(SETTLE_SECONDS)
    left = contestant.clients() - clients
    return _rows(tally, left)


async def _cycle(bench: Bench, contestant: Contestant, tally: Tally, turn: tuple[list[str], str, int]) -> None:
    cookies, kind, number = turn
    crowd = Crowd(contestant.port)
    begin = time.monotonic()
    readers = traffic.Traffic(cookies, f"{number}-")
    try:
        loading = asyncio.ensure_future(crowd.pace(RATE, CYCLE_SECONDS, readers.question))
        await asyncio.sleep((CYCLE_SECONDS - FAULT_SECONDS) / 2)
        await _fault(bench.far, kind)
        await asyncio.sleep(FAULT_SECONDS)
        await _mend(bench.far)
        mended = time.monotonic()
        tally.add(await loading, mended + 5, bench.names())
    finally:
        crowd.close()
    tally.memory.append(contestant.process.resident() / 1e6)
    print(
        f"soak: minute {number + 1}, {kind}: {tally.answered:,} of {tally.known:,} known pages answered, "
        f"{tally.late} late, {tally.unclear} unclear, {tally.memory[-1]:.0f} MB ({time.monotonic() - begin:.0f} s)",
        flush=True,
    )


def _rows(tally: Tally, left: int) -> list[Row]:
    # The cache and the pools fill, and the heap takes its shape in the most crowded moments; a leak goes on after that.
    late = tally.memory[len(tally.memory) // 2 :]
    third, last = late[: len(late) // 2] or late, late[len(late) // 2 :]
    return [
        told("soak.requests", "requests of readers", tally.asked, "requests"),
        at_least(
            "soak.known",
            "known pages answered, whatever the link did",
            percent(tally.answered, tally.known),
            "%",
            limit=100,
        ),
        at_most("soak.unclear", "answers that were neither good nor a clear error", tally.unclear, "answers", limit=0),
        at_most("soak.late", "readers not well 5 s after the link's return", tally.late, "readers", limit=0),
        at_most("soak.others", "answers with another reader's name", tally.others, "answers", limit=0),
        at_most("soak.connections", "connections of clients left afterwards", max(left, 0), "connections", limit=0),
        at_most(
            "soak.memory",
            "rise of memory from the third quarter to the last (medians)",
            statistics.median(last) - statistics.median(third),
            "MB",
            limit=LIMIT_MB,
            against=f"{tally.memory[-1]:.0f} MB at the end",
        ),
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0 when everything that was asked holds."""
    parser = argparse.ArgumentParser(prog="python -m tools.bench.soak", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--minutes", type=float, default=30, help="how long (default: %(default)s)")
    given = parser.parse_args(arguments)
    try:
        check_machine()
        found = uvloop.run(soak(given.minutes))
    except BenchError as error:
        print(error, file=sys.stderr)
        return 2
    except (KeyboardInterrupt, asyncio.CancelledError):
        print("soak: interrupted; nothing was written", file=sys.stderr)
        return 130
    path = results.write(ROOT / "bench" / "results", "soak", found)
    print(f"\n{results.machine()}\n\n{results.table(found)}\n\n{results.summary(found)}; {path.relative_to(ROOT)}")
    return 0 if all(row.holds is not False for row in found) else 1


if __name__ == "__main__":
    sys.exit(main())
