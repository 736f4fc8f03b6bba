"""One hub per event loop: it knows the listeners, and runs one watcher while there is at least one.

Nothing is kept for absent listeners: the stream has no replay (contract section 6).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from weakref import WeakKeyDictionary

from swf_monitor import lifespan
from swf_monitor.panda.stream.events import Event, EventFilter
from swf_monitor.panda.stream.mailbox import Mailbox
from swf_monitor.panda.stream.shutdown import call_at_termination

Publish = Callable[[Event], None]
Ready = Callable[[], None]
Watch = Callable[[Publish, Ready], Awaitable[None]]


class Hub:
    """Hands events from one watcher to all listeners of this process."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._mailboxes: set[Mailbox] = set()
        self._watching: asyncio.Future[None] | None = None
        self._ready = asyncio.Event()
        self._closed = False

    @asynccontextmanager
    async def listener(self, wanted: EventFilter) -> AsyncIterator[Mailbox]:
        """A mailbox that receives all that changes from now on, for as long as the block runs.

        The block begins once the watcher has taken its position, so nothing that happens inside it is missed. After
        `close` the mailbox is closed from the start.
        """
        mailbox = Mailbox(wanted)
        self._mailboxes.add(mailbox)
        try:
            if self._closed:
                mailbox.close()
            else:
                self._start_watching()
                await self._ready.wait()
            yield mailbox
        finally:
            self._mailboxes.discard(mailbox)
            if not self._mailboxes:
                self._stop_watching()

    def publish(self, event: Event) -> None:
        """Offer an event to every listener; never blocks."""
        for mailbox in self._mailboxes:
            mailbox.put(event)

    def close(self) -> None:
        """End all streams, now and for good: the process is going down."""
        self._closed = True
        self._ready.set()
        for mailbox in self._mailboxes:
            mailbox.close()
        self._stop_watching()

    @property
    def watching(self) -> bool:
        """Whether the watcher runs."""
        return self._watching is not None

    @property
    def listener_count(self) -> int:
        """How many listeners there are now."""
        return len(self._mailboxes)

    def _start_watching(self) -> None:
        if self._watching is None:
            self._ready.clear()
            self._watching = asyncio.ensure_future(self._watch(self.publish, self._ready.set))

    def _stop_watching(self) -> None:
        if self._watching is not None:
            self._watching.cancel()
            self._watching = None


_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = WeakKeyDictionary()


def hub_of_this_loop(watch: Watch) -> Hub:
    """The hub of the running event loop, made at first use; it closes when the server is told to stop."""
    loop = asyncio.get_running_loop()
    if loop not in _hubs:
        _hubs[loop] = hub = Hub(watch)
        call_at_termination(loop, hub.close)
    return _hubs[loop]


@lifespan.on_shutdown
async def close_all_streams() -> None:
    """End every open stream of the running event loop."""
    hub = _hubs.get(asyncio.get_running_loop())
    if hub is not None:
        hub.close()
