"""Where answers are kept: in this process's memory, the least used giving way (``redis_store`` is what may be behind).

It only keeps. Whether what it has may be used is for ``rules`` and ``epochs`` to say.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from .entry import Entry, Kept


@dataclass(slots=True)
class _Place:
    kept: Kept
    counted: int


class Memory:
    """At most `limit` bytes of answers."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._places: OrderedDict[bytes, _Place] = OrderedDict()
        self.bytes = 0
        """Bytes of all that is kept, as last counted."""

    def __len__(self) -> int:
        return len(self._places)

    def get(self, name: bytes) -> Kept | None:
        """What is kept under this name; it counts as used now."""
        place = self._places.get(name)
        if place is None:
            return None
        self._places.move_to_end(name)
        return place.kept

    def put(self, name: bytes, kept: Kept) -> None:
        """Keep it, in the place of what was there; what was used longest ago gives way."""
        self.drop(name)
        if isinstance(kept, Entry):
            kept.name = name
        self._places[name] = _Place(kept, 0)
        self._count(name)

    def recount(self, entry: Entry) -> None:
        """Count an answer again that took on another form in memory."""
        place = self._places.get(entry.name)
        entry.grown = False
        if place is not None and place.kept is entry:
            self._count(entry.name)

    def _count(self, name: bytes) -> None:
        place = self._places[name]
        size = len(name) + place.kept.size
        self.bytes += size - place.counted
        place.counted = size
        while self.bytes > self._limit:
            self._forget(next(iter(self._places)))

    def drop(self, name: bytes) -> None:
        """Keep it no longer."""
        if name in self._places:
            self._forget(name)

    def drop_where(self, chosen: Callable[[bytes, Kept], bool]) -> int:
        """Keep none of those any longer; how many they were."""
        found = [name for name, place in self._places.items() if chosen(name, place.kept)]
        for name in found:
            self._forget(name)
        return len(found)

    def _forget(self, name: bytes) -> None:
        self.bytes -= self._places.pop(name).counted
