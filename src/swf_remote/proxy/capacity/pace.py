"""The processor's time among readers: of each reader, one piece of work in each turn of the event loop.

Whoever asks for many pages at once has many answers to be read and rewritten, and all that is ready in one turn of
the loop is done before anybody else is looked at again. So what concerns one reader stands in line: others wait for
one piece of it at most. Where nobody else has anything to be done, turns follow each other without a pause.
"""

from __future__ import annotations

import asyncio
from collections import deque

from .lines import NOBODY, Claim


class Pace:
    """See the module's text."""

    def __init__(self) -> None:
        self._lines: dict[str, deque[asyncio.Future[None]]] = {}

    async def turn(self, claim: Claim) -> None:
        """Wait until it is this claim's turn; what several readers wait for, or nobody, does not wait."""
        reader = claim.first
        if reader == NOBODY or len(claim.readers) > 1:
            return
        loop = asyncio.get_running_loop()
        line = self._lines.get(reader)
        if line is None:
            self._lines[reader] = deque()
            loop.call_soon(self._next, reader)
            return
        waits = loop.create_future()
        line.append(waits)
        await waits

    def _next(self, reader: str) -> None:
        """The turn is over: the next in line has one."""
        line = self._lines[reader]
        while line:
            waits = line.popleft()
            if not waits.done():
                waits.set_result(None)
                asyncio.get_running_loop().call_soon(self._next, reader)
                return
        del self._lines[reader]
