"""Worker processes on shared listening sockets: started, replaced when one dies, ended together.

The parent only watches. It forks before it has any thread, so that workers share the memory of what is loaded; each
worker ends with its parent, because an orphan would keep the port and answer on.
"""

from __future__ import annotations

import ctypes
import logging
import multiprocessing
import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from types import FrameType

LOG = logging.getLogger("swf_remote.serve")
PR_SET_PDEATHSIG = 1
# A worker that dies at once is not started again faster than this.
RESPAWN_SECONDS = 0.2

Serve = Callable[[list[socket.socket]], None]


class Workers:
    """Runs `serve` in `count` processes until SIGTERM or SIGINT, and then gives them `grace` seconds to end."""

    def __init__(self, serve: Serve, sockets: list[socket.socket], *, count: int, grace: float) -> None:
        self._serve, self._sockets = serve, sockets
        self._count, self._grace = count, grace
        self._ending = False
        self._wake_reader, self._wake_writer = multiprocessing.Pipe(duplex=False)

    def run(self) -> None:
        """Return when all workers have ended."""
        before = {number: signal.signal(number, self._end) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            workers = [self._start() for _ in range(self._count)]
            while not self._ending:
                wait([self._wake_reader, *(worker.sentinel for worker in workers)])
                workers = [worker if worker.is_alive() else self._replace(worker) for worker in workers]
            self._stop(workers)
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _end(self, _number: int, _frame: FrameType | None) -> None:
        self._ending = True
        self._wake_writer.send_bytes(b"end")

    def _start(self) -> BaseProcess:
        process = multiprocessing.get_context("fork").Process(
            target=_work, args=(self._serve, self._sockets, os.getpid()), daemon=False
        )
        process.start()
        return process

    def _replace(self, dead: BaseProcess) -> BaseProcess:
        if self._ending:
            return dead
        LOG.error("worker %s ended with code %s; another takes its place", dead.pid, dead.exitcode)
        return dead if self._wake_reader.poll(RESPAWN_SECONDS) else self._start()

    def _stop(self, workers: list[BaseProcess]) -> None:
        for worker in workers:
            worker.terminate()
        limit = time.monotonic() + self._grace
        for worker in workers:
            worker.join(max(limit - time.monotonic(), 0))
            if worker.is_alive():
                LOG.warning("worker %s did not end in %.0f s and was killed", worker.pid, self._grace)
                worker.kill()
                worker.join()


def _work(serve: Serve, sockets: list[socket.socket], parent: int) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _leave)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != parent:
            return  # it died before it could be watched
    serve(sockets)


def _leave(_number: int, _frame: FrameType | None) -> None:
    """What a signal does before the server listens to it, and after it has done what it says."""
    sys.exit(0)
