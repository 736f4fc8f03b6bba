"""Worker processes on shared listening sockets: started, replaced when one dies, ended together.

Their parent only watches. It forks while it has no other thread, so that workers share the memory of what is loaded.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.process import BaseProcess

from swf_remote.operations.parentage import ORPHAN_SECONDS, ORPHANED, RETIRE, end_with

LOG = logging.getLogger("swf_remote.serve")
# A worker that dies at once is not started again faster than this.
RESPAWN_SECONDS = 0.2

Serve = Callable[[list[socket.socket], Callable[[], None]], None]
"""Serves on the sockets until a signal; calls the function as soon as it does."""


class Workers:
    """Processes forked from this one that do the same; a generation for ``operations.service``."""

    killed_after = 3.0

    def __init__(self, serve: Serve, sockets: list[socket.socket], *, count: int, patient: bool) -> None:
        """Start `count` workers.

        Args:
            serve: what each of them does.
            sockets: what they listen to.
            count: how many they are.
            patient: whether one that dies before all have served is replaced; else all end then.
        """
        self.ready = False
        self._serve, self._sockets, self._patient = serve, sockets, patient
        self._ending = self._has_served = False
        self._served: set[int] = set()
        self._told, self._tell = multiprocessing.Pipe(duplex=False)
        self._next_start: float | None = None
        self._count = count
        self._workers: list[BaseProcess] = []
        self._start_missing()

    @property
    def ended(self) -> bool:
        """Whether none is left and none will come."""
        return self._ending and not self._workers

    def waitables(self) -> list[object]:
        """What becomes readable when there is something to tend."""
        return [self._told, *(worker.sentinel for worker in self._workers)]

    def due(self) -> float | None:
        """When there will be something to tend, in seconds of the monotonic clock."""
        return self._next_start

    def tend(self) -> None:
        """Hear who serves, and see to those who died."""
        while self._told.poll():
            self._served.add(self._told.recv())
        dead = [worker for worker in self._workers if not worker.is_alive()]
        self._workers = [worker for worker in self._workers if worker not in dead]
        if self._ending:
            return
        for worker in dead:
            LOG.error("worker %s ended with code %s", worker.pid, worker.exitcode)
        if dead:
            self._do_without()
        elif self._next_start is not None and time.monotonic() >= self._next_start:
            self._start_missing()
        self.ready = self.ready or len(self._served & {worker.pid for worker in self._workers}) == self._count

    def signal(self, number: int) -> None:
        """Say this to all workers; none is replaced any more. Why they end makes no difference to them."""
        self._ending, self._next_start = True, None
        for worker in self._workers:
            with suppress(ProcessLookupError):
                os.kill(worker.pid or 0, signal.SIGTERM if number == RETIRE else number)

    def _do_without(self) -> None:
        if self.ready or self._patient:
            self._next_start = time.monotonic() + RESPAWN_SECONDS
        else:
            self.signal(signal.SIGTERM)

    def _start_missing(self) -> None:
        self._next_start = None
        while len(self._workers) < self._count:
            self._workers.append(self._start())

    def _start(self) -> BaseProcess:
        process = multiprocessing.get_context("fork").Process(target=self._work, args=(os.getpid(),), daemon=False)
        # What is said to a worker before it listens waits until it does.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        try:
            process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        return process

    def _work(self, parent: int) -> None:
        signal.signal(ORPHANED, _finish_soon)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._leave)
        for number in (signal.SIGHUP, RETIRE):
            signal.signal(number, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, signal.valid_signals())
        if not end_with(parent):
            return
        try:
            self._serve(self._sockets, self._tell_ready)
        finally:
            # Python's own end of a forked process leaves it out.
            logging.shutdown()

    def _tell_ready(self) -> None:
        self._has_served = True
        self._tell.send(os.getpid())

    def _leave(self, _number: int, _frame: object) -> None:
        """What a signal does before the server listens to it, and after it has done what it says."""
        if self._has_served:
            sys.exit(0)
        # Nothing is to be finished, and an exception could get lost in whatever is being loaded.
        logging.shutdown()
        os._exit(0)


def _finish_soon(_number: int, _frame: object) -> None:
    """Nobody is left who would end this process if it hangs, so Linux is asked to."""
    signal.alarm(ORPHAN_SECONDS)
    signal.raise_signal(signal.SIGTERM)
