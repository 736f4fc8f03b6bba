"""Reads that the cache may answer: at once from memory, else with one question to the monitor for all who ask.

An answer that may be used is sent without any waiting. One that is a little too old is sent, too, and asked for anew
behind the reader's back. Else the reader follows a flight; if that fails, an older answer is sent and says how old.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache, partial
from secrets import token_hex
from typing import Generic, TypeVar
from urllib.parse import unquote_plus

from starlette.types import Message, Send

from swf_remote.edge.at_once import Ready
from swf_remote.proxy.caching.cache import Cache, Wanted, variant_names
from swf_remote.proxy.caching.entry import Entry, Front
from swf_remote.proxy.caching.fetching import Fetcher
from swf_remote.proxy.caching.flights import Flight, Follower, NotSharedError
from swf_remote.proxy.caching.holes import Hole
from swf_remote.proxy.caching.key import Key, key_of
from swf_remote.proxy.caching.replies import Reading, Reply, first_reply, head_of, needs_packing, reply_to
from swf_remote.proxy.caching.rules import GONE, Facts, Terms, Use, Verdict, standing, terms_of
from swf_remote.proxy.capacity.lines import NOBODY, Claim
from swf_remote.proxy.coding import Passage
from swf_remote.proxy.coding.encoding import encoder_for
from swf_remote.proxy.failures import CrowdedError, UpstreamError
from swf_remote.proxy.fairness import Fairness
from swf_remote.proxy.headers import Field
from swf_remote.proxy.policy.exposure import parameter_names
from swf_remote.proxy.policy.routes import REFRESH, Exposure, Identity, Kind, Route
from swf_remote.proxy.policy.routes import Cache as Keeping
from swf_remote.proxy.relay import cache_header, relay
from swf_remote.proxy.request import UpstreamRequest, monitor_target
from swf_remote.proxy.response import Answer
from swf_remote.proxy.sites import Sites
from swf_remote.proxy.visit import Visit
from swf_remote.web.stale_banner import stale_banner

T = TypeVar("T")
LINK_IS_DOWN = "The monitor cannot be reached"
# These ask for something that only the monitor can judge.
_PASSED_ON = (b"if-match", b"if-unmodified-since")
_KEYED = (b"accept", b"x-requested-with", b"x-fragment")


class MonitorFailingError(UpstreamError):
    """The monitor's server answers, and says that the monitor is gone."""


class NotKeptError(Exception):
    """Part of a body is asked for that is not kept: the monitor has to cut it."""


class _Once(Generic[T]):
    """What belongs to a visit and is made when it is first needed."""

    __slots__ = ("_made", "_make")

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._made: T | None = None

    def __call__(self) -> T:
        if self._made is None:
            self._made = self._make()
        return self._made


class Reads:
    """See the module's text."""

    def __init__(
        self,
        cache: Cache,
        fetcher: Fetcher,
        sites: Sites,
        exposure: Exposure,
        *,
        request: Callable[[Visit], UpstreamRequest],
        link_is_down: Callable[[], bool],
        fairness: Fairness,
    ) -> None:
        """`request` makes the monitor's request of a visit."""
        self._cache, self._fetcher, self._sites, self._exposure = cache, fetcher, sites, exposure
        self._request = request
        self._link_is_down = link_is_down
        self._fairness = fairness
        self._packing = asyncio.Lock()
        self._rows: dict[int, tuple[Route, Terms]] = {}
        self._key = lru_cache(maxsize=1024)(self._made_key)

    def wanted(self, visit: Visit) -> Wanted | None:
        """What is to be looked for; None when this request is none of the cache's."""
        route, method = visit.admission.route, visit.method
        if method not in ("GET", "HEAD") or visit.admission.writes or route.kind is Kind.STREAM:
            return None
        fields = visit.fields
        if any(name in fields for name in _PASSED_ON) or fields.get(b"content-length", b"0") != b"0":
            return None
        query: bytes = visit.scope["query_string"]
        if query and REFRESH in parameter_names(query):
            return self._renewing(visit, query)
        return None if route.cache is Keeping.NONE else self._wanted(visit, route, query)

    def _wanted(self, visit: Visit, route: Route, query: bytes, *, replaces: bool = False) -> Wanted:
        fields = visit.fields
        terms = self._terms(route)
        named = (visit.admission.remote_user or "") if route.identity is Identity.READER else ""
        key = self._key(visit.scope["raw_path"], query, id(route), named, *[fields.get(name, b"") for name in _KEYED])
        return Wanted(
            key,
            terms,
            fields,
            _Once(lambda: Reading(visit.method, fields, route, visit.page, key.echoed)),
            _Once(lambda: self._request(visit).for_keeping()),
            visit.admission.route,
            replaces,
        )

    def _terms(self, route: Route) -> Terms:
        """Of a row of the table, which lives as long as this process: so it is known by its place in memory."""
        known = self._rows.get(id(route))
        if known is None:
            known = self._rows[id(route)] = route, terms_of(route)
        return known[1]

    def _made_key(self, raw_path: bytes, query: bytes, row: int, user: str, *values: bytes) -> Key:
        target = monitor_target(raw_path, query, self._rows[row][0], self._sites)
        told = [(name.decode(), value.decode("latin-1")) for name, value in zip(_KEYED, values, strict=True)]
        named = [("x-remote-user", user)] if user else []
        return key_of(UpstreamRequest("GET", target, (*told, *named)), self._exposure)

    def _renewing(self, visit: Visit, query: bytes) -> Wanted | None:
        """A wish to have it computed anew: kept under the name of the same target without that wish."""
        asked = visit.admission.route
        pairs = [
            pair for pair in query.split(b"&") if unquote_plus(pair.partition(b"=")[0].decode("latin-1")) != REFRESH
        ]
        plain = b"&".join(pairs)
        path = monitor_target(visit.scope["raw_path"], b"", asked, self._sites)
        route = self._exposure.decide("GET", path.removeprefix(self._sites.monitor_mount + "/"), plain).route
        if route is None or visit.method != "GET" or route.cache is Keeping.NONE:
            return None
        same = (route.rewriting, route.kind, route.identity) == (asked.rewriting, asked.kind, asked.identity)
        return self._wanted(visit, route, plain, replaces=True) if same else None

    def at_once(self, wanted: Wanted, visit: Visit) -> Reply | None:
        """The answer, if memory has one that needs no waiting."""
        entry = None if wanted.replaces else self._cache.at_once(wanted)
        if entry is None or needs_packing(entry, wanted.reading):
            return None
        verdict = self._cache.verdict(wanted, entry)
        return None if verdict.use is Use.VALIDATE else self._from_store(wanted, visit, entry, verdict)

    def ready(self, wanted: Wanted) -> Ready | None:
        """The answer, if memory has one that is fresh: nothing else has to be done then."""
        entry = None if wanted.replaces else self._cache.in_memory(wanted)
        if not isinstance(entry, Entry) or needs_packing(entry, wanted.reading):
            return None
        verdict = self._cache.verdict(wanted, entry)
        if verdict.use is not Use.FRESH:
            return None
        reply = reply_to(wanted.reading, entry, self._sites)
        if entry.grown:
            self._cache.memory.recount(entry)
        heads = {} if reply.heads is None else reply.heads
        return Ready(reply.status, reply.headers, reply.body, verdict.age, heads)

    def is_unknown(self, wanted: Wanted) -> bool:
        """Whether nothing is kept of it anywhere and nobody asks for it: the monitor would have to be asked."""
        if not wanted.replaces and (not self._cache.alone or self._cache.in_memory(wanted) is not None):
            return False
        return wanted.replaces or self._cache.to_join(wanted) is None

    async def answer(self, wanted: Wanted, visit: Visit, send: Send) -> None:
        """Answer a GET.

        Raises:
            UpstreamError: the monitor could not be asked, and nothing older may be sent.
            ProblemError: the reader has had it asked too often.
            AnswerAbortedError: the answer broke off.
            NotKeptError: nothing was sent; ask without the cache.
        """
        kept = None if wanted.replaces else await self._cache.find(wanted)
        verdict = self._cache.verdict(wanted, kept) if kept else None
        if kept is None or verdict is None:
            if b"range" in wanted.asked and wanted.asking.passes_parts:
                raise NotKeptError
            await self._follow(wanted, visit, None, send)
            return
        await self._pack(kept, wanted.reading)
        if verdict.use is not Use.VALIDATE:
            await send_reply(self._from_store(wanted, visit, kept, verdict), visit, send)
        elif verdict.on_error and (self._cache.flights.failed_just_now(wanted.name) or self._link_is_down()):
            self._renew(wanted, kept)
            await send_reply(self._outdated(wanted, visit, kept), visit, send)
        else:
            await self._follow_or_fall_back(wanted, visit, kept, verdict, send)

    async def _follow_or_fall_back(
        self, wanted: Wanted, visit: Visit, kept: Entry, verdict: Verdict, send: Send
    ) -> None:
        try:
            await self._follow(wanted, visit, kept, send, spares=verdict.on_error)
        except CrowdedError:
            raise
        except UpstreamError as error:
            reply = await self._instead(wanted, visit)
            if reply is not None:
                await send_reply(reply, visit, send)
            elif isinstance(error, MonitorFailingError):
                # What was kept is gone meanwhile, so what the monitor's server says is all there is.
                await self._follow(wanted, visit, None, send)
            else:
                raise

    async def _instead(self, wanted: Wanted, visit: Visit) -> Reply | None:
        """What is kept by now, in the place of an answer that did not come."""
        current = await self._cache.find(wanted)
        verdict = self._cache.verdict(wanted, current) if current else None
        if current is None or verdict is None:
            return None
        if verdict.use is Use.FRESH:
            return self._from_store(wanted, visit, current, verdict)
        return self._outdated(wanted, visit, current) if verdict.on_error else None

    def _from_store(self, wanted: Wanted, visit: Visit, entry: Entry, verdict: Verdict) -> Reply:
        visit.exchange.cache = "hit"
        if verdict.use is Use.STALE_NOW:
            visit.exchange.cache = "stale"
            self._renew(wanted, entry)
        return self._reply(wanted.reading, entry, verdict.age)

    def _outdated(self, wanted: Wanted, visit: Visit, entry: Entry) -> Reply:
        """What is kept, since nothing newer can be had; a whole page says so."""
        visit.exchange.cache = "stale"
        reading = wanted.reading
        verdict = self._cache.verdict(wanted, entry)
        if entry.front.is_page and reading.route.kind is Kind.PAGE and not visit.of_a_piece:
            as_of = datetime.fromtimestamp(verdict.as_of, UTC)
            page = replace(reading.page, banner=stale_banner(as_of, LINK_IS_DOWN) + reading.page.banner)
            reading = replace(reading, page=page)
        return self._reply(reading, entry, verdict.age)

    def _reply(self, reading: Reading, entry: Entry, age: int) -> Reply:
        reply = reply_to(reading, entry, self._sites)
        if entry.grown:
            self._cache.memory.recount(entry)
        return Reply(reply.status, [*reply.headers, _age(age)], reply.body)

    async def _pack(self, entry: Entry, reading: Reading) -> None:
        """Compress a large body where that holds nobody up, one after the other, and each once."""
        if needs_packing(entry, reading):
            async with self._packing:
                if needs_packing(entry, reading):
                    await asyncio.to_thread(reply_to, reading, entry, self._sites)

    def _renew(self, wanted: Wanted, kept: Entry) -> None:
        """Ask for it anew behind the reader's back, unless somebody does or it failed a moment ago."""
        if self._cache.to_join(wanted) is None and not self._cache.flights.failed_just_now(wanted.name):
            self._begin(wanted, kept, NOBODY, alone=False)

    def _begin(self, wanted: Wanted, kept: Entry | None, reader: str, *, alone: bool) -> Flight:
        flight = Flight(
            self._cache.mark(wanted),
            sent=wanted.sent,
            alias=token_hex(8).encode(),
            echoed=wanted.key.echoed,
            alone=alone or wanted.replaces,
            claim=Claim(reader),
        )
        self._cache.flights.begin(wanted.name, flight, partial(self._fetcher.fetch, wanted, kept))
        return flight

    async def _follow(
        self, wanted: Wanted, visit: Visit, kept: Entry | None, send: Send, *, spares: bool = False
    ) -> None:
        """Send what the monitor answers; `spares`: something older may be sent if it fails."""
        reader = await self._fairness.reader(visit)
        alone = False
        while not (alone or wanted.replaces) and (flight := self._cache.to_join(wanted)):
            visit.exchange.cache = "coalesced"
            flight.claim.also_for(reader)
            try:
                await self._followed(flight.join(leads=False), wanted, visit, send, spares=spares)
            except NotSharedError:
                alone = True
            except CrowdedError:
                # Somebody else's share of the lane was used up.
                continue
            else:
                return
        self._fairness.charge(reader, visit)
        visit.exchange.cache = "miss"
        begun = self._begin(wanted, kept, reader, alone=alone)
        await self._followed(begun.join(leads=True), wanted, visit, send, spares=spares)

    async def _followed(self, follower: Follower, wanted: Wanted, visit: Visit, send: Send, *, spares: bool) -> None:
        flight = follower.flight
        try:
            front = await _timed(visit, follower)
            if flight.elsewhere:
                visit.exchange.cache = "coalesced"
            if spares and front.facts.status in GONE:
                raise MonitorFailingError(f"status {front.facts.status}")
            if _waits(wanted, flight):
                await flight.landed()
            self._check(follower, wanted, front)
            if flight.entry is not None:
                reply = await self._landed(follower, flight.entry, wanted.reading)
                await send_reply(reply, visit, self._aging(send, follower, wanted, flight.entry.facts))
            else:
                answer = self._streamed(front, flight, wanted.reading)
                aging = self._aging(send, follower, wanted, front.facts)
                await relay(answer, follower.pieces(), aging, visit.exchange)
        finally:
            follower.close()

    async def _landed(self, follower: Follower, entry: Entry, reading: Reading) -> Reply:
        """The answer of which all is there."""
        fetched = follower.leads and not follower.flight.elsewhere
        if fetched and (reply := first_reply(reading, entry, self._sites)):
            return reply
        await self._pack(entry, reading)
        return reply_to(reading, entry, self._sites)

    def _aging(self, send: Send, follower: Follower, wanted: Wanted, facts: Facts) -> Send:
        """``Age`` for who came later than the question went out, and where the monitor's answer is from a cache.

        It is told as it is when the answer begins, which may be long after its head came.
        """
        if follower.leads and b"age" not in facts.headers:
            return send

        async def aging(message: Message) -> None:
            if message["type"] == "http.response.start":
                age = standing(facts, wanted.terms).at(self._cache.clock()).age
                message = {**message, "headers": [*message["headers"], _age(age)]}
            await send(message)

        return aging

    def _check(self, follower: Follower, wanted: Wanted, front: Front) -> None:
        """Whether this flight's answer is this reader's, too."""
        flight, entry = follower.flight, follower.flight.entry
        if b"range" in wanted.asked and entry is None and wanted.asking.passes_parts:
            raise NotKeptError
        if follower.leads:
            return
        if flight.echoed != wanted.key.echoed and (entry is None or Hole.ECHO not in entry.body.parts):
            raise NotSharedError
        names = variant_names(front)
        if names and wanted.key.variant(names, wanted.sent()) != wanted.key.variant(names, flight.sent()):
            raise NotSharedError

    def _streamed(self, front: Front, flight: Flight, reading: Reading) -> Answer:
        head = head_of(front, flight, reading, self._sites)
        coding = head.todo.encoded
        if not (front.is_page or coding):
            return Answer(head.status, head.headers, None)
        encoder = encoder_for(coding) if coding else None
        return Answer(head.status, head.headers, Passage(rewriter=reading.fill, encoder=encoder))


def _age(seconds: int) -> Field:
    return b"age", b"%d" % seconds


def _waits(wanted: Wanted, flight: Flight) -> bool:
    """Whether the answer can only be told when all of it is there."""
    conditions = (b"if-none-match", b"if-modified-since", b"range")
    return flight.echoed != wanted.key.echoed or any(name in wanted.asked for name in conditions)


async def _timed(visit: Visit, follower: Follower) -> Front:
    begin = time.perf_counter()
    try:
        return await follower.head()
    finally:
        visit.exchange.upstream_seconds = time.perf_counter() - begin


async def send_reply(reply: Reply, visit: Visit, send: Send) -> None:
    """Send an answer that is there as a whole."""
    visit.exchange.proxied = True
    headers = [*reply.headers, cache_header(visit.exchange)]
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": reply.body})
