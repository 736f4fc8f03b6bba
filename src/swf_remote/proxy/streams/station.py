"""One stream of the monitor and its hub, running while somebody listens and a little longer.

Each start is an epoch of its own: what happened while nobody listened is not known.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

from swf_remote.proxy.streams.events import Position, new_epoch
from swf_remote.proxy.streams.filters import Wanted
from swf_remote.proxy.streams.hub import Hub
from swf_remote.proxy.streams.listener import Listener

LOG = logging.getLogger("swf_remote.streams")
# A reader who goes from page to page comes back within this.
LINGER_SECONDS = 30.0

Feed = Callable[[Hub], Awaitable[None]]


class Station:
    """See the module's text. Made and used in the running event loop."""

    def __init__(self, feed: Feed, stopping: asyncio.Event, *, linger: float) -> None:
        """`feed` brings events to the hub until it is cancelled; `stopping`: the gateway ends."""
        self.hub = Hub(new_epoch())
        self.ended = asyncio.Event()
        """Nobody is served here any more."""
        self._linger = linger
        self._nobody: asyncio.TimerHandle | None = None
        self._present = 0
        self._abandoned = asyncio.Event()
        self._running = asyncio.create_task(self._run(feed, stopping))

    @contextmanager
    def present(self) -> Iterator[Hub]:
        """Somebody is here for as long as the block runs."""
        self._present += 1
        if self._nobody:
            self._nobody.cancel()
        try:
            yield self.hub
        finally:
            self._present -= 1
            if not self._present and not self.ended.is_set():
                self._nobody = asyncio.get_running_loop().call_later(self._linger, self._abandoned.set)

    @contextmanager
    def listening(self, wanted: Wanted, last: Position | None, request_id: str) -> Iterator[Listener]:
        """A listener for as long as the block runs."""
        with self.present() as hub:
            listener = hub.join(wanted, last, request_id)
            if self.ended.is_set():
                hub.end()
            try:
                yield listener
            finally:
                hub.leave(listener)

    async def _run(self, feed: Feed, stopping: asyncio.Event) -> None:
        parts = (feed(self.hub), self.hub.deliver(), self.hub.beat(), stopping.wait(), self._abandoned.wait())
        running = [asyncio.ensure_future(part) for part in parts]
        try:
            await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in running:
                one.cancel()
            for outcome in await asyncio.gather(*running, return_exceptions=True):
                if isinstance(outcome, Exception):
                    LOG.error("the event stream failed", exc_info=outcome)
            await self.hub.deliver_rest()
            self.ended.set()
            self.hub.settled.set()
            self.hub.end()
