"""One stream of the monitor for all processes and hosts that share a Redis.

One process holds a lease, hears the monitor and writes the log; all of them, it too, hear the log, so that ids are the
same everywhere. When the holder ends, another goes on within seconds under the same epoch, and says since when
something may be missing. Without Redis each process hears the monitor itself.
"""

from __future__ import annotations

import asyncio
import json
import logging
import random
import secrets
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime

from redis.exceptions import RedisError

from swf_remote.edge.problem import Problem
from swf_remote.proxy.link import utc_now
from swf_remote.proxy.streams.events import Position, left_out, new_epoch
from swf_remote.proxy.streams.hub import Hub
from swf_remote.proxy.streams.own_feed import OwnFeed
from swf_remote.proxy.streams.parsing import Message
from swf_remote.proxy.streams.redis_log import BEGINNING, Entry, LeaseLostError, RedisLog, Word
from swf_remote.proxy.streams.upstream import Sink

LOG = logging.getLogger("swf_remote.streams")
RENEW_SECONDS = 1.0
CANDIDATE_SECONDS = 1.0
# A holder whose own way to the monitor is broken lets others try, on other hosts.
MOST_FAILURES = 3
LOOK_FOR_REDIS_SECONDS = 2.0
# Of the log, beyond what is remembered here: words, and what came meanwhile.
SPARE_ENTRIES = 256
UNKNOWN = Problem(502, "stream-down", "The monitor's event stream cannot be had", "It is asked for again and again.")

Listen = Callable[[Sink, datetime | None], Awaitable[None]]
"""Hear the monitor until cancelled; with the time since when something may be missing, if that is known."""


class RedisFeed:
    """Brings the site's events to one process's hub."""

    def __init__(self, log: RedisLog, listen: Listen, hub: Hub) -> None:
        self._log, self._listen, self._hub = log, listen, hub
        self._me = secrets.token_hex(8)
        self._read = BEGINNING

    async def run(self) -> None:
        """Bring events until cancelled."""
        while True:
            try:
                await self._until_one_ends(self._follow(), self._run_for_the_lease())
            except (RedisError, OSError) as error:
                LOG.warning("no Redis for the event stream (%s): this process hears it alone", type(error).__name__)
            await self._until_one_ends(self._hear_alone(), self._redis_is_back())
            LOG.warning("Redis answers again: the event stream is shared")

    async def _follow(self) -> None:
        """Hear the log: what it holds, then what comes."""
        self._read = BEGINNING
        last: Entry | None = None
        while entries := await self._log.after(self._read):
            last = entries[-1]
            self._read = last.id
            for entry in entries:
                if entry.word is Word.EVENT:
                    self._hub.recall(entry.position, entry.message)
        if last and await self._log.alive():
            await self._take(last) if last.word is Word.DOWN else self._hub.up()
        while True:
            for entry in await self._log.news(self._read):
                self._read = entry.id
                await self._take(entry)

    async def _take(self, entry: Entry) -> None:
        match entry.word:
            case Word.EVENT:
                before = self._hub.position
                if entry.position.epoch == before.epoch and entry.position.number > before.number + 1:
                    self._hub.say(left_out(entry.position.number - before.number - 1))
                await self._hub.publish(entry.position, entry.message)
            case Word.UP:
                self._hub.begin(entry.position)
                self._hub.up()
            case Word.DOWN:
                self._hub.down(_problem(entry.message.data), entry.message.name)

    async def _run_for_the_lease(self) -> None:
        while True:
            if await self._log.take(self._me):
                try:
                    await self._lead()
                except LeaseLostError:
                    LOG.warning("another process hears the event stream for the site now")
                finally:
                    with suppress(RedisError, OSError):
                        await self._log.release(self._me)
            await asyncio.sleep(CANDIDATE_SECONDS * random.uniform(0.8, 1.2))  # noqa: S311 - no secret

    async def _lead(self) -> None:
        alive, last = await self._log.alive(), await self._log.last()
        if alive and last and alive[0] == last.position.epoch:
            position, since = last.position, datetime.fromtimestamp(alive[1], UTC)
        else:
            await self._log.clear()
            position, since = Position(new_epoch(), 0), None
        leader = Leader(self._log, self._me, position, since, lambda: self._hub.remembered + SPARE_ENTRIES)
        with suppress(TooManyFailuresError):
            await self._until_one_ends(self._listen(leader, since), leader.keep_the_lease())

    async def _hear_alone(self) -> None:
        gap = utc_now() if self._hub.settled.is_set() else None
        self._hub.begin(Position(new_epoch(), 0))
        await self._listen(OwnFeed(self._hub), gap)

    async def _redis_is_back(self) -> None:
        while True:
            await asyncio.sleep(LOOK_FOR_REDIS_SECONDS)
            if await self._log.answers():
                return

    @staticmethod
    async def _until_one_ends(*works: Awaitable[None]) -> None:
        """Do all until one of them ends or fails; its error comes out."""
        running = [asyncio.ensure_future(work) for work in works]
        try:
            await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in running:
                one.cancel()
            outcomes = await asyncio.gather(*running, return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, Exception):
                raise outcome


class TooManyFailuresError(Exception):
    """The monitor cannot be reached from here."""


class Leader:
    """The holder's end: writes what the monitor says (an ``upstream.Sink``)."""

    def __init__(
        self, log: RedisLog, holder: str, position: Position, since: datetime | None, most: Callable[[], int]
    ) -> None:
        """`most`: how many entries of the log are to stay."""
        self._log, self._holder, self._position, self._most = log, holder, position, most
        self._stands = False
        self._stood = since.timestamp() if since else time.time()
        self._failures = 0

    async def keep_the_lease(self) -> None:
        """Until cancelled.

        Raises:
            LeaseLostError: another holds it.
        """
        while True:
            if self._stands:
                self._stood = time.time()
            await self._log.renew(self._holder, self._position.epoch, self._stood)
            await asyncio.sleep(RENEW_SECONDS)

    async def up(self) -> None:
        """See ``upstream.Sink``."""
        self._stands, self._failures = True, 0
        await self._write([(self._position, Word.UP, Message("", ""))])

    async def down(self, problem: Problem, request_id: str) -> None:
        """See ``upstream.Sink``."""
        self._stands = False
        self._failures += 1
        if self._failures == 1:
            await self._write([(self._position, Word.DOWN, Message(request_id, _packed(problem)))])
        elif self._failures >= MOST_FAILURES:
            raise TooManyFailuresError

    async def hear(self, messages: Sequence[Message]) -> None:
        """See ``upstream.Sink``."""
        entries = []
        for message in messages:
            self._position = self._position.next()
            entries.append((self._position, Word.EVENT, message))
        await self._write(entries)

    async def _write(self, entries: Sequence[tuple[Position, Word, Message]]) -> None:
        await self._log.append(self._holder, entries, most=self._most())


def _packed(problem: Problem) -> str:
    fields = asdict(problem)
    return json.dumps(fields | {"since": problem.since and problem.since.timestamp()})


def _problem(packed: str) -> Problem:
    try:
        fields = json.loads(packed)
        since, allow = fields.pop("since"), tuple(fields.pop("allow"))
        return Problem(**fields, allow=allow, since=None if since is None else datetime.fromtimestamp(since, UTC))
    except (ValueError, TypeError, LookupError, AttributeError):
        return UNKNOWN
