"""Where log lines go: standard error, by a thread of its own, so that whoever reads them slowly holds up no request.

Lines that are more than the reader takes are dropped, and their number is told. The thread rests while the process
forks; parent and child go on with threads and queues of their own.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from contextlib import suppress
from functools import cache
from queue import Empty, SimpleQueue

MOST_WAITING = 20_000
PAUSE_SECONDS = 0.05
FLUSH_SECONDS = 2.0
_BATCH = 1000


class Output:
    """Lines on their way to a file descriptor."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self.begin()

    def begin(self) -> None:
        """Start with nothing waiting; the thread comes with the first line."""
        self._waiting: SimpleQueue[str | threading.Event | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._dropped = 0

    def write(self, line: str) -> None:
        """Have this line written, its end added; returns at once."""
        if self._waiting.qsize() >= MOST_WAITING:
            self._dropped += 1
            return
        self._waiting.put(line)
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="log", daemon=True)
            self._thread.start()

    def flush(self) -> None:
        """Wait until all is written that came so far, for a while at most."""
        if self._thread is not None:
            written = threading.Event()
            self._waiting.put(written)
            written.wait(FLUSH_SECONDS)

    def rest(self) -> None:
        """Write what came so far and end the thread; the next line begins another."""
        if self._thread is not None:
            self._waiting.put(None)
            self._thread.join(FLUSH_SECONDS)
            self._thread = None

    def _run(self) -> None:
        batch: list[str | threading.Event | None] = []
        while None not in batch:
            batch = [self._waiting.get()]
            if isinstance(batch[0], str):
                # Few long writes cost the requests less than many short ones.
                time.sleep(PAUSE_SECONDS)
            batch += self._ready()
            self._write_batch(batch)

    def _ready(self) -> list[str | threading.Event | None]:
        found: list[str | threading.Event | None] = []
        with suppress(Empty):
            while len(found) < _BATCH:
                found.append(self._waiting.get_nowait())
        return found

    def _write_batch(self, batch: list[str | threading.Event | None]) -> None:
        lines = [line for line in batch if isinstance(line, str)]
        if self._dropped:
            lines.append(f"{self._dropped} log lines were dropped: they are read more slowly than they come")
            self._dropped = 0
        if lines:
            self._write_all(("\n".join(lines) + "\n").encode(errors="backslashreplace"))
        for written in batch:
            if isinstance(written, threading.Event):
                written.set()

    def _write_all(self, data: bytes) -> None:
        view = memoryview(data)
        try:
            while view:
                view = view[os.write(self._descriptor, view) :]
        except OSError:
            return  # nobody reads any more


@cache
def output() -> Output:
    """The one of this process."""
    return Output(sys.__stderr__.fileno() if sys.__stderr__ else 2)


class OutputHandler(logging.Handler):
    """Records of Python's own logging, formatted at once and written by the thread."""

    def emit(self, record: logging.LogRecord) -> None:
        """Hand the record on."""
        try:
            output().write(self.format(record))
        except Exception:
            self.handleError(record)

    def flush(self) -> None:
        """Wait until all is written; Python calls it at its end."""
        if output.cache_info().currsize:
            output().flush()


def _rest() -> None:
    if output.cache_info().currsize:
        output().rest()


def _begin_anew() -> None:
    if output.cache_info().currsize:
        output().begin()


os.register_at_fork(before=_rest, after_in_child=_begin_anew)
