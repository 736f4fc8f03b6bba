"""The link between gateway and monitor: a TCP relay with a round-trip time, a bandwidth and faults.

Like a channel of an SSH tunnel, a connection is accepted at once and opened at the far end a round trip later. All
connections share the bandwidth of a direction. One event loop; times in seconds.
"""

from __future__ import annotations

import asyncio
import random
import socket
import struct
from collections import deque
from dataclasses import dataclass
from typing import cast

MOST_QUEUED = 1 << 20
_RESET = struct.pack("ii", 1, 0)


class Lane:
    """One direction of the link: when does what is sent now arrive?"""

    def __init__(self, delay: float, bits_per_second: float | None) -> None:
        self.delay = delay
        self.bits_per_second = bits_per_second
        self._free_at = 0.0

    def arrival(self, now: float, size: int) -> float:
        """When the last of `size` bytes arrives; the lane is taken until they are sent."""
        begin = max(now, self._free_at)
        self._free_at = begin + (size * 8 / self.bits_per_second if self.bits_per_second else 0.0)
        return self._free_at + self.delay

    def clear(self) -> None:
        """Nothing is being sent any more."""
        self._free_at = 0.0


@dataclass(slots=True)
class Counts:
    """What went over the link since it was last asked."""

    connections: int = 0
    turns: int = 0
    """Round trips: one to open each connection, one for each time its near end spoke after its far end."""
    up: int = 0
    down: int = 0
    resets: int = 0
    open: int = 0
    """Connections that stand now."""


class Link:
    """Listens on a port of its own and leads to one address."""

    def __init__(self, port_behind: int, *, rtt: float, bits_per_second: float | None) -> None:
        self.up, self.down = Lane(rtt / 2, bits_per_second), Lane(rtt / 2, bits_per_second)
        self.rtt = rtt
        self.port = 0
        self.port_behind = port_behind
        self.counts = Counts()
        self.reset_share = 0.0
        """Of answers, how many break off with a reset."""
        self.silent = False
        """Nothing arrives, nothing is refused."""
        self.ends: set[End] = set()
        self._server: asyncio.Server | None = None

    async def open(self) -> None:
        """Accept connections, on the same port as before."""
        if self._server is None:
            loop = asyncio.get_running_loop()
            self._server = await loop.create_server(lambda: Near(self), "127.0.0.1", self.port, reuse_address=True)
            self.port = self._server.sockets[0].getsockname()[1]

    def cut(self) -> None:
        """Break all connections and refuse new ones until ``open``."""
        if self._server is not None:
            self._server.close()
            self._server = None
        self.drop()

    def drop(self) -> None:
        """Break all connections."""
        for end in list(self.ends):
            end.reset()

    def set(self, *, rtt: float, bits_per_second: float | None) -> None:
        """Another round-trip time and bandwidth from now on; what is on its way arrives."""
        self.rtt = rtt
        for lane in (self.up, self.down):
            lane.delay, lane.bits_per_second = rtt / 2, bits_per_second
            lane.clear()
        for end in list(self.ends):
            end.hurry()

    def breaks_now(self) -> bool:
        """Whether the answer that begins now is to be broken off."""
        if random.random() < self.reset_share:
            self.counts.resets += 1
            return True
        return False


class End(asyncio.Protocol):
    """One end of a connection: what it hears arrives at its other end later."""

    def __init__(self, link: Link, lane: Lane) -> None:
        self.link, self.lane = link, lane
        self.other: End | None = None
        self.transport: asyncio.Transport | None = None
        self._waiting: deque[tuple[float, bytes]] = deque()
        self._queued = 0
        self._timer: asyncio.TimerHandle | None = None
        self._may_write = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.link.ends.add(self)

    def data_received(self, data: bytes) -> None:
        self._send(data, len(data))

    def eof_received(self) -> bool:
        self._send(b"", 1)
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        self.link.ends.discard(self)
        there = self.other.transport if self.other else None
        if there:
            # Who sends its end hears nothing more: no client of ours closes one half only.
            there.abort() if exc else there.close()

    def pause_writing(self) -> None:
        self._may_write = False

    def resume_writing(self) -> None:
        self._may_write = True
        if self.other:
            self.other._deliver()

    def reset(self) -> None:
        """Break it with RST."""
        if self.transport:
            raw = self.transport.get_extra_info("socket")
            if raw is not None:
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            self.transport.abort()

    def hurry(self) -> None:
        """What is on its way arrives now."""
        if self._timer:
            self._timer.cancel()
        self._waiting = deque((0.0, data) for _when, data in self._waiting)
        self._deliver()

    def _send(self, data: bytes, size: int) -> None:
        now = asyncio.get_running_loop().time()
        self._waiting.append((self.lane.arrival(now, size), data))
        self._queued += size
        if self._queued > MOST_QUEUED and self.transport:
            self.transport.pause_reading()
        if self._timer is None:
            self._deliver()

    def _deliver(self) -> None:
        """Hand over what has arrived by now, and come back for the next."""
        self._timer = None
        loop = asyncio.get_running_loop()
        while self._waiting and self._may_arrive():
            when, data = self._waiting[0]
            if when > loop.time():
                self._timer = loop.call_at(when, self._deliver)
                return
            self._waiting.popleft()
            self._queued -= max(len(data), 1)
            self._hand_over(data)
        if self._queued <= MOST_QUEUED and self.transport and not self.transport.is_closing():
            self.transport.resume_reading()

    def _may_arrive(self) -> bool:
        there = self.other.transport if self.other else None
        return (
            there is not None
            and not there.is_closing()
            and bool(self.other and self.other._may_write)
            and not self.link.silent
        )

    def _hand_over(self, data: bytes) -> None:
        assert self.other and self.other.transport
        if data:
            self.other.transport.write(data)
        else:
            self.other.transport.close()


class Near(End):
    """The end at the gateway."""

    def __init__(self, link: Link) -> None:
        super().__init__(link, link.up)
        self.speaks = False
        """Whether its own end spoke last."""
        self._early = b""
        """Nothing is sent before the far end has said that it is open."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        counts = self.link.counts
        counts.connections += 1
        counts.turns += 1
        counts.open += 1
        asyncio.get_running_loop().call_later(self.link.rtt, self._open_far_end)

    def data_received(self, data: bytes) -> None:
        self.link.counts.up += len(data)
        if not self.speaks:
            self.speaks = True
            self.link.counts.turns += 1
        if self.other is None:
            self._early += data
        else:
            super().data_received(data)

    def eof_received(self) -> bool:
        return self.other is not None and super().eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        self.link.counts.open -= 1
        super().connection_lost(exc)

    def _open_far_end(self) -> None:
        if self.transport and not self.transport.is_closing():
            task = asyncio.ensure_future(self._connect())
            task.add_done_callback(_heard)

    async def _connect(self) -> None:
        far = Far(self.link, self)
        try:
            await asyncio.get_running_loop().create_connection(lambda: far, "127.0.0.1", self.link.port_behind)
        except OSError:
            self.reset()
            return
        self.other = far
        if self._early:
            super().data_received(self._early)
        self._early = b""


class Far(End):
    """The end at the monitor."""

    def __init__(self, link: Link, near: Near) -> None:
        super().__init__(link, link.down)
        self.near = near
        self.other = near

    def data_received(self, data: bytes) -> None:
        self.link.counts.down += len(data)
        super().data_received(data)

    def _hand_over(self, data: bytes) -> None:
        if self.near.speaks and data:
            self.near.speaks = False
            if self.link.breaks_now():
                self.near.reset()
                self.reset()
                return
        super()._hand_over(data)


def _heard(task: asyncio.Future[None]) -> None:
    if not task.cancelled():
        task.exception()
