"""What the processes of a site share of one event stream, as keys of Redis: the log, the lease and a sign of life.

The log is a Redis stream of events, each with its id, and of the words "up" and "down". Only the holder of the lease
writes to it: the lease is checked in the same step (a script), so a holder that lost it without knowing writes nothing.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from swf_remote.proxy.streams.events import Position
from swf_remote.proxy.streams.parsing import Message

# The form of the keys; another form gets another number, so that old and new gateways do not read each other's.
PREFIX = "swf-remote:1:events:"
LEASE_MILLISECONDS = 3000
# How long after a holder's end the numbers are still gone on with.
ALIVE_MILLISECONDS = 15_000
BLOCK_MILLISECONDS = 1000
MOST_READ = 256
ANSWER_SECONDS = 2.5
BEGINNING = "0-0"

_APPEND = """
if redis.call('get', KEYS[1]) ~= ARGV[1] then return 0 end
for i = 3, #ARGV, 4 do
  redis.call('xadd', KEYS[2], 'MAXLEN', '~', ARGV[2], '*',
             'p', ARGV[i], 'k', ARGV[i + 1], 'n', ARGV[i + 2], 'd', ARGV[i + 3])
end
return 1
"""
_RENEW = """
if redis.call('get', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('pexpire', KEYS[1], ARGV[2])
redis.call('set', KEYS[2], ARGV[3], 'PX', ARGV[4])
return 1
"""
_RELEASE = "if redis.call('get', KEYS[1]) == ARGV[1] then redis.call('del', KEYS[1]) end"


class Word(StrEnum):
    """Kinds of entries."""

    EVENT = "event"
    UP = "up"
    DOWN = "down"
    """Its name is the try's id, its data the problem's fields."""
    NOISE = "noise"
    """Whatever else somebody wrote there."""


_WORDS = frozenset(Word)


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the log."""

    id: str
    """Redis' own, by which reading goes on."""
    position: Position
    word: Word
    message: Message


def redis_client(url: str) -> Redis:
    """A client that gives up soon: without Redis the gateway goes on alone."""
    return Redis.from_url(
        url, socket_connect_timeout=ANSWER_SECONDS, socket_timeout=ANSWER_SECONDS, retry=Retry(NoBackoff(), 0)
    )


class LeaseLostError(Exception):
    """Another process writes now."""


class RedisLog:
    """One stream's keys. Every method may raise ``RedisError``."""

    def __init__(self, redis: Redis, stream: str) -> None:
        """`stream`: what is shared by those who ask for the same."""
        self._redis = redis
        tag = sha256(stream.encode()).hexdigest()[:16]
        self._lease, self._log, self._alive = (f"{PREFIX}{tag}:{name}" for name in ("lease", "log", "alive"))
        self._append = redis.register_script(_APPEND)
        self._renew = redis.register_script(_RENEW)
        self._release = redis.register_script(_RELEASE)

    async def take(self, holder: str) -> bool:
        """Whether the lease is now `holder`'s."""
        return bool(await self._redis.set(self._lease, holder, nx=True, px=LEASE_MILLISECONDS))

    async def renew(self, holder: str, epoch: str, stood: float) -> None:
        """Keep the lease, and leave word that the stream stood at `stood` (epoch seconds).

        Raises:
            LeaseLostError: it is another's.
        """
        args: list[str | float] = [holder, LEASE_MILLISECONDS, f"{epoch} {stood:.3f}", ALIVE_MILLISECONDS]
        if not await self._renew(keys=[self._lease, self._alive], args=args):
            raise LeaseLostError

    async def release(self, holder: str) -> None:
        """Give the lease back if it is still `holder`'s."""
        await self._release(keys=[self._lease], args=[holder])

    async def alive(self) -> tuple[str, float] | None:
        """The epoch of the present or last holder, and when its stream stood (epoch seconds); None if long ago."""
        said: Any = await self._redis.get(self._alive)
        epoch, _, stood = (said or b"").decode().partition(" ")
        try:
            return epoch, min(float(stood), time.time())
        except ValueError:
            return None

    async def append(self, holder: str, entries: Sequence[tuple[Position, Word, Message]], *, most: int) -> None:
        """Write; about `most` entries stay.

        Raises:
            LeaseLostError: nothing was written.
        """
        fields = [field for position, word, one in entries for field in (str(position), word, one.name, one.data)]
        if not await self._append(keys=[self._lease, self._log], args=[holder, most, *fields]):
            raise LeaseLostError

    async def last(self) -> Entry | None:
        """The newest entry."""
        found: Any = await self._redis.xrevrange(self._log, count=1)
        return _entry(*found[0]) if found else None

    async def clear(self) -> None:
        """Forget all; Redis' own ids go on."""
        await self._redis.xtrim(self._log, maxlen=0, approximate=False)

    async def after(self, id_: str) -> list[Entry]:
        """The next entries, at once."""
        found: Any = await self._redis.xrange(self._log, min=f"({id_}", count=MOST_READ)
        return [_entry(*one) for one in found]

    async def news(self, id_: str) -> list[Entry]:
        """As ``after``, but waits a while for the first one."""
        found: Any = await self._redis.xread({self._log: id_}, count=MOST_READ, block=BLOCK_MILLISECONDS)
        streams = list(found.values() if isinstance(found, Mapping) else [entries for _, entries in found or ()])
        return [_entry(*one) for entries in streams for one in entries]

    async def answers(self) -> bool:
        """Whether Redis can be reached."""
        try:
            await self._redis.exists(self._lease)
        except (RedisError, OSError):
            return False
        return True


def _entry(id_: bytes, fields: Mapping[bytes, bytes]) -> Entry:
    position = Position.of(fields.get(b"p", b""))
    word = fields.get(b"k", b"").decode("latin-1")
    message = Message(*(fields.get(name, b"").decode("utf-8", "replace") for name in (b"n", b"d")))
    if position is None or not position.epoch or word not in _WORDS:
        return Entry(id_.decode(), Position("", 0), Word.NOISE, message)
    return Entry(id_.decode(), position, Word(word), message)
