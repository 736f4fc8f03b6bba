"""Figures as workers count them, sample after sample, for tests of the last hour."""

from __future__ import annotations

from bisect import bisect_left

from swf_remote.edge import metrics
from swf_remote.edge.figures import LAYOUT, Family
from swf_remote.edge.history import STEP_SECONDS, Sample
from swf_remote.edge.metrics import FIRST_BYTE_SECONDS, LINK_FINDINGS
from swf_remote.status.hour import Hour, hour_of

FIRST = 180_000_000
"""The first step: on a whole quarter of an hour."""


class Counting:
    """What happens, in the order in which it happens; `step` ends ten seconds."""

    def __init__(self) -> None:
        self.number = FIRST
        self.samples: list[Sample] = []
        self._totals = [0.0] * LAYOUT.width
        self.link("nothing")

    def count(self, family: Family, *labels: str, by: float = 1.0) -> Counting:
        self._totals[family.columns[labels]] += by
        return self

    def requests(self, result: str, count: int, *, seconds: float = 0.02, area: str = "page") -> Counting:
        """So many answers, each of whose first byte came after so long."""
        self.count(metrics.CACHE_RESULTS, area, result, by=count)
        self._totals[metrics.FIRST_BYTE.columns[area,] + bisect_left(FIRST_BYTE_SECONDS, seconds)] += count
        return self

    def looks(self, count: int, seconds: float) -> Counting:
        first = metrics.LOOKS.columns[()]
        self._totals[first + bisect_left(metrics.SECONDS, seconds)] += count
        self._totals[first + len(metrics.SECONDS) + 1] += count * seconds
        return self

    def link(self, broken: str) -> Counting:
        for finding in LINK_FINDINGS:
            self._totals[metrics.LINK_SEEN.columns[finding,]] = float(finding == broken)
        return self

    def streams(self, count: int) -> Counting:
        self._totals[metrics.STREAMS.columns[()]] = count
        return self

    def restart(self) -> Counting:
        """All counters begin anew."""
        self._totals = [0.0] * LAYOUT.width
        return self.link("nothing")

    def step(self, count: int = 1) -> Counting:
        """A sample is taken, and ten seconds pass."""
        for _ in range(count):
            self.samples.append(Sample(self.number, tuple(self._totals)))
            self.number += 1
        return self

    def skip(self, count: int) -> Counting:
        """Nobody takes samples."""
        self.number += count
        return self

    def hour(self) -> Hour:
        """As it is seen at the last sample."""
        return hour_of(self.samples, self.samples[-1].number * STEP_SECONDS if self.samples else FIRST * STEP_SECONDS)
