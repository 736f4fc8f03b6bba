"""Who waits for a place: a line for each reader, and the lines take turns, so that a long one holds nobody else up.

A claim stands in the line of every reader who waits for its answer, so that whoever asks for what others have asked
for, too, does not wait behind all else that these want. Pure; as long as what waits.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from swf_remote.proxy.failures import UpstreamError

NOBODY = ""
"""Nobody in particular: questions that are put behind a reader's back, and all of them where nothing is bounded."""


class Claim:
    """One question's claim to a place."""

    __slots__ = ("holder", "joined", "readers", "turn")

    def __init__(self, reader: str = NOBODY) -> None:
        self.readers = {reader: None}
        """Who waits for the answer, the one who asked first."""
        self.holder = reader
        """Among whose places the one that it holds is counted."""
        self.turn: asyncio.Future[None] | None = None
        """Done when its turn has come; None while it does not wait."""
        self.joined: Callable[[str], None] | None = None
        """While it waits: what is to be done when one more reader does."""

    @property
    def first(self) -> str:
        """Who asked."""
        return next(iter(self.readers))

    def also_for(self, reader: str) -> None:
        """One more reader waits for this answer."""
        if reader not in self.readers:
            self.readers[reader] = None
            if self.joined is not None:
                self.joined(reader)


class Lines:
    """See the module's text."""

    def __init__(self) -> None:
        self._lines: dict[str, deque[Claim]] = {}
        self._claims: set[Claim] = set()

    def __len__(self) -> int:
        return len(self._claims)

    def __contains__(self, claim: Claim) -> bool:
        return claim in self._claims

    def length(self, reader: str) -> int:
        """How many claims stand in this reader's line."""
        return len(self._lines.get(reader, ()))

    def add(self, claim: Claim) -> None:
        """It waits in the lines of all its readers."""
        self._claims.add(claim)
        for reader in claim.readers:
            self.join(claim, reader)

    def join(self, claim: Claim, reader: str) -> None:
        """It waits in this line, too."""
        self._lines.setdefault(reader, deque()).append(claim)

    def remove(self, claim: Claim) -> None:
        """It waits no more."""
        self._claims.discard(claim)
        claim.joined = None
        for reader in claim.readers:
            line = self._lines[reader]
            line.remove(claim)
            if not line:
                del self._lines[reader]

    def next(self, may_go: Callable[[str], bool]) -> Claim | None:
        """Take out the claim whose turn it is, of those readers who may go; its line waits for the others' now."""
        reader = next((reader for reader in self._lines if may_go(reader)), None)
        if reader is None:
            return None
        claim = self._lines[reader][0]
        self.remove(claim)
        claim.holder = reader
        if line := self._lines.pop(reader, None):
            self._lines[reader] = line
        return claim

    def last_of_the_longest(self, than: int) -> Claim | None:
        """Take out the last claim of the longest line, if that is longer than this."""
        line = max(self._lines.values(), key=len, default=None)
        if line is None or len(line) <= than:
            return None
        claim = line[-1]
        self.remove(claim)
        return claim

    def dissolve(self, error: UpstreamError) -> None:
        """Send everybody away."""
        for claim in list(self._claims):
            self.remove(claim)
            if claim.turn is not None and not claim.turn.done():
                claim.turn.set_exception(error)
