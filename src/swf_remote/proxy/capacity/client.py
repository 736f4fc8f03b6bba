"""The client to the monitor with a bulkhead and a breaker for each lane.

A lane that is full or broken leaves the others alone. A place is held from the request until the answer is closed.
When a breaker opens, whoever waits in its lane for a place or for a first byte is told at once.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterable, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import partial

from swf_remote.edge import metrics
from swf_remote.proxy.capacity.breaker import Breaker, BreakerState, cause_of
from swf_remote.proxy.capacity.bulkhead import Bulkhead
from swf_remote.proxy.capacity.lines import Claim
from swf_remote.proxy.capacity.pace import Pace
from swf_remote.proxy.capacity.recall import Recall
from swf_remote.proxy.failures import LinkCause, UpstreamError
from swf_remote.proxy.link import Observation
from swf_remote.proxy.upstream import PAGE_BUDGET, Budget, UpstreamAnswer, UpstreamClient
from swf_remote.proxy.upstream_exchange import Outgoing

MOST_TIMES = 512
PATIENCE_SECONDS = 1.0
QUEUE_PER_PLACE = 4
FIRST_CEILING = 2
# A link that came back is loaded step by step: twice as much with each answer, and with each of these seconds.
STEP_SECONDS = 0.5
MOST_STEPS = 16
_SHARES = {"page": 0.4, "data": 0.4, "static": 0.1, "write": 0.1}


class Lane(StrEnum):
    """Kinds of requests that must not starve each other."""

    PAGE = "page"
    DATA = "data"
    STATIC = "static"
    WRITE = "write"


@dataclass(frozen=True, slots=True)
class LaneState:
    """One lane now."""

    name: str
    state: BreakerState
    since: datetime
    """When its breaker's state began (UTC)."""
    running: int
    waiting: int
    limit: int
    p50: float | None
    """Milliseconds to the first byte of late, as are the others; None before the first answer."""
    p95: float | None
    p99: float | None


class _Way:
    """What belongs to one lane."""

    def __init__(self, limit: int, at_once: int | None, clock: Callable[[], float]) -> None:
        self.places = Bulkhead(limit, limit * QUEUE_PER_PLACE, at_once=at_once)
        self.breaker = Breaker(clock)
        self._clock = clock
        self._closed_at = clock()
        self.times: deque[float] = deque(maxlen=MOST_TIMES)
        self.on_the_way: set[Recall] = set()

    def closed(self) -> None:
        """The breaker closed: begin with few."""
        self.places.ceiling, self._closed_at = FIRST_CEILING, self._clock()

    def widen(self) -> None:
        """Let more run, by the time that went by since then: slow answers must not hold up the others."""
        if self.places.ceiling < self.places.limit and self.breaker.state is BreakerState.CLOSED:
            steps = min(int((self._clock() - self._closed_at) / STEP_SECONDS), MOST_STEPS)
            self.places.raise_ceiling(max(self.places.ceiling, FIRST_CEILING << max(steps, 0)))

    def dissolve(self) -> None:
        """The breaker opened: nobody waits any longer."""
        self.places.ceiling = FIRST_CEILING
        self.places.release(self.breaker.error(sent=False))
        for recall in self.on_the_way:
            recall.end()

    def state(self, lane: Lane) -> LaneState:
        ordered = sorted(self.times)
        p50, p95, p99 = (ordered[int(len(ordered) * part)] if ordered else None for part in (0.5, 0.95, 0.99))
        since = datetime.fromtimestamp(self.breaker.since, UTC)
        places = self.places
        return LaneState(
            lane.value, self.breaker.state, since, places.running, places.waiting, places.limit, p50, p95, p99
        )


class LanedClient:
    """All requests of readers to the monitor."""

    def __init__(
        self,
        client: UpstreamClient,
        connections: int,
        *,
        ask_probe: Callable[[], None],
        at_once: int | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`connections` are shared out among the lanes; `ask_probe` has the link looked at; `clock`: epoch seconds.

        Args:
            at_once: how many of a lane one reader may have while others ask, too; None: any number.
        """
        self._client = client
        self._ask_probe = ask_probe
        self._heard_at = 0.0
        self._pace = Pace()
        self._ways = {lane: _Way(max(1, int(connections * _SHARES[lane])), at_once, clock) for lane in Lane}

    async def send(
        self,
        request: Outgoing,
        *,
        lane: Lane,
        body: AsyncIterable[bytes] | None = None,
        budget: Budget = PAGE_BUDGET,
        repeat: bool = True,
        claim: Claim | None = None,
    ) -> UpstreamAnswer:
        """As ``UpstreamClient.send``, within a lane. Closing the answer frees the place.

        Args:
            claim: says which readers wait for the answer; it may be used again once the answer is closed.

        Raises:
            BusyError: the lane and its queue are full.
            CrowdedError: the reader has as much of it as one may have.
            CircuitOpenError: the lane's breaker is open, or opened while this waited.
            UpstreamError: as of the client.
        """
        way, claim = self._ways[lane], claim or Claim()
        trial, began = way.breaker.check(), time.monotonic()
        way.widen()
        try:
            await way.places.enter(claim)
        except BaseException:
            if trial:
                way.breaker.left()
            raise
        try:
            await self._pace.turn(claim)
            answer = await self._asked(lane, self._client.send(request, body=body, budget=budget, repeat=repeat))
        except BaseException as error:
            way.places.leave(claim)
            self._note_failure(way, error, began, trial=trial)
            raise
        answer.when_closed(partial(way.places.leave, claim))
        answer.in_turns(partial(self._pace.turn, claim))
        self._note_answer(way)
        return answer

    def turns_away(self, lane: Lane, reader: str) -> bool:
        """Whether ``send`` would raise ``CrowdedError`` at once for this reader."""
        way = self._ways[lane]
        return way.breaker.state is BreakerState.CLOSED and way.places.turns_away(reader)

    def lanes(self) -> list[LaneState]:
        """All lanes now."""
        return [way.state(lane) for lane, way in self._ways.items()]

    def heard_since(self, moment: float) -> bool:
        """Whether an answer of the monitor began since this moment of the monotonic clock."""
        return self._heard_at >= moment

    def link_seen(self, seen: Observation) -> None:
        """What the probe found. A monitor that answers with errors answers: nothing opens."""
        for way in self._ways.values():
            if seen.cause is None:
                # The look was the trial; a page's files that come together must not wait for one of them.
                if way.breaker.worked():
                    way.closed()
                way.widen()
            elif way.breaker.open(seen.cause):
                way.dissolve()

    async def _asked(self, lane: Lane, asking: Awaitable[UpstreamAnswer]) -> UpstreamAnswer:
        loop, way = asyncio.get_running_loop(), self._ways[lane]
        begin = loop.time()
        impatience = loop.call_later(PATIENCE_SECONDS, self._ask_probe)
        recall = Recall()
        way.on_the_way.add(recall)
        try:
            answer = await asking
        except BaseException as error:
            told = way.breaker.error(sent=True) if recall.ended(error) else error
            if isinstance(told, UpstreamError):
                metrics.upstream_failed(lane)
            raise told from None if told is error else error
        finally:
            impatience.cancel()
            recall.over()
            way.on_the_way.discard(recall)
        seconds = loop.time() - begin
        way.times.append(seconds * 1000)
        metrics.upstream_answered(lane, seconds)
        return answer

    def _note_failure(self, way: _Way, error: BaseException, began: float, *, trial: bool) -> None:
        cause = cause_of(error) if isinstance(error, UpstreamError) else None
        if cause is LinkCause.SILENT and self.heard_since(began):
            # One slow page says nothing of a link over which others were answered meanwhile.
            cause = None
        if cause is None:
            if trial:
                way.breaker.left()
        elif way.breaker.failed(cause):
            way.dissolve()

    def _note_answer(self, way: _Way) -> None:
        self._heard_at = time.monotonic()
        if way.breaker.worked():
            way.closed()
        elif way.places.ceiling < way.places.limit:
            way.places.raise_ceiling(way.places.ceiling * 2)
