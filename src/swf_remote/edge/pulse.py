"""What a worker says of itself every two seconds; and every ten seconds the sample of all workers for the history."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from swf_remote.edge import metrics
from swf_remote.edge.figures import table
from swf_remote.edge.history import STEP_SECONDS, history
from swf_remote.edge.metrics import Lane
from swf_remote.proxy.link import LinkState

BEAT_SECONDS = 2.0
_PAGE = os.sysconf("SC_PAGE_SIZE")
_STATM = Path("/proc/self/statm")


class Pulse:
    """One per process."""

    def __init__(
        self,
        *,
        lanes: Callable[[], Sequence[Lane]],
        kept_in_memory: Callable[[], tuple[int, int]],
        link: Callable[[], LinkState],
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Where the lanes, the bytes and number of kept answers and the link are found; `clock`: epoch seconds."""
        self._lanes, self._kept_in_memory, self._link = lanes, kept_in_memory, link
        self._clock = clock
        self._started = clock()

    async def run(self) -> None:
        """Beat until cancelled."""
        while True:
            self.beat()
            await asyncio.sleep(BEAT_SECONDS)

    def beat(self) -> None:
        """Say it now."""
        for lane in self._lanes():
            metrics.lane_is(lane)
        metrics.cache_holds(*self._kept_in_memory())
        metrics.link_is(self._link())
        metrics.worker_is(os.getpid(), self._started, _resident_bytes())
        number = int(self._clock()) // STEP_SECONDS
        if not history().has(number):
            history().add(number, table().totals())


def _resident_bytes() -> int:
    """Memory that this process uses; 0 where the system does not tell."""
    try:
        return int(_STATM.read_text().split()[1]) * _PAGE
    except OSError:
        return 0
