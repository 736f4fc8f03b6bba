"""Run the test suites, one pytest process per room, and print their totals.

The gateway and the monitor are two Django projects, so they cannot share one process. Arguments are handed to pytest.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FAST = ("tests/tools", "tests/testbed", "tests/monitor", "tests/remote")
SLOW = ("tests/system",)
# Worth several processes; the set-up's tests are over at once. Tests of one file of the whole chain share a demo.
SPREAD = {
    "tests/testbed": ("-n", "auto"),
    "tests/monitor": ("-n", "auto"),
    "tests/remote": ("-n", "3", "--dist", "worksteal"),
    "tests/system": ("-n", "3", "--dist", "loadfile"),
}
NO_TESTS_COLLECTED = 5
# The same cases in every run, so that nothing but the code decides; ``make fuzz`` makes new ones.
FUZZ_SHARE = (
    "--seed",
    "5",
    "--cases",
    "20000" if os.environ.get("CI") else "2000",
    "--seconds",
    "60",
)


def run_suite(folder: str, extra: list[str]) -> tuple[int, Counter[str]]:
    """Run one suite; returns its exit code and pytest's counts by outcome."""
    print(f"=== {folder}", flush=True)
    command = [sys.executable, "-m", "pytest", "-c", f"{folder}/pytest.ini", "--rootdir", ".", folder, *extra]
    command += SPREAD.get(folder, ())
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    last = ""
    for line in process.stdout:
        print(line, end="", flush=True)
        last = line if line.strip() else last
    counts = {word: int(number) for number, word in re.findall(r"(\d+) (passed|failed|errors?|skipped)", last)}
    counts["error"] = counts.pop("error", 0) + counts.pop("errors", 0)
    return process.wait(), Counter(counts)


def run_fuzz() -> tuple[int, Counter[str]]:
    """A share of ``make fuzz``, as one test."""
    print("=== fuzz", flush=True)
    code = subprocess.run([sys.executable, "-m", "tools.fuzz", *FUZZ_SHARE], cwd=ROOT, check=False).returncode
    return code, Counter({"failed" if code else "passed": 1})


def main() -> int:
    """Exit code 0 when every suite passed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--fast", action="store_true", help="without browser, whole chain and tests marked slow")
    arguments, extra = parser.parse_known_args()
    begin, total, failed = time.monotonic(), Counter[str](), []
    if arguments.fast:
        extra = [*extra, "-m", "not slow"]
    for folder in FAST if arguments.fast else FAST + SLOW:
        code, counts = run_suite(folder, extra)
        total += counts
        if code not in (0, NO_TESTS_COLLECTED) or (code == NO_TESTS_COLLECTED and not extra):
            failed.append(folder)
    if not arguments.fast and not extra:
        code, counts = run_fuzz()
        total += counts
        failed += ["fuzz"] if code else []
    broken = total["failed"] + total["error"] or len(failed)
    print(f"\nsuites failed: {', '.join(failed) or 'none'}; {time.monotonic() - begin:.0f} s")
    print(f"{total['passed']} passed, {broken} failed, {total['skipped']} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
