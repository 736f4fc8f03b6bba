"""What runs when the server process starts and stops.

A part that holds connections open (the event stream) registers a coroutine function here and ends them in it; the
ASGI application calls all of them on the server's lifespan messages. Django knows no such messages.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

Hook = Callable[[], Awaitable[None]]

_startup: Final[list[Hook]] = []
_shutdown: Final[list[Hook]] = []


def on_startup(hook: Hook) -> Hook:
    """Register `hook` to run in the event loop before the first request; usable as a decorator."""
    _startup.append(hook)
    return hook


def on_shutdown(hook: Hook) -> Hook:
    """Register `hook` to run in the event loop when the server stops; usable as a decorator."""
    _shutdown.append(hook)
    return hook


async def start() -> None:
    """Run the start-up hooks in the order of their registration."""
    for hook in _startup:
        await hook()


async def stop() -> None:
    """Run the shutdown hooks, the latest first."""
    for hook in reversed(_shutdown):
        await hook()
