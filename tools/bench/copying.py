"""A plain copy of TCP, the fastest that Python can do: ``python -m tools.bench.copying PORT PORT_BEHIND``."""

from __future__ import annotations

import asyncio
import sys
from typing import cast

import uvloop


class Side(asyncio.Protocol):
    """One side of a connection; what comes is written to the other as the other takes it."""

    def __init__(self, behind: int | None) -> None:
        """`behind`: where the other side is still to be opened; None if this is the other side."""
        self._behind = behind
        self.other: Side | None = None
        self.transport: asyncio.Transport | None = None
        self._early = b""
        """What came before there was another side."""
        self._opening: asyncio.Task[object] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        if self._behind is not None:
            self._opening = asyncio.get_running_loop().create_task(self._open(self._behind))

    async def _open(self, behind: int) -> None:
        other = Side(None)
        other.other = self
        await asyncio.get_running_loop().create_connection(lambda: other, "127.0.0.1", behind)
        self.other = other
        self.data_received(self._early)

    def data_received(self, data: bytes) -> None:
        if self.other and self.other.transport:
            self.other.transport.write(data)
        else:
            self._early += data

    def pause_writing(self) -> None:
        if self.other and self.other.transport:
            self.other.transport.pause_reading()

    def resume_writing(self) -> None:
        if self.other and self.other.transport:
            self.other.transport.resume_reading()

    def connection_lost(self, _exc: Exception | None) -> None:
        if self.other and self.other.transport:
            self.other.transport.close()


async def _serve(port: int, behind: int) -> None:
    server = await asyncio.get_running_loop().create_server(lambda: Side(behind), "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(_serve(int(sys.argv[1]), int(sys.argv[2])))
