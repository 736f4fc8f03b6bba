"""Who of all processes asks the monitor for an answer, while the others wait for it to be kept.

A turn is a key in Redis that its holder renews. A holder that dies loses it within ``TURN_SECONDS``. Nobody waits for
longer than ``MOST_SECONDS``, and nobody at all without Redis.
"""

from __future__ import annotations

import asyncio
import random
import secrets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from enum import Enum, auto

from .redis_link import RedisLink, Script, SilentError
from .redis_store import RedisStore

TURN_SECONDS = 3.0
MOST_SECONDS = 30.0
_FIRST_LOOK, _LAST_LOOK = 0.005, 0.1

_TAKE = Script(
    """
if redis.call('set', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then return 1 + redis.call('exists', KEYS[2]) end
return 0
"""
)
_LOOK = Script("return redis.call('exists', KEYS[1])")
_RENEW = Script("if redis.call('get', KEYS[1]) == ARGV[1] then redis.call('pexpire', KEYS[1], ARGV[2]) end")
_GIVE = Script("if redis.call('get', KEYS[1]) == ARGV[1] then redis.call('del', KEYS[1]) end")


class Turn(Enum):
    """How it came."""

    FIRST = auto()
    """Nothing is kept."""
    LOOK = auto()
    """Something is kept; it may be new."""


class Turns:
    """One process's part in it."""

    def __init__(self, link: RedisLink, store: RedisStore) -> None:
        """`store`: where the answers are kept."""
        self._link, self._store = link, store

    @asynccontextmanager
    async def of(self, name: bytes, *, needed: Callable[[], bool]) -> AsyncIterator[Turn]:
        """It is this process's turn, or another's has just ended.

        Args:
            needed: whether others still have a reason to wait; asked now and then.
        """
        key, token = self._store.place(name, "turn"), secrets.token_hex(8)
        try:
            taken = await self._link.run(_TAKE, [key, self._store.place(name)], [token, int(TURN_SECONDS * 1000)])
        except SilentError:
            yield Turn.FIRST
            return
        except asyncio.CancelledError:
            # It may have been taken, though nobody heard of it.
            await self._give(key, token)
            raise
        if not taken:
            await self._wait(key)
            yield Turn.LOOK
            return
        renewing = asyncio.create_task(self._renew(key, token, needed))
        try:
            yield Turn.FIRST if taken == 1 else Turn.LOOK
        finally:
            if not renewing.done():
                renewing.cancel()
                await self._give(key, token)

    async def _wait(self, key: str) -> None:
        end, pause = time.monotonic() + MOST_SECONDS, _FIRST_LOOK
        with suppress(SilentError):
            while time.monotonic() < end and await self._link.run(_LOOK, [key], []):
                await asyncio.sleep(pause * random.uniform(0.7, 1.3))  # noqa: S311 - no secret
                pause = min(2 * pause, _LAST_LOOK)

    async def _renew(self, key: str, token: str, needed: Callable[[], bool]) -> None:
        renewed = time.monotonic()
        while needed():
            await asyncio.sleep(_LAST_LOOK)
            if time.monotonic() - renewed > TURN_SECONDS / 3:
                renewed = time.monotonic()
                with suppress(SilentError):
                    await self._link.run(_RENEW, [key], [token, int(TURN_SECONDS * 1000)])
        await self._give(key, token)

    async def _give(self, key: str, token: str) -> None:
        with suppress(SilentError):
            await self._link.run(_GIVE, [key], [token])
