"""The command line: play nights, print what was found and what was said wrongly; exit code 1 when that is not good."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from swf_testbed.simulation.scenarios.stories import NAMES
from tools.judge.playing import RECOMMENDED, JudgeError, judged_night
from tools.judge.table import is_good, summary, words
from tools.judge.verdicts import Night


def main(arguments: Sequence[str] | None = None) -> int:
    """Judge."""
    given = _parser().parse_args(arguments)
    nights: list[Night] = []
    try:
        for name in given.scenario or NAMES:
            for seed in given.seed or (1, 2, 3):
                with tempfile.TemporaryDirectory(prefix="swf-judge-") as folder:
                    nights.append(judged_night(name, seed, Path(folder), alarms=given.alarms))
                print(words(nights[-1]), flush=True)
    except JudgeError as error:
        print(f"judge: {error}", file=sys.stderr)
        return 2
    print(summary(nights))
    return 0 if all(is_good(night) for night in nights) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.judge", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--scenario", action="append", choices=NAMES, help="only this one; may be repeated")
    parser.add_argument(
        "--seed", action="append", type=int, help="of the nights (default: 1, 2 and 3); may be repeated"
    )
    parser.add_argument("--alarms", type=Path, default=RECOMMENDED, help="a file of alarms (default: %(default)s)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
