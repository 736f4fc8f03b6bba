"""Answers kept in Redis for all processes and hosts that have the same settings, version and secret key.

Each stands under a name that tells nothing, proves that this site made it, under which name and when, and says how much
of the record of writes was known when it was asked for. It is used only if the record, read in the same step, has
nothing newer that concerns it. Redis forgets it when nobody could use it any more.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import replace
from hashlib import blake2b
from hmac import compare_digest
from typing import NamedTuple

from .entry import Entry, Kept, unpacked
from .epochs import Mark, Position
from .redis_link import PREFIX, RedisLink, Script, SilentError
from .site_writes import ANYTHING, RECORD

LARGEST = 2 << 20
LONGEST_SECONDS = 86_400.0 + 60.0
_MAC = 32
# No moment has this number.
_NEVER = -1
_HEAD = struct.Struct(">16sQdd")
_GET = Script(
    """
if redis.call('type', KEYS[1]).ok ~= 'string' or redis.call('strlen', KEYS[1]) > tonumber(ARGV[1]) then return {} end
return {redis.call('get', KEYS[1]), redis.call('pttl', KEYS[1]),
        redis.call('hget', KEYS[2], 'name'), redis.call('hmget', KEYS[2], unpack(ARGV, 2))}
"""
)
_PUT = Script("redis.call('set', KEYS[1], ARGV[1], 'PX', ARGV[2])")


class _Head(NamedTuple):
    record: bytes
    number: int
    age: float
    """Of the answer when it was put, in seconds."""
    lasts: float
    """Seconds for which Redis was told to keep it."""


class _Found(NamedTuple):
    data: bytes
    left: int
    """Milliseconds."""
    record: bytes | None
    moved: list[bytes | None]
    """Numbers of the last writes that concern the answer, and of the last one that puts everything in doubt."""


class RedisStore:
    """See the module's text."""

    def __init__(self, link: RedisLink, secret: bytes, clock: Callable[[], float]) -> None:
        """`secret`: of all who share; `clock`: seconds since the epoch."""
        self._link, self._clock = link, clock
        self._secret = blake2b(secret, person=b"swf-remote cache").digest()

    def place(self, name: bytes, kind: str = "answer") -> str:
        """The key in Redis of what there is of this `kind` under this name."""
        return f"{PREFIX}{kind}:{blake2b(name, key=self._secret, digest_size=20).hexdigest()}"

    async def get(self, name: bytes, mark: Mark) -> Kept | None:
        """What is kept under this name, if no write has ended it; `mark`: this moment, for it."""
        fields = [*(str(slot) for slot in mark.slots), ANYTHING]
        now = self._clock()
        try:
            found = await self._link.run(_GET, [self.place(name), RECORD], [LARGEST, *fields])
            return self._read(name, mark, _Found._make(found), now) if found else None
        except (SilentError, ValueError, TypeError, struct.error):
            return None

    def _read(self, name: bytes, mark: Mark, found: _Found, now: float) -> Kept | None:
        """What the bytes say `now`.

        Raises:
            ValueError, TypeError, struct.error: nothing of ours.
        """
        told = memoryview(found.data)[_MAC:]
        if not compare_digest(found.data[:_MAC], self._proof(name, told)):
            return None
        head = _Head._make(_HEAD.unpack_from(told))
        *numbers, anything = (int(number or 0) for number in found.moved)
        if found.record != head.record or any(number > head.number for number in numbers):
            return None
        if anything > head.number:
            mark = mark._replace(anything=_NEVER)
        mark = mark._replace(known=Position(head.record.decode("latin-1"), head.number))
        kept = unpacked(bytes(told[_HEAD.size :]), mark)
        if not isinstance(kept, Entry):
            return kept
        return _dated(kept, now - max(head.age + head.lasts - found.left / 1000, 0.0))

    async def put(self, name: bytes, kept: Kept, known: Position | None, seconds: float) -> None:
        """Keep it for so long.

        Args:
            known: of the record of writes, when it was asked for; None: it cannot be kept.
        """
        if known is None or seconds <= 0 or kept.size > LARGEST:
            return
        lasts = min(seconds, LONGEST_SECONDS)
        age = self._clock() - kept.facts.received if isinstance(kept, Entry) else 0.0
        told = _HEAD.pack(known.record.encode("latin-1"), known.number, age, lasts) + kept.packed()
        try:
            await self._link.run(_PUT, [self.place(name)], [self._proof(name, told) + told, int(lasts * 1000)])
        except SilentError:
            return

    def _proof(self, name: bytes, told: bytes | memoryview) -> bytes:
        proof = blake2b(name + b"\0\0", key=self._secret, digest_size=_MAC)
        proof.update(told)
        return proof.digest()


def _dated(entry: Entry, received: float) -> Entry:
    """The same by this host's clock."""
    facts = entry.facts
    facts = replace(facts, received=received, requested=received - (facts.received - facts.requested))
    return replace(entry, front=replace(entry.front, facts=facts))
