"""How the cache speaks with Redis or Valkey: briefly, and with a pause after each failure.

Whatever is wrong with Redis (gone, slow, full, written to by somebody else), the gateway goes on without. It is told
once when that begins, and once when it ends.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from hashlib import sha1
from typing import Any

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import NoScriptError, RedisError

LOG = logging.getLogger("swf_remote.cache")
# The form of keys and values; another form gets another number, so that old and new gateways do not read each other's.
PREFIX = "swf-remote:1:cache:"
# What is there to save time must not cost much of it; word of a write is worth some waiting.
ANSWER_SECONDS = 0.1
URGENT_SECONDS = 1.0
PAUSE_SECONDS = 1.0
MOST_CONNECTIONS = 32
CONNECTIONS_AT_ONCE = 4

Argument = bytes | str | int


class SilentError(Exception):
    """Redis does not answer as it should."""


class Script:
    """A step that Redis does as a whole."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.digest = sha1(text.encode(), usedforsecurity=False).hexdigest()


class RedisLink:
    """One process's way to Redis."""

    def __init__(
        self,
        url: str,
        *,
        patience: float = URGENT_SECONDS,
        is_told: Callable[[bool], None] = lambda _answers: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """A way to the Redis at `url`.

        Args:
            patience: seconds for an answer to what is urgent.
            is_told: is called with whether Redis answers, when that is first known and when it changes.
            clock: counts seconds monotonically.
        """
        # An idle connection may have ended, then another one is tried.
        again = Retry(NoBackoff(), 1, supported_errors=(RedisConnectionError,))
        pool: BlockingConnectionPool = BlockingConnectionPool.from_url(
            url,
            max_connections=MOST_CONNECTIONS,
            timeout=patience,
            socket_connect_timeout=patience,
            socket_timeout=patience,
            retry=again,
        )
        self._redis = Redis.from_pool(pool)
        self._connecting: asyncio.Task[None] | None = None
        self._clock = clock
        self._silent_until = 0.0
        self._silent_since = 0.0
        self._answers: bool | None = None
        self._is_told = is_told

    @property
    def pauses(self) -> bool:
        """It failed a moment ago, and is left alone."""
        return self._clock() < self._silent_until

    @property
    def silent_seconds(self) -> float:
        """For how long it has failed; 0 if it did not the last time."""
        return self._clock() - self._silent_since if self._answers is False else 0.0

    async def run(
        self, script: Script, keys: Sequence[str], arguments: Sequence[Argument], *, urgent: bool = False
    ) -> Any:
        """What the script returns; what is `urgent` is tried in a pause, too, and for longer.

        Raises:
            SilentError: nothing, in time.
        """
        if self.pauses and not urgent:
            raise SilentError
        try:
            async with asyncio.timeout(None if urgent else ANSWER_SECONDS):
                found = await self._run(script, keys, arguments)
        except (RedisError, OSError) as error:
            self._failed(error)
            raise SilentError from error
        self._silent_until = 0.0
        if self._answers is False:
            LOG.warning("Redis answers again: the cache is shared")
        self._note(answers=True)
        return found

    async def _run(self, script: Script, keys: Sequence[str], arguments: Sequence[Argument]) -> Any:
        try:
            return await self._redis.evalsha(script.digest, len(keys), *keys, *arguments)
        except NoScriptError:
            return await self._redis.eval(script.text, len(keys), *keys, *arguments)

    def _failed(self, error: Exception) -> None:
        self._silent_until = self._clock() + PAUSE_SECONDS
        if self._answers is not False:
            self._silent_since = self._clock()
            LOG.warning("no Redis for the cache (%s): each process keeps its own", str(error) or type(error).__name__)
        if isinstance(error, TimeoutError) and (self._connecting is None or self._connecting.done()):
            self._connecting = asyncio.create_task(self._connect())
        self._note(answers=False)

    async def _connect(self) -> None:
        """Make connections for the next who ask: by TLS to another host that takes longer than anybody waits."""
        await asyncio.gather(*(self._redis.ping() for _ in range(CONNECTIONS_AT_ONCE)), return_exceptions=True)

    def _note(self, *, answers: bool) -> None:
        if answers is not self._answers:
            self._answers = answers
            self._is_told(answers)

    async def close(self) -> None:
        """Let all connections go."""
        if self._connecting is not None:
            self._connecting.cancel()
            await asyncio.wait([self._connecting])
        await self._redis.aclose(close_connection_pool=True)
