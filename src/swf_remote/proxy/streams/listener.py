"""One listener's queue: what was not sent yet, bounded by its bytes.

Frames are shared by all listeners, so a queue costs its references. Whoever lets it run over is dropped with a word of
why, and comes back by its last id; nothing is ever left out in the middle.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence

from swf_remote.proxy.streams.filters import Wanted

MOST_QUEUED = 512 << 10
LARGEST_PIECE = 64 << 10


class Listener:
    """Used from one event loop only."""

    def __init__(
        self,
        wanted: Wanted,
        joined: int,
        *,
        request_id: str,
        beginning: Sequence[bytes] = (),
    ) -> None:
        """`joined`: how many events the hub had been given by then; `beginning` says what there is to know of them."""
        self.wanted = wanted
        self.joined = joined
        self.request_id = request_id
        self._queue = deque(beginning)
        self._size = sum(map(len, beginning))
        self._limit = MOST_QUEUED + self._size
        self._ended = False
        self._news: asyncio.Future[None] | None = None

    def offer(self, frame: bytes) -> bool:
        """Queue a frame; false if it does not fit. One frame fits into an empty queue, however long it is."""
        if self._ended:
            return True
        if self._size + len(frame) > self._limit and self._queue:
            return False
        self._queue.append(frame)
        self._size += len(frame)
        self._wake()
        return True

    def end(self, last: bytes, *, at_once: bool = False) -> None:
        """Nothing comes after `last`; `at_once`: what waits is left out."""
        if self._ended:
            return
        if at_once:
            self._queue.clear()
        self._queue.append(last)
        self._ended = True
        self._wake()

    async def next_piece(self) -> bytes:
        """What waits, as far as one piece holds it; empty at the end."""
        while not self._queue:
            if self._ended:
                return b""
            self._news = asyncio.get_running_loop().create_future()
            await self._news
        return self._taken()

    def _taken(self) -> bytes:
        frames = [self._queue.popleft()]
        size = len(frames[0])
        while self._queue and size + len(self._queue[0]) <= LARGEST_PIECE:
            frames.append(self._queue.popleft())
            size += len(frames[-1])
        self._size -= size
        return frames[0] if len(frames) == 1 else b"".join(frames)

    def _wake(self) -> None:
        if self._news and not self._news.done():
            self._news.set_result(None)
