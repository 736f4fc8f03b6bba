"""The cache as the proxy sees it: what is kept for a request, what may be done with it, and what a write ends.

Memory first, the store behind it second. Everything is judged twice: by ``rules``, and by ``epochs``, so that nobody
sees what was true before a write.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from swf_remote.proxy.policy.routes import SAFE_METHODS, Route
from swf_remote.proxy.request import UpstreamRequest

from . import rules
from .directives import Headers
from .entry import Entry, Front, Kept, Signpost
from .epochs import Epochs, Mark, area_of
from .flights import Flights
from .key import Key
from .replies import Reading
from .rules import Terms, Use, Verdict
from .store import Memory, Store

# Decoded and the same for all readers of a key, so these do not choose among answers.
_ALREADY_CHOSEN = frozenset({b"accept", b"accept-encoding", b"cookie"})


@dataclass(frozen=True, slots=True)
class Wanted:
    """One request that the cache may answer."""

    key: Key
    terms: Terms
    reading: Reading
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
    def asked(self) -> Headers:
        """The reader's fields."""
        return self.reading.fields

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
        behind: Store | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`limit`: bytes in memory; `mount`: of the monitor; `behind`: what is asked where memory has nothing."""
        self.memory = Memory(limit)
        self.flights = Flights(epochs)
        self.clock = clock
        self.behind = behind
        self._epochs = epochs
        self._mount = mount

    def mark(self, wanted: Wanted) -> Mark:
        """This moment, for what is asked for now."""
        return self._epochs.mark(wanted.key.target, area_of(wanted.key.target, self._mount))

    def at_once(self, wanted: Wanted) -> Entry | None:
        """What memory has and no write has ended."""
        kept = self.memory.get(wanted.name)
        if isinstance(kept, Signpost):
            kept = self.memory.get(wanted.key.variant(kept.names, wanted.sent()))
        return self._current(kept)

    async def find(self, wanted: Wanted) -> Entry | None:
        """What is kept anywhere and no write has ended."""
        found = self.at_once(wanted)
        if found is not None or self.behind is None:
            return found
        kept = await self._fetched(wanted.name)
        if isinstance(kept, Signpost):
            kept = await self._fetched(wanted.key.variant(kept.names, wanted.sent()))
        return self._current(kept)

    async def _fetched(self, name: bytes) -> Kept | None:
        kept = self.memory.get(name)
        if kept is None and self.behind is not None:
            kept = await self.behind.get(name)
            if kept is not None:
                self.memory.put(name, kept)
        return kept

    def _current(self, kept: Kept | None) -> Entry | None:
        return kept if isinstance(kept, Entry) and self._epochs.holds(kept.mark) else None

    def verdict(self, wanted: Wanted, entry: Entry) -> Verdict:
        """What may be done with an entry; after a write elsewhere at the site, the monitor is asked first."""
        found = entry.verdict(wanted.terms, self.clock())
        if self._epochs.quiet(entry.mark):
            return found
        return replace(found, use=Use.VALIDATE)

    async def keep(self, wanted: Wanted, entry: Entry) -> bool:
        """Keep it, unless something was written since it was asked for, or something newer is there."""
        older = self.at_once(wanted)
        if not self._epochs.holds(entry.mark) or (older and older.facts.requested > entry.facts.requested):
            return False
        names = variant_names(entry.front)
        name = wanted.key.variant(names, wanted.sent()) if names else wanted.name
        if names:
            await self._put(wanted.name, Signpost(names))
        await self._put(name, entry.after(older))
        return True

    async def _put(self, name: bytes, kept: Kept) -> None:
        self.memory.put(name, kept)
        if self.behind is not None:
            await self.behind.put(name, kept)

    def written(self, method: str, status: int, target: str, headers: Headers, *, named: bool) -> None:
        """A request that may have changed something reached the monitor; a `named` one may have changed its area.

        Args:
            status: the monitor's; 0 where its answer is not known.
            target: path and query at the monitor.
            headers: the monitor's.
        """
        safe = method in SAFE_METHODS
        targets = [target] if safe or not status else rules.invalidated(method, status, target, headers)
        areas = {area_of(one, self._mount) for one in (target, *targets)} if named else set()
        if named:
            self._epochs.written(targets, areas)
        else:
            self._epochs.move(targets)

    def renewed(self, wanted: Wanted) -> None:
        """The monitor has computed this anew: what is kept of it is out of date."""
        self._epochs.move([wanted.key.target])


def variant_names(front: Front) -> tuple[bytes, ...]:
    """The request fields that choose among answers under one key."""
    return tuple(name for name in rules.varies(front.facts) or () if name not in _ALREADY_CHOSEN)
