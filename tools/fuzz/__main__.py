"""The command line: runs cases until their number or the time is reached; exit code 1 when one failed."""

from __future__ import annotations

import argparse
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tools.fuzz.case import Case, Target, failure_of, load, save, smallest
from tools.fuzz.result import write_result

ROOT = Path(__file__).resolve().parent.parent.parent
FAILURES = ROOT / "bench" / "results" / "fuzz-failures"
CASES = 20_000
MOST_FAILURES = 5


def main(arguments: Sequence[str] | None = None) -> int:
    """Fuzz, or replay one kept case."""
    given = _parser().parse_args(arguments)
    os.environ.setdefault("SWF_REMOTE_SECRET_KEY", "for-fuzzing-only-" + "x" * 40)
    from tools.fuzz.targets import TARGETS  # noqa: PLC0415 - reads the settings set above

    if given.replay:
        case = load(given.replay)
        why = failure_of(TARGETS[case.target], case)
        print(why or "this case passes now")
        return 1 if why else 0
    chosen = [TARGETS[name] for name in (given.target or TARGETS)]
    seed = given.seed if given.seed is not None else random.SystemRandom().getrandbits(32)
    limit = given.cases or (sys.maxsize if given.seconds else CASES)
    return _run(chosen, seed, limit, given.seconds or float("inf"))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.fuzz", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--cases", type=int, help=f"how many (default: {CASES}, or as many as fit into --seconds)")
    parser.add_argument("--seconds", type=float, help="end after this time, whatever was reached")
    parser.add_argument("--seed", type=int, help="make the same cases again")
    parser.add_argument("--target", action="append", help="only this one; may be repeated")
    parser.add_argument("--replay", type=Path, help="a kept failure")
    return parser


def _run(chosen: Sequence[Target], seed: int, limit: int, seconds: float) -> int:
    begin, counts, failures = time.monotonic(), Counter[str](), 0
    for number in range(limit):
        if time.monotonic() - begin > seconds or failures >= MOST_FAILURES:
            break
        target = chosen[number % len(chosen)]
        counts[target.name] += 1
        case = target.generate(random.Random(f"{seed}:{target.name}:{number}"))
        if why := failure_of(target, case):
            failures += 1
            _report(target, case, why)
    elapsed = time.monotonic() - begin
    rate = counts.total() / elapsed if elapsed else 0.0
    print(f"{counts.total()} cases, seed {seed}, {elapsed:.0f} s, {rate:.0f} cases/s, {failures} failures")
    print("  " + ", ".join(f"{name} {count}" for name, count in counts.items()))
    write_result(counts, seed, elapsed, failures, share=seconds != float("inf"))
    return 1 if failures else 0


def _report(target: Target, case: Case, why: str) -> None:
    least = smallest(target, case)
    path = save(least, failure_of(target, least) or why, FAILURES)
    print(f"FAILED {target.name}: {why[:300]}")
    print(f"  smallest: {least.raw[:300]!r}, number {least.number}")
    print(f"  replay: python -m tools.fuzz --replay {path.relative_to(ROOT)}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
