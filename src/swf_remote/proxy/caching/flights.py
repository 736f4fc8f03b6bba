"""One answer on its way from the monitor to everybody who asked for it.

A flight is a task of its own, so it outlives the reader who began it. Each follower gets the pieces from the first one
on, as they arrive. As long as the answer may be kept, they are collected; if it grows too large, or must not be kept,
only a window of them is held, the slowest follower sets the pace, and nobody else may join.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

from swf_remote.proxy.capacity.lines import Claim
from swf_remote.proxy.failures import AnswerFault, BrokenAnswerError, CrowdedError, UpstreamError

from .directives import Headers
from .entry import Entry, Front
from .epochs import Epochs, Mark
from .rules import GONE

LOG = logging.getLogger("swf_remote.failures")
WINDOW = 262_144
# A failure is remembered for so long, so that readers of an older answer need not wait for the next one.
RETRY_SECONDS = 1.0
# An answer that was for its reader alone will be so again: for so long nobody waits for somebody else's.
ALONE_SECONDS = 30.0
_MOST_REMEMBERED = 4096


class NotSharedError(Exception):
    """The answer is for the reader alone who asked first."""


@dataclass(slots=True)
class Held:
    """Bytes in memory."""

    size: int = 0


class Flight:
    """See the module's text. ``begin``, ``add`` and ``land`` are for whoever fetches."""

    def __init__(
        self,
        mark: Mark,
        *,
        sent: Callable[[], Headers],
        alias: bytes,
        echoed: int | None,
        alone: bool = False,
        claim: Claim | None = None,
    ) -> None:
        """`mark`: the moment of the request; `sent`: its fields; `echoed`: the number in it that the answer repeats.

        `sent` makes them when they are first needed. `alias` is the answer's entity tag while its end is not known;
        nobody may join a flight that is `alone`; `claim` is that of its readers to be answered.
        """
        self.claim = claim or Claim()
        self.mark = mark
        self.sent = sent
        self.alias = alias
        self.echoed = echoed
        self.alone = alone
        self.elsewhere = False
        """Another process has asked for it."""
        self.front: Front | None = None
        self.entry: Entry | None = None
        """All of it, once it is known, unless it was too large."""
        self.grows = True
        """All pieces are held, so that others may still join."""
        self.held = 0
        """Bytes in memory."""
        self.all = Held()
        """Of all flights that are under way, this one included."""
        self._error: UpstreamError | None = None
        self._over = False
        self._private = False
        self._given_up = False
        self._pieces: deque[bytes] = deque()
        self._gone = 0
        self._followers: set[Follower] = set()
        self._news = asyncio.Event()
        self._room = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self, fetch: Callable[[Flight], Awaitable[None]], landed: Callable[[Flight], None]) -> None:
        """Fetch in a task; `landed` is called when that is over in whatever way."""
        self._task = asyncio.create_task(self._fly(fetch))
        self._task.add_done_callback(lambda _task: landed(self))

    async def _fly(self, fetch: Callable[[Flight], Awaitable[None]]) -> None:
        try:
            await fetch(self)
        except UpstreamError as error:
            self._error = error
        except asyncio.CancelledError:
            self._error, self._given_up = BrokenAnswerError(AnswerFault.CUT), True
            raise
        except Exception:
            LOG.exception("an answer could not be fetched")
            self._error = BrokenAnswerError()
        finally:
            self._over = True
            self._wake()

    def join(self, *, leads: bool) -> Follower:
        """One more reader; the one for whom it was begun leads."""
        follower = Follower(self, leads=leads)
        self._followers.add(follower)
        return follower

    def begin(self, front: Front, *, grows: bool, private: bool) -> None:
        """The head is there. A `private` answer is for the leader alone."""
        self.front, self.grows, self._private = front, grows, private
        self._wake()

    async def add(self, piece: bytes) -> None:
        """The next piece; waits while nobody takes what is held, once it does not grow any more."""
        self._pieces.append(piece)
        self._count(len(piece))
        self._wake()
        while not self.grows and self.held > WINDOW and self._followers:
            self._room.clear()
            await self._room.wait()

    def outgrow(self) -> None:
        """It became too large to be kept."""
        self.grows = False
        self._trim()

    @property
    def tag(self) -> bytes:
        """What the answer goes by while its end is not known."""
        return self.alias

    @property
    def failed(self) -> bool:
        """Whether the monitor could not be asked; one that was given up here says nothing of the monitor."""
        is_gone = self.front is not None and self.front.facts.status in GONE
        return is_gone or (self._error is not None and not self._given_up)

    @property
    def worked(self) -> bool:
        """Whether the monitor has answered to the end."""
        return self._error is None and not self.failed

    @property
    def crowded(self) -> bool:
        """Whether that was for its first reader's sake only: others may ask."""
        return isinstance(self._error, CrowdedError)

    @property
    def deserted(self) -> bool:
        """Whether nobody needs the rest of it."""
        return not self.grows and not self._followers

    def whole(self) -> bytes:
        """All pieces; only while it grows."""
        return b"".join(self._pieces)

    def land(self, entry: Entry, *, elsewhere: bool = False) -> None:
        """The end is there, and all of it is known; `elsewhere`: another process has asked for it."""
        self.front, self.entry, self.elsewhere = entry.front, entry, elsewhere
        self._over = True
        self._wake()

    async def head(self, follower: Follower) -> Front:
        """The head, once it is there.

        Raises:
            NotSharedError: this follower has to ask for itself.
            UpstreamError: there is none.
        """
        while self.front is None and not self._over:
            await self._news.wait()
        if self.front is None:
            raise self._error or BrokenAnswerError(AnswerFault.CUT)
        if self._private and not follower.leads:
            raise NotSharedError
        return self.front

    async def landed(self) -> Entry | None:
        """All of it, once its end is there; None as soon as it is known to be too large, or broken off."""
        while not self._over and self.grows:
            await self._news.wait()
        return self.entry

    async def piece(self, position: int) -> bytes | None:
        """The piece at this position, once it is there; None behind the last one.

        Raises:
            UpstreamError: it broke off.
        """
        while position - self._gone >= len(self._pieces):
            if self._error is not None:
                raise self._error
            if self._over:
                return None
            await self._news.wait()
        return self._pieces[position - self._gone]

    def moved(self) -> None:
        """A follower took a piece."""
        if not self.grows:
            self._trim()

    def left(self, follower: Follower) -> None:
        """A follower needs no more of it."""
        self._followers.discard(follower)
        if self.deserted and self._task is not None:
            self._task.cancel()
        elif not self.grows:
            self._trim()

    async def give_up(self) -> None:
        """End the task, if it still runs."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    def _trim(self) -> None:
        slowest = min((follower.position for follower in self._followers), default=self._gone + len(self._pieces))
        while self._gone < slowest and self._pieces:
            self._count(-len(self._pieces.popleft()))
            self._gone += 1
        self._room.set()

    def _count(self, more: int) -> None:
        self.held += more
        self.all.size += more

    def _wake(self) -> None:
        # Whoever waits now; whoever waits later waits for the next news.
        self._news.set()
        self._news.clear()


class Follower:
    """One reader of a flight. To be closed in every case."""

    def __init__(self, flight: Flight, *, leads: bool) -> None:
        self.flight = flight
        self.leads = leads
        """The flight was begun for this one."""
        self.position = 0
        """How many pieces were taken."""

    async def head(self) -> Front:
        """See ``Flight.head``."""
        return await self.flight.head(self)

    async def pieces(self) -> AsyncIterator[bytes]:
        """All pieces from the first one.

        Raises:
            UpstreamError: it broke off.
        """
        while (piece := await self.flight.piece(self.position)) is not None:
            self.position += 1
            self.flight.moved()
            yield piece

    def close(self) -> None:
        """This reader needs no more."""
        self.flight.left(self)


class Flights:
    """All that are under way in this process, by the name under which their answers are kept."""

    def __init__(self, epochs: Epochs, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` counts seconds monotonically."""
        self._epochs = epochs
        self._clock = clock
        self._open: dict[bytes, Flight] = {}
        self._all: set[Flight] = set()
        self._held = Held()
        self._failed: dict[bytes, float] = {}
        self._alone: dict[bytes, float] = {}

    def to_join(self, name: bytes) -> Flight | None:
        """The flight that a new reader may follow: none that was begun before a write, wherever that was."""
        flight = self._open.get(name)
        joins = flight is not None and flight.grows and not flight.failed and self._epochs.holds(flight.mark)
        joins = joins and flight is not None and self._epochs.quiet(flight.mark)
        return flight if joins and self._alone.get(name, 0.0) <= self._clock() else None

    def begin(self, name: bytes, flight: Flight, fetch: Callable[[Flight], Awaitable[None]]) -> None:
        """Let it fly; others may join, unless it is alone."""
        self._all.add(flight)
        flight.all = self._held
        if not flight.alone:
            self._open[name] = flight
        flight.start(fetch, lambda done: self._landed(name, done))

    def close(self, name: bytes, *, private: bool) -> None:
        """The answer under this name cannot be joined; a `private` one will not be for a while."""
        if private:
            _note(self._alone, name, self._clock() + ALONE_SECONDS)

    def failed_just_now(self, name: bytes) -> bool:
        """Whether asking failed a moment ago."""
        return self._failed.get(name, 0.0) > self._clock()

    @property
    def held(self) -> int:
        """Bytes in memory, of all flights."""
        return self._held.size

    async def end(self) -> None:
        """Give up all that are under way."""
        for flight in list(self._all):
            await flight.give_up()

    def _landed(self, name: bytes, flight: Flight) -> None:
        self._all.discard(flight)
        self._held.size -= flight.held
        flight.all = Held()
        if self._open.get(name) is flight:
            del self._open[name]
        if flight.crowded:
            return
        if flight.failed:
            _note(self._failed, name, self._clock() + RETRY_SECONDS)
        elif flight.worked:
            self._failed.pop(name, None)


def _note(notes: dict[bytes, float], name: bytes, until: float) -> None:
    if len(notes) >= _MOST_REMEMBERED:
        notes.clear()
    notes[name] = until
