"""Looks once an hour whether the monitor still offers what the exposure table says; at once where staff ask for it.

One worker looks for all of the host, and only while the link is up. No reader's request ever causes a look.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import cache

from swf_remote.configuration import Configuration
from swf_remote.edge.shared_memory import folder
from swf_remote.operations.drift_record import LONGEST_LOOK_SECONDS, DriftRecord, DriftStore
from swf_remote.operations.live import api_version, look
from swf_remote.proxy.failures import UpstreamError
from swf_remote.proxy.link import LinkRecord
from swf_remote.proxy.policy.routes import exposure

LOG = logging.getLogger("swf_remote.drift")
INTERVAL_SECONDS = 3600.0
CHECK_SECONDS = 60.0


class DriftWatch:
    """One per process."""

    def __init__(self, settings: Configuration, link: LinkRecord, clock: Callable[[], float] = time.time) -> None:
        """`clock`: epoch seconds."""
        self._settings, self._link, self._clock = settings, link, clock
        self._asked = asyncio.Event()
        self._begin = clock()
        self._loop: asyncio.AbstractEventLoop | None = None

    async def run(self) -> None:
        """Look when it is time, until cancelled."""
        self._loop = asyncio.get_running_loop()
        _Installed.watch = self
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(CHECK_SECONDS):
                    await self._asked.wait()
            if self._asked.is_set() or (self.is_due() and drift_store().claim(self._clock())):
                self._asked.clear()
                await self.look()

    def is_due(self) -> bool:
        """Whether it is time for a look, and the link lets one through."""
        last = max(self._begin, drift_store().read().at)
        return self._clock() - last >= INTERVAL_SECONDS and self._link.state().up

    async def look(self) -> None:
        """Look now, for a claim that is noted already."""
        found = DriftRecord(fault="The look took too long and was given up.")
        try:
            async with asyncio.timeout(LONGEST_LOOK_SECONDS / 2):
                report = await look(self._settings, exposure())
                version = await _version(self._settings)
                found = DriftRecord(
                    fault=report.fault, pages=report.pages, findings=tuple(report.findings), api_version=version
                )
        except TimeoutError:
            LOG.warning("drift: %s", found.fault)
        finally:
            drift_store().keep(_ended(found, self._clock()))

    def ask(self) -> bool:
        """Have it look at once, from any thread; false while a look is under way already."""
        if self._loop is None or not drift_store().claim(self._clock()):
            return False
        self._loop.call_soon_threadsafe(self._asked.set)
        return True


async def _version(settings: Configuration) -> str:
    try:
        return await api_version(settings)
    except UpstreamError:
        return ""


def _ended(found: DriftRecord, now: float) -> DriftRecord:
    """As it is kept; a version that was told once stays known while the monitor cannot be asked."""
    return replace(found, at=now, api_version=found.api_version or drift_store().read().api_version)


class _Installed:
    watch: DriftWatch | None = None


@cache
def drift_store() -> DriftStore:
    """This host's."""
    return DriftStore(folder())


def last_look() -> DriftRecord:
    """What is known of drift."""
    return drift_store().read()


def ask_for_look() -> bool:
    """Have this process look at once; false where one is under way, or nobody is there to look."""
    return _Installed.watch is not None and _Installed.watch.ask()
