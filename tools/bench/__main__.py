"""Measure the gateway against others, one run, one machine: ``make bench``, ``make bench-quick``.

Every contestant has one core to itself, load and monitor have another. Needs nginx and wrk (``make system-deps``).
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import uvloop

from . import rows as results
from .clients import ClientError
from .contestants import Bench, far_side
from .processes import ROOT, BenchError, check_machine, cores, pin
from .rows import Row
from .work import (
    alarms,
    cached,
    conformance,
    faults,
    flood,
    listeners,
    memory,
    outage,
    readers,
    rewriting,
    trips,
    uncached,
)

Measure = Callable[[Bench], Awaitable[list[Row]]]
GROUPS: dict[str, Measure] = {
    "trips": trips.measure,
    "cached": cached.measure,
    "readers": readers.measure,
    "uncached": uncached.measure,
    "rewriting": rewriting.measure,
    "memory": memory.measure,
    "listeners": listeners.measure,
    "outage": outage.measure,
    "faults": faults.measure,
    "flood": flood.measure,
    "conformance": conformance.measure,
    "alarms": alarms.measure,
}
FOLDER = ROOT / "bench" / "results"


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0 when everything was measured, whether or not the targets hold; 2 when something is missing."""
    given = _parser().parse_args(arguments)
    try:
        check_machine()
        found = uvloop.run(_interruptible(measure_all(given.only or list(GROUPS), quick=given.quick)))
    except BenchError as error:
        print(error, file=sys.stderr)
        return 2
    except (KeyboardInterrupt, asyncio.CancelledError):
        print("bench: interrupted; nothing was written", file=sys.stderr)
        return 130
    name = "bench-quick" if given.quick else "bench"
    if given.only:
        name = f"{name}-{'-'.join(given.only)}"
    path = results.write(FOLDER, name, found)
    print(f"\n{results.machine()}\n\n{results.table(found)}\n\n{results.summary(found)}; {path.relative_to(ROOT)}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.bench", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="short runs: at most five minutes in all")
    parser.add_argument(
        "--only", nargs="+", choices=GROUPS, metavar="GROUP", help=f"these groups alone: {', '.join(GROUPS)}"
    )
    return parser


async def measure_all(groups: Sequence[str], *, quick: bool) -> list[Row]:
    """Measure group by group.

    Raises:
        BenchError: a contestant does not work.
    """
    pin(cores()[0])
    found: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="swf-bench-") as folder:
        async with far_side(Path(folder)) as far:
            bench = Bench(Path(folder), quick, far)
            for name in groups:
                begin = time.monotonic()
                print(f"bench: {name} …", end="", flush=True)
                try:
                    found += await GROUPS[name](bench)
                except ClientError as error:
                    raise BenchError(f"\nbench: {name}: {error}") from error
                print(f" {time.monotonic() - begin:.0f} s", flush=True)
    return found


async def _interruptible(work: Awaitable[list[Row]]) -> list[Row]:
    """SIGTERM ends it as Ctrl-C does, with everything that it started."""
    task = asyncio.ensure_future(work)
    with contextlib.suppress(NotImplementedError):
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    return await task


if __name__ == "__main__":
    sys.exit(main())
