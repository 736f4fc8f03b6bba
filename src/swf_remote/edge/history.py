"""The last hour of all figures, in memory that the workers of a host share, so that any of them can draw it.

There is one sample for every ten seconds of the clock, taken by whichever worker comes first. A worker that was just
started sees the hour before its start, too. The memory is a ring: it never grows.
"""

from __future__ import annotations

import fcntl
import mmap
import os
from array import array
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from swf_remote.edge.figures import LAYOUT
from swf_remote.edge.shared_memory import folder, opened

STEP_SECONDS = 10
STEPS = 360
"""Steps of an hour."""
# One sample more than steps, and some that nobody reads while they are written over.
_PLACES = STEPS + 40
_DOUBLE = 8


@dataclass(frozen=True, slots=True)
class Sample:
    """All figures at one moment."""

    number: int
    """Steps since the epoch."""
    totals: Sequence[float]
    """Each column of the layout, over all processes."""


class History:
    """The samples. Use it from one thread of each process."""

    def __init__(self, width: int, mark: int, place: Path | None) -> None:
        """`width`: columns of a sample; `mark` differs where columns differ; `place`: as of ``figures.Table``."""
        self._row_bytes = _DOUBLE * (width + 1)
        self._file = opened(place, f"history-{mark:08x}", self._row_bytes * _PLACES)
        self._memory = memoryview(mmap.mmap(self._file, self._row_bytes * _PLACES))

    def has(self, number: int) -> bool:
        """Whether this step's sample was taken."""
        return self._row(number)[0] == number

    def add(self, number: int, totals: Sequence[float]) -> None:
        """Keep a sample, unless another process has kept one of this step, or is about to."""
        with suppress(OSError):
            fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, 0)
            try:
                if not self.has(number):
                    self._write(number, totals)
            finally:
                fcntl.lockf(self._file, fcntl.LOCK_UN, 1, 0)

    def until(self, number: int) -> list[Sample]:
        """The samples of the hour that ends with this step, oldest first; steps may be missing."""
        found = (self._sample(each) for each in range(number - STEPS, number + 1))
        return [sample for sample in found if sample]

    def _write(self, number: int, totals: Sequence[float]) -> None:
        row = self._row(number)
        row[0] = 0.0
        row[1:] = memoryview(array("d", totals[: len(row) - 1]))
        row[0] = number

    def _sample(self, number: int) -> Sample | None:
        if not self.has(number):
            return None
        copy = memoryview(bytes(self._row(number))).cast("d")
        return Sample(number, copy[1:])

    def _row(self, number: int) -> memoryview[float]:
        begin = number % _PLACES * self._row_bytes
        return self._memory[begin : begin + self._row_bytes].cast("d")


@cache
def history() -> History:
    """This host's: made when it is first asked for, when the layout is complete."""
    return History(LAYOUT.width, LAYOUT.mark(), folder())


os.register_at_fork(after_in_child=history.cache_clear)
