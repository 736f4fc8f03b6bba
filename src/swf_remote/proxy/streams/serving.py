"""The HTTP side of event streams: for each reader the events it asked for, until it leaves or the gateway stops.

A failure is told in the stream's own form (an ``error`` event and a ``retry``), because browsers give up for good on
any other status. Readers who are signed out meanwhile hear nothing more within seconds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from starlette.types import Send

from swf_remote.configuration import Configuration
from swf_remote.edge import metrics
from swf_remote.edge.exchange import Exchange
from swf_remote.edge.intake import header
from swf_remote.edge.problem import Problem
from swf_remote.edge.runtime import Runtime
from swf_remote.proxy.request import UpstreamRequest
from swf_remote.proxy.streams.events import Position
from swf_remote.proxy.streams.filters import Wanted
from swf_remote.proxy.streams.hub import Hub
from swf_remote.proxy.streams.own_feed import OwnFeed
from swf_remote.proxy.streams.redis_feed import RedisFeed
from swf_remote.proxy.streams.redis_log import RedisLog, redis_client
from swf_remote.proxy.streams.sessions import Sessions
from swf_remote.proxy.streams.station import LINGER_SECONDS, Feed, Station
from swf_remote.proxy.streams.upstream import EventSource, Sink
from swf_remote.proxy.visit import Visit
from swf_remote.web.error_pages import event as problem_event

# Below the server's limit of concurrent requests, so that pages are still answered.
MOST_STREAMS = 3000
FULL = Problem(
    503, "too-many-streams", "Too many pages are listening at once", "Reload the page in a minute.", retry_after=60
)
HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache, no-store"),
    (b"x-accel-buffering", b"no"),
    (b"x-robots-tag", b"noindex"),
    (b"x-swf-cache", b"bypass"),
]
# Of a reader's request what may concern all who share the stream: where it goes, and under which name.
_SHARED = frozenset({"host", "x-remote-user", "x-remote-user-token"})

Ask = Callable[[], UpstreamRequest]


class Streams:
    """All event streams of this process."""

    def __init__(self, settings: Configuration, runtime: Runtime) -> None:
        self._runtime = runtime
        self._token = settings.monitor_token
        self._monitor = settings.monitor_url
        self._redis = redis_client(settings.redis_url) if settings.redis_url else None
        self._open = 0
        self._stations: dict[str, Station] = {}
        self._sessions = Sessions()

    async def relay(self, ask: Ask, visit: Visit, send: Send) -> None:
        """Send one reader's stream until either side or the gateway ends it.

        Args:
            ask: makes the monitor's request as it would be for this reader alone.
        """
        exchange = visit.exchange
        exchange.proxied = True
        await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
        if self._open >= MOST_STREAMS:
            await _send(send, _told(FULL, exchange))
        else:
            self._open += 1
            try:
                await self._serve(self._station(ask), visit, send)
            finally:
                self._open -= 1
        await _send(send, b"", more=False)

    async def _serve(self, station: Station, visit: Visit, send: Send) -> None:
        wanted = Wanted.of(visit.scope["query_string"])
        last = Position.of(header(visit.scope, b"last-event-id").encode("latin-1"))
        with station.present() as hub:
            await hub.settled.wait()
            if hub.problem:
                await _send(send, b"".join(hub.missed(wanted, last) if last else ()))
                await _send(send, _told(hub.problem, visit.exchange))
                return
            with (
                station.listening(wanted, last, visit.exchange.request_id) as listener,
                self._sessions.watched(visit, listener),
            ):
                while piece := await listener.next_piece():
                    await _send(send, piece)

    def _station(self, ask: Ask) -> Station:
        """The running one that this request shares with others, or a new one."""
        request = ask()
        stream = f"{request.target.partition('?')[0]} {dict(request.headers).get('x-remote-user', '')}"
        station = self._stations.get(stream)
        if station is None or station.ended.is_set():
            self._stations = {known: one for known, one in self._stations.items() if not one.ended.is_set()}
            station = Station(self._feed(stream, ask), self._runtime.stopping, linger=LINGER_SECONDS)
            self._stations[stream] = station
        return station

    def _feed(self, stream: str, ask: Ask) -> Feed:
        async def listen(sink: Sink, missing_since: datetime | None) -> None:
            await EventSource(lambda: self._unfiltered(ask()), self._runtime, missing_since=missing_since).run(sink)

        async def feed(hub: Hub) -> None:
            if self._redis:
                await RedisFeed(RedisLog(self._redis, f"{self._monitor} {stream}"), listen, hub).run()
            else:
                await listen(OwnFeed(hub), None)

        return feed

    def _unfiltered(self, request: UpstreamRequest) -> UpstreamRequest:
        """The request for all events, for all readers."""
        fields = [line for line in request.headers if line[0] in _SHARED]
        fields += [("accept", "text/event-stream"), ("accept-encoding", "identity"), ("cache-control", "no-cache")]
        if self._token:
            fields.append(("authorization", f"Token {self._token}"))
        return replace(request, target=request.target.partition("?")[0], headers=fields)


async def _send(send: Send, body: bytes, *, more: bool = True) -> None:
    if body or not more:
        await send({"type": "http.response.body", "body": body, "more_body": more})


def _told(problem: Problem, exchange: Exchange) -> bytes:
    exchange.note = problem.kind
    metrics.problem_told(problem)
    return problem_event(problem, exchange.request_id)
