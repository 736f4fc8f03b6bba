"""Hands each event to every listener that wants it, a few listeners at a time so that pages get their turn between.

Filters are asked once for all listeners with equal ones. A ``feed`` brings the events; the hub knows neither where they
come from nor how they are sent.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterator
from itertools import islice

from swf_remote.edge import metrics
from swf_remote.edge.problem import Problem
from swf_remote.proxy.streams.events import COME_BACK, Event, Position, aside, connected, heartbeat, numbered, reset
from swf_remote.proxy.streams.filters import Wanted
from swf_remote.proxy.streams.history import History
from swf_remote.proxy.streams.listener import LARGEST_PIECE, Listener
from swf_remote.proxy.streams.parsing import Message
from swf_remote.web.error_pages import event as problem_event

# Below the patience of the proxies on the way, which is a minute and more.
HEARTBEAT_SECONDS = 20.0
LISTENERS_AT_A_TIME = 20
MOST_WAITING_BYTES = 1 << 20
SLOW = Problem(
    503,
    "reader-too-slow",
    "Your connection did not keep up with the events",
    "It comes back by itself and gets what it has missed.",
    retry_after=2,
)

# Events, each with how many had been given before it and with it.
Batch = list[tuple[int, Event]]


class Hub:
    """The listeners of one stream in this process."""

    def __init__(self, epoch: str, history: History | None = None) -> None:
        self.position = Position(epoch, 0)
        """The last event."""
        self.problem: Problem | None = None
        """Why the monitor's stream does not stand; None while it does, and before the first try."""
        self.settled = asyncio.Event()
        """The first try has ended, well or not."""
        self._history = History() if history is None else history
        self._groups: dict[Wanted, set[Listener]] = {}
        self._given = 0
        self._waiting: deque[tuple[int, Event]] = deque()
        self._waiting_bytes = 0
        self._work = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()

    # What a feed calls.

    def begin(self, position: Position) -> None:
        """Events are numbered from here on; those of another epoch are no longer comparable."""
        if position.epoch != self.position.epoch:
            self._history.clear()
        self.position = position

    def recall(self, position: Position, message: Message) -> None:
        """An event that happened before: only who comes back gets it."""
        self.begin(position)
        self._history.add(numbered(position, message))

    def up(self) -> None:
        """The monitor's stream stands."""
        self.problem = None
        self.settled.set()

    def down(self, problem: Problem, request_id: str) -> None:
        """It does not; listeners are told once in an outage."""
        if self.problem is None:
            self._put(Event(self.position.number, problem_event(problem, request_id)))
        self.problem = problem
        self.settled.set()

    async def publish(self, position: Position, message: Message) -> None:
        """The next event; waits while too much is still to be handed on."""
        event = numbered(position, message)
        self.begin(position)
        self._history.add(event)
        self._put(event)
        await self._room.wait()

    def say(self, message: Message) -> None:
        """A word about the stream to all who listen now."""
        self._put(aside(message, self.position))

    @property
    def remembered(self) -> int:
        """How many events are kept for who comes back."""
        return len(self._history)

    # What the stream of a listener calls.

    def join(self, wanted: Wanted, last: Position | None, request_id: str) -> Listener:
        """One more listener, who hears first what it missed since `last`."""
        beginning = self._beginning(wanted, last)
        listener = Listener(wanted, self._given, request_id=request_id, beginning=beginning)
        self._groups.setdefault(wanted, set()).add(listener)
        return listener

    def leave(self, listener: Listener) -> None:
        """One less; without effect if it was dropped before."""
        group = self._groups.get(listener.wanted, set())
        group.discard(listener)
        if not group:
            self._groups.pop(listener.wanted, None)

    def missed(self, wanted: Wanted, last: Position) -> list[bytes]:
        """What a listener that comes back has missed since `last`, from the word ``reset`` on if that is not known."""
        events, first = self._since(last)
        return [*first, *(event.frame for event in events if wanted.accepts(event.facts))]

    @property
    def listeners(self) -> int:
        """How many there are."""
        return sum(map(len, self._groups.values()))

    def end(self) -> None:
        """End all streams with the word when to come back."""
        for listener in self._everybody():
            listener.end(COME_BACK)
        self._groups.clear()

    # What runs as long as the hub.

    async def deliver(self) -> None:
        """Hand on what waits, until cancelled."""
        while True:
            await self._work.wait()
            self._work.clear()
            await self.deliver_rest()

    async def deliver_rest(self) -> None:
        """Hand on what waits now."""
        while self._waiting:
            await self._deliver(self._taken())

    async def beat(self) -> None:
        """Say regularly that the stream stands, until cancelled."""
        while True:
            await asyncio.sleep(HEARTBEAT_SECONDS)
            if not self.problem:
                self._put(heartbeat(self.position))

    def _put(self, event: Event) -> None:
        self._given += 1
        self._waiting.append((self._given, event))
        self._waiting_bytes += len(event.frame)
        if self._waiting_bytes > MOST_WAITING_BYTES:
            self._room.clear()
        self._work.set()

    def _taken(self) -> Batch:
        """As many as one piece holds: each listener can send it before the next one comes."""
        batch = [self._waiting.popleft()]
        size = len(batch[0][1].frame)
        while self._waiting and size + len(self._waiting[0][1].frame) <= LARGEST_PIECE:
            batch.append(self._waiting.popleft())
            size += len(batch[-1][1].frame)
        self._waiting_bytes -= size
        if self._waiting_bytes <= MOST_WAITING_BYTES:
            self._room.set()
        return batch

    async def _deliver(self, batch: Batch) -> None:
        addressed = self._addressed(batch)
        while some := list(islice(addressed, LISTENERS_AT_A_TIME)):
            for listener, events, piece in some:
                self._offer(listener, events, piece)
            metrics.events_sent(sum(len(events) for _, events, _ in some))
            await asyncio.sleep(0)

    def _addressed(self, batch: Batch) -> Iterator[tuple[Listener, Batch, bytes]]:
        """Who hears what."""
        for wanted, listeners in list(self._groups.items()):
            if events := [(order, event) for order, event in batch if wanted.accepts(event.facts)]:
                piece = b"".join([event.frame for _, event in events])
                yield from [(listener, events, piece) for listener in listeners]

    def _offer(self, listener: Listener, events: Batch, piece: bytes) -> None:
        if listener.joined >= events[0][0]:
            piece = b"".join([event.frame for order, event in events if order > listener.joined])
        if piece and not listener.offer(piece):
            self._drop(listener)

    def _drop(self, listener: Listener) -> None:
        self.leave(listener)
        listener.end(problem_event(SLOW, listener.request_id), at_once=True)
        metrics.listener_dropped()

    def _everybody(self) -> list[Listener]:
        return [listener for group in self._groups.values() for listener in group]

    def _beginning(self, wanted: Wanted, last: Position | None) -> list[bytes]:
        if last is None:
            return [connected(self.position)]
        events, first = self._since(last)
        heard = Position(self.position.epoch, events[0].number - 1) if events else self.position
        return [connected(heard), *first, *(event.frame for event in events if wanted.accepts(event.facts))]

    def _since(self, last: Position) -> tuple[list[Event], list[bytes]]:
        """What came after `last`; or all that is known, and the word that says so."""
        if last == self.position:
            return [], []
        events = self._history.since(last.number) if last.epoch == self.position.epoch else None
        if events is not None:
            return events, []
        reason = "too old" if last.epoch == self.position.epoch else "unknown epoch"
        return self._history.all(), [reset(reason)]
