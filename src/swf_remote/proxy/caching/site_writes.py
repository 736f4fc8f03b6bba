"""How all hosts learn of a write, before its writer has the answer: a record of writes in Redis, numbered.

What memory holds may be used without asking for ``LEASE_SECONDS`` after this process last read the record. A writer's
host enters the write there before it answers, and waits a little longer than that if other hosts are about. So whoever
reads after the writer's answer is served by a process that has read of the write, or that does not use its memory.

If Redis cannot be reached, every host waits with the answers to its writes, and none uses for longer what it did not
ask for itself. A host that wrote meanwhile lets all others know, as soon as it can, that everything may have changed;
until that must have happened, all go on as they did without Redis.
"""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
import time
from collections.abc import Coroutine, Sequence
from typing import Any, NamedTuple, TypeVar

from .epochs import EVERYTHING, Ended, Epochs, Mark, Position, may_end
from .redis_link import PAUSE_SECONDS, PREFIX, URGENT_SECONDS, RedisLink, Script, SilentError

T = TypeVar("T")
LOG = logging.getLogger("swf_remote.cache")
RECORD, LATEST, HOSTS = (f"{PREFIX}{name}" for name in ("record", "latest", "hosts"))
LEASE_SECONDS = 0.2
# Clocks of two hosts do not run alike to the last digit.
WAIT_SECONDS = 1.2 * LEASE_SECONDS
MOST_LATEST = 1000
# An outage of Redis in which a host gives up telling of a write is longer than this, so the others notice it, too.
TELL_SECONDS = 1.5
BEAT_SECONDS = 0.4
_AGAIN_SECONDS = 0.2
# So long after an outage, hosts may still have to tell of their writes.
SETTLE_SECONDS = 3.0
# So long after it was last heard of, a host is waited for.
HOST_SECONDS = 3600
# So long after the list of hosts was lost, some of them may still have to enter themselves: more than a lease.
SETTLED_SECONDS = 2

# Finds the record's name and number, makes a new one where there is none or something else, and notes the host.
_BEGIN = f"""
local function begin(fresh, host)
  if redis.call('type', KEYS[1]).ok ~= 'hash' then redis.call('del', KEYS[1]) end
  local name, number = redis.call('hget', KEYS[1], 'name'), redis.call('hget', KEYS[1], 'number')
  number = number and string.match(number, '^%d+$') and tonumber(number)
  if not name or not number then
    redis.call('del', KEYS[1], KEYS[2])
    name, number = fresh, 0
    redis.call('hset', KEYS[1], 'name', name, 'number', 0)
  end
  if redis.call('type', KEYS[2]).ok ~= 'list' then redis.call('del', KEYS[2]) end
  local now = tonumber(redis.call('time')[1])
  if redis.call('type', KEYS[3]).ok ~= 'zset' then
    redis.call('del', KEYS[3])
    redis.call('zadd', KEYS[3], now, 'list begins')
  end
  if host ~= '' then redis.call('zadd', KEYS[3], now, host) end
  redis.call('zremrangebyscore', KEYS[3], '-inf', now - {HOST_SECONDS})
  local begun = redis.call('zscore', KEYS[3], 'list begins')
  local hosts = redis.call('zcard', KEYS[3]) - (begun and 1 or 0)
  return name, number, hosts, begun and now - begun < {SETTLED_SECONDS} and 1 or 0
end
"""
_READ = Script(
    _BEGIN
    + """
local name, number = begin(ARGV[1], ARGV[2])
local known, latest = tonumber(ARGV[4]), {}
if name == ARGV[3] and known > number then
  name = ARGV[1]
  redis.call('hset', KEYS[1], 'name', name)
elseif name == ARGV[3] and known < number then
  latest = redis.call('lrange', KEYS[2], known - number, -1)
end
return {name, number, latest}
"""
)
_ENTER = Script(
    _BEGIN
    + """
local name, _, hosts, unsettled = begin(ARGV[1], ARGV[2])
local number = redis.call('hincrby', KEYS[1], 'number', 1)
redis.call('rpush', KEYS[2], number .. ' ' .. ARGV[3])
redis.call('ltrim', KEYS[2], -tonumber(ARGV[4]), -1)
for i = 5, #ARGV do redis.call('hset', KEYS[1], ARGV[i], number) end
return {hosts, unsettled, name, number}
"""
)
ANYTHING = "anything"
"""Field of the record: the number of the last write that put everything in doubt; others are named by their slots."""


class Entered(NamedTuple):
    """What came of an entry in the record."""

    hosts: int
    """How many read it."""
    certain: bool
    """Whether there are no others."""
    position: Position
    """Its own."""


async def enter(link: RedisLink, host: str, what: Ended) -> Entered:
    """Enter in the record what ended at `host` (empty: nowhere yet).

    Raises:
        SilentError: it could not be done.
    """
    slots = [str(slot) for slot in what.slots] + [ANYTHING] * what.anything
    entry = json.dumps({"host": host, "slots": what.slots, "anything": what.anything})
    told: list[str | int] = [_fresh(), host, entry, MOST_LATEST, *slots]
    hosts, unsettled, name, number = await link.run(_ENTER, [RECORD, LATEST, HOSTS], told, urgent=True)
    return Entered(int(hosts), not unsettled, Position(name.decode("latin-1"), int(number)))


class SiteWrites:
    """One process's view of the record."""

    def __init__(self, link: RedisLink, epochs: Epochs) -> None:
        self._link, self._epochs = link, epochs
        self._known: Position | None = None
        self._heard = float("-inf")
        self._missed = False
        self._settled_at = float("-inf")
        self._beating: asyncio.Task[None] | None = None
        self._catching: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[Any]] = set()

    @property
    def known(self) -> Position | None:
        """How far this process has read; None if it never did."""
        return self._known

    @property
    def cut_off(self) -> bool:
        """Whether Redis does not answer, or did not until just now, so that nobody can be in step."""
        return self._link.pauses or time.monotonic() < self._settled_at

    @property
    def in_step(self) -> bool:
        """Whether nothing that was written through another host is unknown here."""
        now = time.monotonic()
        left = self._heard + LEASE_SECONDS - now
        if left < LEASE_SECONDS / 2 and not self._link.pauses:
            # Read on before it is needed, so that nobody waits.
            self._catch_up()
        return left > 0 and now >= self._settled_at and not self._epochs.untold

    def vouches(self, mark: Mark) -> bool:
        """Whether what was asked for then is as new as any write of another host, if none has ended it here."""
        recent = time.monotonic() - mark.at <= LEASE_SECONDS
        return recent or (mark.known is not None and self.in_step)

    async def catch_up(self) -> None:
        """Read the record, unless that was done just now or Redis does not answer."""
        if self._beating is None:
            self._beating = self._begin(self._beat())
        if not self.in_step and not self._link.pauses:
            await asyncio.shield(self._catch_up())

    async def tell(self, what: Ended, *, wait: bool) -> None:
        """Let other hosts know of a write through this one, which was done a moment ago.

        Args:
            wait: until all do; else it is done behind the caller's back.
        """
        telling = self._begin(self._tell(what))
        if wait:
            await asyncio.shield(telling)

    async def replaced(self, what: Ended, mark: Mark) -> Mark | None:
        """Let other hosts know that this one has something newer than what they keep.

        Args:
            mark: of what is newer, for which `what` ends nothing.

        Returns:
            Its mark, with which all hosts may use it; None if something else was written since it was asked for, or
            nobody could be told yet.
        """
        telling = self._begin(self._tell_replaced(what, mark))
        return await asyncio.shield(telling)

    async def close(self) -> None:
        """Let others know of the last writes, and end what is under way."""
        if self._beating is not None:
            self._beating.cancel()
        if tasks := list(self._tasks):
            await asyncio.wait(tasks, timeout=URGENT_SECONDS)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _tell(self, what: Ended) -> None:
        entered = await self._entered(what)
        # Meanwhile, workers of this host may have taken from Redis what was kept there before the write.
        self._epochs.end(what)
        if entered is None or (entered.hosts, entered.certain) != (1, True):
            await asyncio.sleep(WAIT_SECONDS)

    async def _tell_replaced(self, what: Ended, mark: Mark) -> Mark | None:
        entered = await self._entered(what)
        alone = self._epochs.holds(mark)
        # As above.
        self._epochs.end(what)
        known = mark.known
        if entered is None or known is None or not alone:
            return None
        follows = entered.position == known._replace(number=known.number + 1)
        return self._epochs.after(mark, what)._replace(known=entered.position) if follows else None

    async def _entered(self, what: Ended) -> Entered | None:
        """Enter it in the record, or leave that for later."""
        try:
            return await self._enter(what)
        except SilentError:
            self._epochs.leave_untold()
            self._begin(self._tell_later())
        return None

    async def _enter(self, what: Ended) -> Entered:
        """Enter it in the record.

        Raises:
            SilentError: it could not be done for so long that all others know of the outage.
        """
        end = time.monotonic() + 2 * TELL_SECONDS
        while True:
            try:
                return await enter(self._link, self._epochs.host, what)
            except SilentError:
                if self._link.silent_seconds > TELL_SECONDS or time.monotonic() > end:
                    raise
            await asyncio.sleep(_AGAIN_SECONDS)

    async def _beat(self) -> None:
        """Notice outages even while nobody reads."""
        while True:
            await asyncio.sleep(BEAT_SECONDS)
            await asyncio.shield(self._catch_up())

    async def _tell_later(self) -> None:
        while self._epochs.untold:
            await asyncio.sleep(PAUSE_SECONDS)
            await asyncio.shield(self._catch_up())

    def _catch_up(self) -> asyncio.Task[None]:
        if self._catching is None or self._catching.done():
            self._catching = self._begin(self._read())
        return self._catching

    async def _read(self) -> None:
        known = self._known or Position("", 0)
        try:
            if untold := self._epochs.untold:
                await enter(self._link, self._epochs.host, EVERYTHING)
                self._epochs.told(untold)
            asked = time.monotonic()
            told = _fresh(), self._epochs.host, known.record, known.number
            found = await self._link.run(_READ, [RECORD, LATEST, HOSTS], told)
        except SilentError:
            self._missed = True
            return
        if self._missed:
            self._missed, self._settled_at = False, time.monotonic() + SETTLE_SECONDS
        name, number, latest = found
        self._learn(Position(name.decode("latin-1"), int(number)), latest)
        self._heard = asked

    def _learn(self, now: Position, latest: Sequence[bytes]) -> None:
        before, self._known = self._known, now
        if before is None:
            return
        news = [_entry(data) for data in latest]
        numbers = [entry and entry[0] for entry in news]
        if now.record != before.record or numbers != list(range(before.number + 1, now.number + 1)):
            LOG.info("writes of other hosts were missed: nothing that is kept is used any more")
            self._epochs.end(EVERYTHING)
            return
        for entry in news:
            if entry and entry[1] != self._epochs.host:
                self._epochs.end(entry[2])

    def _begin(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


def _fresh() -> str:
    return secrets.token_hex(8)


def _entry(data: bytes) -> tuple[int, str, Ended] | None:
    """Number, host and word of an entry; None if it is none."""
    number, _, text = data.partition(b" ")
    try:
        fields = json.loads(text)
        slots = tuple(int(slot) for slot in fields["slots"])
        entry = int(number), str(fields["host"]), Ended(slots, bool(fields["anything"]))
    except (ValueError, TypeError, LookupError):
        return None
    return entry if all(map(may_end, slots)) else None
