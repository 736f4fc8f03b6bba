"""Ends open streams when the server is told to stop.

A server drains its connections before it says ``lifespan.shutdown``, and an event stream never drains by itself. So
the streams listen to the signals as well; the server's own handling of them goes on as before.
"""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any


def call_at_termination(loop: asyncio.AbstractEventLoop, close: Callable[[], None]) -> None:
    """Call `close` in `loop` at SIGTERM or SIGINT; no effect outside the main thread, which alone sees signals."""
    if threading.current_thread() is not threading.main_thread():
        return
    for number in (signal.SIGTERM, signal.SIGINT):
        _add_handler(number, loop, close)


def _add_handler(number: signal.Signals, loop: asyncio.AbstractEventLoop, close: Callable[[], None]) -> None:
    before: Any = signal.getsignal(number)

    def handle(received: int, frame: FrameType | None) -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(close)
        if callable(before):
            before(received, frame)
        elif before is signal.SIG_DFL:
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)

    signal.signal(number, handle)
