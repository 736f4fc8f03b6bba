"""What keeps workers serving, changes them without a gap, and ends them: SIGTERM, SIGINT and SIGHUP from outside.

SIGHUP: a new generation starts beside the old one, on the same listening socket. Once all of it serves, the old one
accepts nothing more, finishes what it has and ends. A generation that does not come up leaves all as it was.
SIGTERM, SIGINT: no more is accepted, what is under way has time to finish. A second SIGINT ends at once.
"""

from __future__ import annotations

import logging
import multiprocessing
import signal
import time
from collections.abc import Callable
from multiprocessing.connection import wait
from types import FrameType
from typing import Any, Protocol

from swf_remote.operations.parentage import ORPHAN_SECONDS, ORPHANED, RETIRE
from swf_remote.operations.terminal import Terminal

LOG = logging.getLogger("swf_remote.serve")
# With what follows less than the 90 s that systemd waits for by itself.
STOP_SECONDS = 80.0
# Downloads may go on in the old generation while the new one serves.
RETIRE_SECONDS = 3600.0
# Old generations beside the present one; memory is not to grow with the number of reloads.
MOST_RETIRING = 2
START_SECONDS = 60.0
RESTART_SECONDS = 1.0


class Generation(Protocol):
    """Processes that serve with one set of settings."""

    ready: bool
    """All of it has served."""

    killed_after: float
    """Seconds that it has to end at once, before it is killed."""

    @property
    def ended(self) -> bool:
        """All of it is gone."""

    def waitables(self) -> list[object]:
        """What becomes readable when there is something to tend."""

    def due(self) -> float | None:
        """When there will be something to tend, by the monotonic clock."""

    def tend(self) -> None:
        """Look after it; quick."""

    def signal(self, number: int) -> None:
        """Say this to its processes."""


class _Ending:
    """A generation on its way out, asked more and more firmly."""

    def __init__(self, generation: Generation, number: signal.Signals, patience: float) -> None:
        self.generation = generation
        self.next: float | None = None
        self._rest = [(number, patience), (signal.SIGINT, generation.killed_after), (signal.SIGKILL, None)]
        self.insist()

    def insist(self) -> None:
        """Say the next word."""
        if self._rest:
            number, patience = self._rest.pop(0)
            self.generation.signal(number)
            self.next = None if patience is None else time.monotonic() + patience


def _hurried(endings: list[_Ending], patience: float) -> list[_Ending]:
    """Those that have more than `patience` seconds left are told that they have not."""
    latest = time.monotonic() + patience
    return [
        one if one.next is None or one.next <= latest else _Ending(one.generation, signal.SIGTERM, patience)
        for one in endings
    ]


class Service:
    """Runs generations until it is told to end."""

    def __init__(
        self,
        first: Callable[[], Generation],
        successor: Callable[[], Generation] | None,
        *,
        on_ready: Callable[[], None],
        on_end: Callable[[], None],
    ) -> None:
        """A service.

        Args:
            first: starts the first generation.
            successor: starts a further one; None: this service is itself a part of one, and replaced from outside.
            on_ready: called when the first generation serves.
            on_end: called before generations are told to accept no more.
        """
        self._first, self._successor = first, successor
        self._on_ready, self._on_end = on_ready, on_end
        self._told_ready = False
        self._terminal = Terminal()
        self._heard: list[int] = []
        self._news, self._ring = multiprocessing.Pipe(duplex=False)
        self._coming: Generation | None = None
        self._coming_until = 0.0
        self._again = False
        self._stopping = False
        self._endings: list[_Ending] = []
        self._restart_at: float | None = None

    def run(self) -> bool:
        """Return when all processes have ended; false if they ended by themselves."""
        numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, RETIRE, ORPHANED)
        before = {number: signal.signal(number, self._hear) for number in numbers}
        try:
            self._current = self._first()
            while self._lives():
                wait(self._waitables(), self._pause())
                self._step()
            return self._stopping
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _hear(self, number: int, _frame: FrameType | None) -> None:
        self._heard.append(number)
        self._ring.send_bytes(b"!")

    def _lives(self) -> bool:
        if self._stopping:
            return bool(self._endings)
        return self._successor is not None or not self._current.ended

    def _generations(self) -> list[Generation]:
        """All there are, each once."""
        leaving = [ending.generation for ending in self._endings]
        staying = [self._coming, None if self._stopping else self._current]
        return leaving + [generation for generation in staying if generation]

    def _waitables(self) -> list[Any]:
        return [self._news, *(one for generation in self._generations() for one in generation.waitables())]

    def _pause(self) -> float | None:
        """Seconds until something is due by the clock."""
        moments = [ending.next for ending in self._endings] + [one.due() for one in self._generations()]
        moments += [self._restart_at, self._coming_until if self._coming else None]
        due = [moment for moment in moments if moment is not None]
        return max(min(due) - time.monotonic(), 0.0) if due else None

    def _step(self) -> None:
        while self._news.poll():
            self._news.recv_bytes()
        for generation in self._generations():
            generation.tend()
        while self._heard:
            self._obey(self._heard.pop(0))
        self._look_at_the_coming()
        self._look_at_the_current()
        self._look_at_the_ending()

    # What is said from outside.

    def _obey(self, number: int) -> None:
        if number == signal.SIGHUP and not self._terminal.is_gone:
            self._reload()
        elif number == RETIRE:
            if self._successor is None:
                self._end(RETIRE_SECONDS)
        elif number == ORPHANED:
            self._end(ORPHAN_SECONDS)
        elif number == signal.SIGINT and self._stopping:
            for ending in self._endings:
                ending.insist()
        else:
            self._end(STOP_SECONDS)

    def _reload(self) -> None:
        if self._stopping or self._successor is None:
            return
        if self._coming:
            self._again = True
            return
        LOG.info("reloading: new workers start beside the old ones")
        try:
            self._coming = self._successor()
        except OSError:
            LOG.exception("reload failed: no process can be started, and the old workers go on with the old settings")
        self._coming_until = time.monotonic() + START_SECONDS

    def _end(self, patience: float) -> None:
        """Everything ends, within `patience` seconds if it was not told an earlier moment before."""
        self._endings = _hurried(self._endings, patience)
        if self._stopping:
            return
        self._on_end()
        staying = [one for one in (self._coming, self._current) if one and not one.ended]
        self._stopping, self._coming = True, None
        self._endings += [_Ending(one, signal.SIGTERM, patience) for one in staying]

    # What happens by itself.

    def _look_at_the_coming(self) -> None:
        if self._coming is None:
            return
        if self._coming.ready:
            self._change_over(self._coming)
        elif self._coming.ended or time.monotonic() > self._coming_until:
            LOG.error("reload failed: the new workers did not come up, and the old ones go on with the old settings")
            if not self._coming.ended:
                self._endings.append(_Ending(self._coming, signal.SIGTERM, STOP_SECONDS))
            self._coming = None
        if self._coming is None and self._again and not self._stopping:
            self._again = False
            self._reload()

    def _change_over(self, coming: Generation) -> None:
        LOG.info("reloaded: the new workers serve, the old ones finish what they have")
        if not self._current.ended:
            self._endings.append(_Ending(self._current, RETIRE, RETIRE_SECONDS))
        self._current, self._coming = coming, None
        old = self._endings[:-MOST_RETIRING]
        self._endings[: len(old)] = _hurried(old, STOP_SECONDS)

    def _look_at_the_current(self) -> None:
        if self._current.ready and not self._told_ready:
            self._told_ready = True
            self._on_ready()
        if self._stopping or not self._current.ended or self._successor is None or self._coming:
            return
        if self._restart_at is None:
            LOG.error("all workers ended; others take their place")
            self._restart_at = time.monotonic() + RESTART_SECONDS
        elif time.monotonic() >= self._restart_at:
            self._restart_at = None
            self._reload()

    def _look_at_the_ending(self) -> None:
        self._endings = [ending for ending in self._endings if not ending.generation.ended]
        for ending in self._endings:
            if ending.next is not None and time.monotonic() >= ending.next:
                LOG.warning("workers did not end in time and are told again")
                ending.insist()
