"""Hears of the end in time: a server lets its connections run out before it says ``lifespan.shutdown``.

An event stream never runs out by itself, so whoever holds one has to listen to the signals, too. The server's own
handling of them goes on as before.
"""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable
from types import FrameType


def at_termination(call: Callable[[], None]) -> None:
    """Have `call` called in the running event loop at SIGTERM or SIGINT.

    Only the main thread hears signals; in another thread nothing happens, and the lifespan's end has to do.
    """
    if threading.current_thread() is threading.main_thread():
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            _before_the_others(number, loop, call)


def _before_the_others(number: signal.Signals, loop: asyncio.AbstractEventLoop, call: Callable[[], None]) -> None:
    others = signal.getsignal(number)

    def handle(received: int, frame: FrameType | None) -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(call)
        if callable(others):
            others(received, frame)
        elif others is signal.SIG_DFL:
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)

    signal.signal(number, handle)
