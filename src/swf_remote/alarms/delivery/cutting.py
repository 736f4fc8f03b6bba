"""An end to what a server that answers drop by drop could draw out without limit."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType

_AGAIN_SECONDS = 0.5


class Deadline:
    """Cuts a connection when its time is over; reads and writes of the block then fail at once.

    Time-outs of sockets hold for one read each; this holds for all of them together.
    """

    def __init__(self, seconds: float, connection: Callable[[], socket.socket | None]) -> None:
        """`connection`: the socket at the moment, if there is one."""
        self._connection = connection
        self._end = time.monotonic() + seconds
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="alarms-deadline", daemon=True)

    @property
    def left(self) -> float:
        """Seconds left.

        Raises:
            TimeoutError: none are.
        """
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError("the time for this attempt was over")
        return left

    def extend(self, seconds: float) -> None:
        """Let it end so many seconds from now."""
        self._end = time.monotonic() + seconds

    def __enter__(self) -> Deadline:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._done.wait(max(self._end - time.monotonic(), 0)):
            if time.monotonic() < self._end:
                continue
            found = self._connection()
            if found is not None:
                # The plain socket's own: TLS would want to say good-bye.
                with suppress(OSError):
                    socket.socket.shutdown(found, socket.SHUT_RDWR)
            if self._done.wait(_AGAIN_SECONDS):
                return
