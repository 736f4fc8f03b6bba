"""What lives as long as a gateway process: the client to the monitor, the probe of the link, and the end of it all.

Opened by the server's lifespan start, or by the first request where a server has none. At the signal to end, event
streams are told to stop; running requests get a moment to finish, and then the client is closed.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress

from swf_remote.configuration import Configuration
from swf_remote.edge import metrics
from swf_remote.edge.telemetry.traces import Traces, traces_of
from swf_remote.edge.termination import at_termination
from swf_remote.proxy.capacity.client import LanedClient
from swf_remote.proxy.link import LinkRecord, Observation, Proof, install, utc_now
from swf_remote.proxy.probe import Probe
from swf_remote.proxy.trust import OFF_WARNING
from swf_remote.proxy.upstream import UpstreamClient

LOG = logging.getLogger("swf_remote.runtime")
FINISH_SECONDS = 2.0
AGAIN_SECONDS = 5.0
# More than the most event streams that ``proxy.events`` lets in.
SIDE_CONNECTIONS = 4000


class Runtime:
    """The long-lived parts of one process."""

    def __init__(self, settings: Configuration) -> None:
        self._settings = settings
        self.client = UpstreamClient(settings, settings.monitor_connections)
        self.lanes = LanedClient(
            self.client,
            settings.monitor_connections,
            ask_probe=self._look_soon,
            at_once=settings.reader_budgets.at_once,
        )
        self.record = LinkRecord(clock=utc_now, proof=self.client.proof, heard=self._link_seen)
        # Streams last, and looks at the link must not queue behind slow pages: neither takes a page's connection.
        self.side_client = UpstreamClient(settings, SIDE_CONNECTIONS)
        self.probe = Probe(settings, self.side_client, self.record, heard_since=self.lanes.heard_since)
        self.stopping = asyncio.Event()
        self.endings: list[Callable[[], Awaitable[None]]] = []
        """What else has to end before the client to the monitor is closed."""
        self.traces: Traces | None = None
        """Begun with the process; None where they are off."""
        self.companions: list[Callable[[], Awaitable[None]]] = []
        """What else runs from the start to the end, beside the requests."""
        self._running: list[asyncio.Task[None]] = []
        self._open = False
        self._busy = 0
        self._idle = asyncio.Event()
        self._listen_no_more: Callable[[], None] = lambda: None

    async def open(self) -> None:
        """Make everything ready; safe to call twice."""
        if self._open:
            return
        self._open = True
        install(self.record)
        self.traces = traces_of(self._settings)
        if self.client.proof is Proof.NONE:
            LOG.warning(OFF_WARNING)
        await self.client.__aenter__()
        await self.side_client.__aenter__()
        self._listen_no_more = at_termination(self.stopping.set)
        self._running = [asyncio.create_task(_kept_up(run)) for run in (self.probe.run, *self.companions)]

    @property
    def open_without_traces(self) -> bool:
        """Whether all is ready, and no request has to be traced."""
        return self._open and self.traces is None

    async def close(self) -> None:
        """End streams, let running requests finish, close the client."""
        self.stopping.set()
        if self._busy:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._idle.wait(), FINISH_SECONDS)
        for one in self._running:
            one.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        for ending in self.endings:
            await ending()
        await self.client.__aexit__(None, None, None)
        await self.side_client.__aexit__(None, None, None)
        if self.traces is not None:
            await self.traces.close()
        self._listen_no_more()

    def _look_soon(self) -> None:
        self.probe.ask()

    def _link_seen(self, seen: Observation) -> None:
        metrics.link_looked_at(seen)
        self.lanes.link_seen(seen)

    def link_is_down(self) -> bool:
        """Whether the last look at the link found the monitor out of reach."""
        state = self.record.state()
        return state.probed and not state.up

    def request_begins(self) -> None:
        """One more request is being answered."""
        self._busy += 1
        self._idle.clear()

    def request_ends(self) -> None:
        """The counterpart of ``request_begins``."""
        self._busy -= 1
        if not self._busy:
            self._idle.set()


async def _kept_up(run: Callable[[], Awaitable[None]]) -> None:
    """What runs beside the requests goes on after a failure, and says that there was one."""
    while True:
        try:
            await run()
        except Exception:
            LOG.exception("what runs beside the requests failed and is started again")
        await asyncio.sleep(AGAIN_SECONDS)
