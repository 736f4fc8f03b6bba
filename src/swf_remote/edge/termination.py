"""Hears of the end in time: a server lets its connections run out before it says ``lifespan.shutdown``.

An event stream never runs out by itself, so whoever holds one has to listen to the signals, too. The server's own
handling of them goes on as before.
"""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable
from contextlib import ExitStack
from types import FrameType


def at_termination(call: Callable[[], None]) -> Callable[[], None]:
    """Have `call` called in the running event loop at SIGTERM or SIGINT; returns what undoes it.

    Only the main thread hears signals; in another thread nothing happens, and the lifespan's end has to do.
    """
    if threading.current_thread() is not threading.main_thread():
        return lambda: None
    loop = asyncio.get_running_loop()
    with ExitStack() as undo:
        for number in (signal.SIGTERM, signal.SIGINT):
            undo.callback(_before_the_others(number, loop, call))
        return undo.pop_all().close


def _before_the_others(
    number: signal.Signals, loop: asyncio.AbstractEventLoop, call: Callable[[], None]
) -> Callable[[], None]:
    others = signal.getsignal(number)

    def handle(received: int, frame: FrameType | None) -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(call)
        if callable(others):
            others(received, frame)
        elif others is signal.SIG_DFL:
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)

    def undo() -> None:
        if signal.getsignal(number) is handle:
            signal.signal(number, others)

    signal.signal(number, handle)
    return undo
