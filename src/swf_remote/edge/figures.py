"""Figures that the processes of one host share: each counts in a row of its own, any of them adds up all rows.

The rows lie in shared memory (``edge.shared_memory``). A row belongs to the process that holds its lock; the kernel
gives it back when that one ends. Whoever takes it next counts on from there, so that sums never fall. What is true of a
moment only counts while its process lives. Counting costs one addition in memory and no system call.
"""

from __future__ import annotations

import fcntl
import logging
import mmap
import os
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from functools import cache
from itertools import product
from pathlib import Path
from zlib import crc32

from swf_remote.edge.shared_memory import folder, opened

LOG = logging.getLogger("swf_remote.figures")
# Processes that count at the same time; any beyond them share the last row and may lose counts.
ROWS = 256
NAMES = 256
NAME_BYTES = 56
_DOUBLE = 8
_IN_USE = 0
_FURTHER = "further names"

Labels = tuple[str, ...]


class Kind(Enum):
    """How the rows of a figure become one."""

    COUNTER = auto()
    GAUGE = auto()
    """The sum over the processes that live."""
    EACH = auto()
    """Told for each process that lives."""
    HISTOGRAM = auto()


@dataclass(frozen=True, slots=True)
class Family:
    """One figure with all its label values, known from the start."""

    name: str
    help: str
    kind: Kind
    labels: Labels
    columns: Mapping[Labels, int]
    """First column of each combination; a histogram's are its buckets, the one without bound and the sum."""
    bounds: tuple[float, ...] = ()


class Layout:
    """Which figure stands in which column."""

    def __init__(self) -> None:
        self.families: list[Family] = []
        self.width = _IN_USE + 1

    def add(
        self, name: str, text: str, kind: Kind, labels: Mapping[str, Sequence[str]], bounds: tuple[float, ...] = ()
    ) -> Family:
        """One more figure; every combination of label values gets its columns."""
        step = len(bounds) + 2 if kind is Kind.HISTOGRAM else 1
        combinations = list(product(*labels.values()))
        columns = {each: self.width + step * number for number, each in enumerate(combinations)}
        self.width += step * len(combinations)
        family = Family(name, text, kind, tuple(labels), columns, bounds)
        self.families.append(family)
        return family

    def mark(self) -> int:
        """A number that differs from that of other layouts."""
        return crc32(repr([(one.name, one.kind, one.bounds, list(one.columns)) for one in self.families]).encode())


class Table:
    """All rows, and the one of this process."""

    def __init__(self, layout: Layout, place: Path | None) -> None:
        """`place`: where the processes that count together find each other; None: this one counts alone."""
        self._layout = layout
        self._row_bytes = _DOUBLE * (layout.width + NAMES) + NAME_BYTES * NAMES
        self._file = opened(place, f"figures-{layout.mark():08x}", self._row_bytes * ROWS)
        self._memory = memoryview(mmap.mmap(self._file, self._row_bytes * ROWS))
        self.take()

    def take(self) -> None:
        """Make a row this process's own; again after a fork."""
        self._mine = next((row for row in range(ROWS) if self._lock(row)), ROWS - 1)
        self.row = self._numbers(self._mine)
        self._named = {name: column for name, column, _ in self._names(self._mine)}
        for family in self._layout.families:
            if family.kind in (Kind.GAUGE, Kind.EACH):
                for column in family.columns.values():
                    self.row[column] = 0.0
        self.row[_IN_USE] = 1.0

    def count(self, name: str, amount: float = 1.0) -> None:
        """Count what has a name that is not known from the start; too many different ones are counted as one."""
        name = name.encode()[:NAME_BYTES].decode(errors="ignore")
        column = self._named.get(name)
        if column is None:
            column = self._named[name] = self._column_for(name)
        self.row[column] += amount

    def observe(self, family: Family, labels: Labels, value: float) -> None:
        """One more value of a histogram."""
        first = family.columns[labels]
        self.row[first + bisect_left(family.bounds, value)] += 1
        self.row[first + len(family.bounds) + 1] += value

    def totals(self) -> list[float]:
        """Each column over all processes; those of figures told for each process mean nothing here."""
        used = list(self._used())
        sums = [sum(column) for column in zip(*(numbers for _, numbers, _ in used), strict=True)]
        for family in self._layout.families:
            if family.kind is Kind.GAUGE:
                for column in family.columns.values():
                    sums[column] = sum(numbers[column] for _, numbers, lives in used if lives)
        return sums

    def each(self, family: Family) -> Iterator[tuple[int, dict[Labels, float]]]:
        """The figures of the processes that live, one after the other, with the number of its row."""
        for row, numbers, lives in self._used():
            if lives:
                yield row, {labels: numbers[column] for labels, column in family.columns.items()}

    def named(self) -> dict[str, float]:
        """What was counted by name, over all processes."""
        sums: dict[str, float] = {}
        for row, _, _ in self._used():
            for name, _, value in self._names(row):
                sums[name] = sums.get(name, 0.0) + value
        return sums

    def _used(self) -> Iterator[tuple[int, memoryview[float], bool]]:
        """Rows that were ever used, and whether their process lives."""
        for row in range(ROWS):
            numbers = self._numbers(row)
            if numbers[_IN_USE]:
                yield row, numbers, row == self._mine or not self._lock(row, keep=False)

    def _numbers(self, row: int) -> memoryview[float]:
        begin = row * self._row_bytes
        return self._memory[begin : begin + _DOUBLE * (self._layout.width + NAMES)].cast("d")

    def _names(self, row: int) -> Iterator[tuple[str, int, float]]:
        """Names in this row, with the column and value of each."""
        numbers, width = self._numbers(row), self._layout.width
        for number in range(NAMES):
            name = bytes(self._name(row, number)).rstrip(b"\0")
            if not name:
                return
            yield name.decode(errors="replace"), width + number, numbers[width + number]

    def _name(self, row: int, number: int) -> memoryview:
        begin = row * self._row_bytes + _DOUBLE * (self._layout.width + NAMES) + NAME_BYTES * number
        return self._memory[begin : begin + NAME_BYTES]

    def _column_for(self, name: str) -> int:
        number = min(len(self._named), NAMES - 1)
        kept = name if number < NAMES - 1 else _FURTHER
        self._name(self._mine, number)[:] = kept.encode()[:NAME_BYTES].ljust(NAME_BYTES, b"\0")
        return self._layout.width + number

    def _lock(self, row: int, *, keep: bool = True) -> bool:
        """Whether no other process holds this row; it is this one's then, if wanted."""
        try:
            fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, row)
        except OSError:
            return False
        if not keep:
            fcntl.lockf(self._file, fcntl.LOCK_UN, 1, row)
        return True


LAYOUT = Layout()


@cache
def table() -> Table:
    """This process's table: made at the first count, when the layout is complete.

    Figures are not worth a request: where the folder cannot be used, this process counts alone.
    """
    try:
        return Table(LAYOUT, folder())
    except OSError as error:
        LOG.warning("figures are not shared with other processes: %s: %s", folder(), error.strerror)
        return Table(LAYOUT, None)


def _take_another_row() -> None:
    if table.cache_info().currsize:
        table().take()


os.register_at_fork(after_in_child=_take_another_row)
