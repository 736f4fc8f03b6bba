"""Looks at the link again and again: the tunnel's entrance, the monitor behind it, and what it says of its data.

Every finding goes into the ``LinkRecord``. A request of a reader that failed asks for a look at once. A monitor that
does not answer one look may just be busy: it counts as lost after a second one, if it answered nobody else either.
"""

from __future__ import annotations

import asyncio
import json
import logging
import socket
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from swf_remote.configuration import Configuration
from swf_remote.proxy.failures import LinkCause, TlsError, UpstreamError, UpstreamTimeoutError
from swf_remote.proxy.link import LinkRecord, Observation, Place
from swf_remote.proxy.upstream import Budget, UpstreamClient

LOG = logging.getLogger("swf_remote.link")
STATUS_PATH = "/panda/system/status.json"
BUSY = Observation(Place.MONITOR, "The monitor is busy: its status page does not answer in time.", answers=True)
ENTRANCE_REFUSES = "The SSH tunnel is down: its entrance refuses connections."
CONNECT_SECONDS = 2.0
BUDGET = Budget(first_byte=4.0, between_bytes=2.0)
# While readers wait for a first byte, so that a link that swallows everything is found out soon.
URGENT_BUDGET = Budget(first_byte=2.0, between_bytes=2.0)
DOWN_INTERVAL = 1.0
LARGEST_STATUS = 1_000_000
LONGEST_NAME = 80
SHORTEST_PAUSE = 0.25
SERVER_ERROR = 500


@dataclass(frozen=True, slots=True)
class _StatusRequest:
    target: str
    headers: tuple[tuple[str, str], ...]
    method: str = "GET"


class Probe:
    """One loop per process; see ``run``."""

    def __init__(
        self,
        settings: Configuration,
        client: UpstreamClient,
        record: LinkRecord,
        *,
        heard_since: Callable[[float], bool] = lambda _moment: False,
    ) -> None:
        """`heard_since`: whether the monitor answered any reader since that moment of the monotonic clock."""
        parts = urlsplit(settings.monitor_url)
        self._host = parts.hostname or ""
        self._port = parts.port or (443 if parts.scheme == "https" else 80)
        headers = (("Host", settings.monitor_host or parts.netloc), ("Accept", "application/json"))
        self._request = _StatusRequest(settings.monitor_mount + STATUS_PATH, headers)
        self._interval = settings.probe_interval
        self._client = client
        self._record = record
        self._heard_since = heard_since
        self._asked = asyncio.Event()
        self._budget = BUDGET

    def ask(self) -> None:
        """Look soon: a reader's request has just failed."""
        self._asked.set()

    async def run(self) -> None:
        """Look at the link until cancelled."""
        while True:
            before = self._record.state().broken_at
            seen = await self._considered()
            self._record.note(seen)
            if seen.broken_at != before:
                LOG.warning("link: %s", seen.reason or "all parts answer again")
            await asyncio.sleep(SHORTEST_PAUSE)
            interval = self._interval if self._record.state().up else min(self._interval, DOWN_INTERVAL)
            with suppress(TimeoutError):
                # Unlike ``wait_for`` of Python 3.11, this never takes an end for an answer.
                async with asyncio.timeout(max(interval - SHORTEST_PAUSE, 0)):
                    await self._asked.wait()
            self._budget = URGENT_BUDGET if self._asked.is_set() else BUDGET
            self._asked.clear()

    async def _considered(self) -> Observation:
        """A look, and a second one before a monitor that was well counts as lost."""
        begin = time.monotonic()
        seen = await self.look()
        if not (_doubtful(seen) and self._record.state().up):
            return seen
        await asyncio.sleep(SHORTEST_PAUSE)
        seen = await self.look()
        return BUSY if _doubtful(seen) and self._heard_since(begin) else seen

    async def look(self) -> Observation:
        """One look at the whole chain."""
        fault = await self._entrance_fault()
        if fault:
            words, cause = fault
            return Observation(Place.TUNNEL, words, cause=cause)
        begin = time.monotonic()
        try:
            status, document, server = await self._status()
        except UpstreamError as error:
            return Observation(Place.MONITOR, _words(error), cause=_cause_of(error))
        return replace(judge(status, document, (time.monotonic() - begin) * 1000), server=server)

    async def _entrance_fault(self) -> tuple[str, LinkCause] | None:
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                _reader, writer = await asyncio.open_connection(self._host, self._port)
        except TimeoutError:
            return "The SSH tunnel is down: its entrance does not answer.", LinkCause.UNREACHABLE
        except ConnectionRefusedError:
            return ENTRANCE_REFUSES, LinkCause.REFUSED
        except socket.gaierror:
            return "The SSH tunnel is down: its entrance cannot be reached.", LinkCause.NAME
        except OSError:
            return "The SSH tunnel is down: its entrance cannot be reached.", LinkCause.UNREACHABLE
        writer.close()
        return None

    async def _status(self) -> tuple[int, Any, str]:
        """Status, document and the name of the software; None for what is no document."""
        answer = await self._client.send(self._request, budget=self._budget)
        server = _server(answer.raw_headers)
        try:
            body = b""
            async for chunk in answer.chunks():
                body += chunk
                if len(body) > LARGEST_STATUS:
                    return answer.status, None, server
        finally:
            answer.close()
        try:
            return answer.status, json.loads(body), server
        except ValueError:
            return answer.status, None, server


def _doubtful(seen: Observation) -> bool:
    """Whether a monitor in trouble and one that is only busy look like this."""
    return seen.broken_at is Place.MONITOR and seen.cause is not None


def judge(status: int, document: object, latency_ms: float) -> Observation:
    """What the monitor's own status answer means (contract 3.4). A monitor without that page is up all the same."""
    if status >= SERVER_ERROR:
        return Observation(Place.MONITOR, f"The monitor answers with errors (status {status}).", latency_ms)
    overall = document.get("overall_status") if isinstance(document, dict) else None
    if isinstance(document, dict) and overall == "error":
        reason = str(document.get("overall_reason") or "no reason given")[:300]
        return Observation(Place.DATA, f"The monitor reports a fault: {reason}", latency_ms)
    return Observation(None, "", latency_ms)


def _server(fields: Sequence[tuple[bytes, bytes]]) -> str:
    """The software that an answer names (RFC 9110 10.2.4)."""
    named = next((value for name, value in fields if name.lower() == b"server"), b"")
    return "".join(filter(str.isprintable, named.decode("latin-1")))[:LONGEST_NAME].strip()


def _words(error: UpstreamError) -> str:
    if isinstance(error, TlsError):
        return f"{error.fault}."
    if isinstance(error, UpstreamTimeoutError):
        return "The tunnel stands, but the monitor does not answer."
    return "The tunnel stands, but the monitor behind it breaks the connection."


def _cause_of(error: UpstreamError) -> LinkCause | None:
    """Why requests cannot be answered either; one whose certificate is not accepted fails at once and says so."""
    if isinstance(error, TlsError):
        return None
    return LinkCause.SILENT if isinstance(error, UpstreamTimeoutError) else LinkCause.RESET
