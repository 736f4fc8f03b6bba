"""The cache as the proxy sees it: what is kept for a request, what may be done with it, and what a write ends.

Memory first, what the site shares second. Everything is judged twice: by ``rules``, and by ``epochs``, so that nobody
sees what was true before a write.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from swf_remote.proxy.policy.routes import SAFE_METHODS, Kind, Route
from swf_remote.proxy.request import UpstreamRequest

from . import rules
from .directives import Headers
from .entry import Entry, Front, Kept, Signpost
from .epochs import Ended, Epochs, Mark, area_of, ended
from .flights import Flight, Flights
from .key import Key
from .replies import Reading
from .rules import Terms, Use, Verdict
from .site import Site
from .store import Memory
from .turns import Turn

# A signpost is worth no more than what it leads to.
_SIGNPOST_SECONDS = rules.ON_ERROR_SECONDS
# Decoded and the same for all readers of a key, so these do not choose among answers.
_ALREADY_CHOSEN = frozenset({b"accept", b"accept-encoding", b"cookie"})


@dataclass(frozen=True, slots=True)
class Wanted:
    """One request that the cache may answer."""

    key: Key
    terms: Terms
    asked: Headers
    """The reader's fields."""
    read: Callable[[], Reading]
    """What the reader asks for; made when it is first needed."""
    request: Callable[[], UpstreamRequest]
    """The monitor's request: whole, and without any condition; made when it is first needed."""
    asking: Route
    """The row by which the monitor is asked."""
    replaces: bool = False
    """The reader wants it computed anew: nothing kept is used."""

    @property
    def name(self) -> bytes:
        """Under which its answer is kept, where that does not vary."""
        return self.key.primary

    @property
    def reading(self) -> Reading:
        """See ``read``."""
        return self.read()

    def sent(self) -> Headers:
        """The fields that go to the monitor."""
        return {name.encode("latin-1"): value.encode("latin-1") for name, value in self.request().headers}


class Cache:
    """One process's view of what is kept."""

    def __init__(
        self,
        limit: int,
        epochs: Epochs,
        *,
        mount: str,
        site: Site | None = None,
        written_areas: frozenset[str] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """What one process keeps.

        Args:
            limit: bytes in memory.
            mount: of the monitor.
            site: what is shared with other processes and hosts.
            written_areas: of the monitor, in which anybody may write through a gateway; None for all.
        """
        self.memory = Memory(limit)
        self.flights = Flights(epochs)
        self.clock = clock
        self._site = site
        self._epochs = epochs
        self._mount = mount
        self._written_areas = written_areas

    def mark(self, wanted: Wanted) -> Mark:
        """This moment, for what is asked for now."""
        key = wanted.key
        mark = self._epochs.mark(key.target, self._area(key.target), row=wanted.reading.route.pattern, user=key.user)
        return mark._replace(known=self._site.writes.known) if self._site else mark

    def at_once(self, wanted: Wanted) -> Entry | None:
        """What memory has and no write has ended."""
        kept = self.memory.get(wanted.name)
        if isinstance(kept, Signpost):
            kept = self.memory.get(wanted.key.variant(kept.names, wanted.sent()))
        return self._current(kept)

    def in_memory(self, wanted: Wanted) -> Kept | None:
        """What memory has under the name itself; a signpost says that it varies with what only the request knows."""
        kept = self.memory.get(wanted.name)
        return kept if isinstance(kept, Signpost) else self._current(kept)

    @property
    def alone(self) -> bool:
        """Whether what is kept is in memory or nowhere."""
        return self._site is None

    async def find(self, wanted: Wanted) -> Entry | None:
        """What is kept anywhere and no write has ended; the best of it."""
        if self._site is None:
            return self.at_once(wanted)
        await self._site.writes.catch_up()
        found = self.at_once(wanted)
        if found is not None and self.verdict(wanted, found).use is Use.FRESH:
            return found
        return await self._found_behind(wanted, self._site)

    async def _found_behind(self, wanted: Wanted, site: Site) -> Entry | None:
        """What the site keeps, if that is newer than what memory has."""
        if not site.writes.in_step:
            return self.at_once(wanted)
        name, mark = wanted.name, self.mark(wanted)
        kept = await site.store.get(name, mark)
        if isinstance(kept, Signpost):
            self.memory.put(name, kept)
            name = wanted.key.variant(kept.names, wanted.sent())
            kept = await site.store.get(name, mark)
        here, found = self.at_once(wanted), self._current(kept)
        if found is None or (here is not None and here.facts.requested >= found.facts.requested):
            return here
        found = found.after(here)
        self.memory.put(name, found)
        return found

    def _current(self, kept: Kept | None) -> Entry | None:
        return kept if isinstance(kept, Entry) and self._epochs.holds(kept.mark) else None

    @asynccontextmanager
    async def turn(self, wanted: Wanted, kept: Entry | None, flight: Flight) -> AsyncIterator[Entry | None]:
        """The turn to ask the monitor; or what another process has got meanwhile."""
        if self._site is None or flight.alone or (kept and kept.asks_always(wanted.terms)):
            yield None
            return

        def needed() -> bool:
            return flight.front is None or flight.grows

        async with self._site.turns.of(wanted.name, needed=needed) as turn:
            # Whoever waited for long may have to read of writes again, to know that what came is new enough.
            found = await self.find(wanted) if turn is Turn.LOOK else None
            fresh = found is not None and self.verdict(wanted, found).use is Use.FRESH
            yield found if fresh else None

    def to_join(self, wanted: Wanted) -> Flight | None:
        """The flight that a new reader may follow."""
        flight = self.flights.to_join(wanted.name)
        return flight if flight and self._is_known(wanted, flight.mark) else None

    def verdict(self, wanted: Wanted, entry: Entry) -> Verdict:
        """What may be done with an entry; after a write elsewhere at the site, the monitor is asked first."""
        found = entry.verdict(wanted.terms, self.clock())
        if self._epochs.quiet(entry.mark) and self._is_known(wanted, entry.mark):
            return found
        return replace(found, use=Use.VALIDATE)

    def _is_known(self, wanted: Wanted, mark: Mark) -> bool:
        """Whether other hosts can have written nothing that this one should know of."""
        if self._site is None or self._site.writes.vouches(mark) or wanted.asking.kind is Kind.STATIC:
            return True
        # While nobody can say, the usual lifetimes do where nothing is written.
        unwritten = self._written_areas is not None and self._area(wanted.key.target) not in self._written_areas
        return unwritten and self._site.writes.cut_off

    async def keep(self, wanted: Wanted, entry: Entry) -> bool:
        """Keep it, unless something was written since it was asked for, or something newer is there."""
        older = self.at_once(wanted)
        if not self._epochs.holds(entry.mark) or (older and older.facts.requested > entry.facts.requested):
            return False
        names = variant_names(entry.front)
        name = wanted.key.variant(names, wanted.sent()) if names else wanted.name
        entry = entry.after(older)
        if names:
            self.memory.put(wanted.name, Signpost(names))
        self.memory.put(name, entry)
        if self._site is not None:
            known, lasts = entry.mark.known, entry.lasts(wanted.terms)
            if names:
                await self._site.store.put(wanted.name, Signpost(names), known, _SIGNPOST_SECONDS)
            await self._site.store.put(name, entry, known, lasts)
        return True

    async def written(self, method: str, status: int, target: str, headers: Headers, *, named: bool) -> None:
        """A request that may have changed something reached the monitor; a `named` one may have changed its area.

        This host knows at once, all others when this is done, even if the caller is cancelled.

        Args:
            status: the monitor's; 0 where its answer is not known.
            target: path and query at the monitor.
            headers: the monitor's.
        """
        safe = method in SAFE_METHODS
        targets = [target] if safe or not status else rules.invalidated(method, status, target, headers)
        areas = {self._area(one) for one in (target, *targets)} if named else set()
        await self._end(ended(targets=targets, areas=areas, anything=named), wait=True)

    async def renewed(self, wanted: Wanted, entry: Entry | None) -> None:
        """The monitor has computed this anew: what any process keeps of it, or still waits for, is out of date.

        Args:
            entry: what to keep in its place, if anything.
        """
        what = ended(targets=[wanted.key.target])
        current = entry if entry is not None and self._epochs.holds(entry.mark) else None
        self._epochs.end(what)
        mark = None if current is None else self._epochs.after(current.mark, what)
        if self._site is not None:
            if mark is None:
                await self._site.writes.tell(what, wait=False)
            else:
                mark = await self._site.writes.replaced(what, mark)
        if current is not None and mark is not None:
            await self.keep(wanted, replace(current, mark=mark))

    async def _end(self, what: Ended, *, wait: bool) -> None:
        self._epochs.end(what)
        if self._site is not None:
            await self._site.writes.tell(what, wait=wait)

    def _area(self, target: str) -> str:
        return area_of(target, self._mount)

    async def close(self) -> None:
        """End all that is under way."""
        await self.flights.end()
        if self._site is not None:
            await self._site.close()


def variant_names(front: Front) -> tuple[bytes, ...]:
    """The request fields that choose among answers under one key."""
    return tuple(name for name in rules.varies(front.facts) or () if name not in _ALREADY_CHOSEN)
