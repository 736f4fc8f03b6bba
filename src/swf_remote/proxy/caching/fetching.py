"""What a flight does: asks the monitor, rewrites the answer for nobody in particular, keeps it where that is allowed.

The monitor is asked for the whole body. If something is kept already, it is asked whether that is still true.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import replace

from swf_remote.proxy.asking import Asker, Question
from swf_remote.proxy.coding import Passage
from swf_remote.proxy.coding.decoding import codings_of
from swf_remote.proxy.failures import BrokenAnswerError
from swf_remote.proxy.policy.routes import Exposure, Kind
from swf_remote.proxy.relay import changed
from swf_remote.proxy.response import Asked, BrokenAnswer, passage_of
from swf_remote.proxy.sites import Sites
from swf_remote.proxy.treatment import BODILESS
from swf_remote.proxy.upstream import UpstreamAnswer

from . import rules
from .cache import Cache, Wanted
from .entry import Entry, Front, facts_of
from .flights import Flight
from .holes import STAND_IN, Body, Hole
from .rules import Facts

NOT_MODIFIED = 304
_ERRORS = 400
_WHOLE = Asked("GET", whole=True)
# A page that was computed anew may lead to itself with that wish, as the plain page does not (contract 3.1).
_WISH = re.compile(rb"\brefresh(?:=|%3[Dd]|[\"'])")


class Fetcher:
    """Fetches for one cache."""

    def __init__(
        self, cache: Cache, asker: Asker, sites: Sites, exposure: Exposure, *, largest: int, most: int
    ) -> None:
        """`largest`: bytes of the largest answer kept; `most`: bytes of all answers that are under way to be kept."""
        self._cache, self._asker, self._sites, self._exposure = cache, asker, sites, exposure
        self._unfinished = [text.encode() for text in exposure.unfinished]
        self._largest, self._most = largest, most

    async def fetch(self, wanted: Wanted, kept: Entry | None, flight: Flight) -> None:
        """One flight, from the question to its end.

        Raises:
            UpstreamError: it came to nothing.
        """
        async with self._cache.turn(wanted, kept, flight) as entry:
            if entry is not None:
                flight.land(entry, elsewhere=True)
            else:
                await self._ask(wanted, kept, flight)

    async def _ask(self, wanted: Wanted, kept: Entry | None, flight: Flight) -> None:
        requested = self._cache.clock()
        answer = await self._asker.again(_question(wanted, kept, flight))
        try:
            facts, fields = facts_of(answer.status, answer.raw_headers, requested, self._cache.clock())
            if answer.status == NOT_MODIFIED and kept is not None:
                await self._confirmed(wanted, kept, flight, facts)
                return
            passage = passage_of(
                answer.status, fields, asked=_WHOLE, route=wanted.asking, sites=self._sites, page=STAND_IN
            )
            decoded = passage is not None and passage.decoding is not None
            await self._received(wanted, flight, Front.of(facts, fields, decoded=decoded), passage, answer)
        except BrokenAnswer as error:
            raise BrokenAnswerError(str(error)) from error
        finally:
            answer.close()

    async def _confirmed(self, wanted: Wanted, kept: Entry, flight: Flight, facts: Facts) -> None:
        entry = replace(kept, front=kept.front.freshened(facts), mark=flight.mark, made={}, heads={}, standing=None)
        flight.land(entry)
        await self._cache.keep(wanted, entry)

    async def _received(
        self, wanted: Wanted, flight: Flight, front: Front, passage: Passage | None, answer: UpstreamAnswer
    ) -> None:
        # That nothing changed is no answer for somebody who has nothing.
        bare = front.facts.status == NOT_MODIFIED
        private = bare or not rules.may_share(wanted.asked, front.facts, wanted.terms)
        flight.begin(front, grows=self._may_keep(wanted, front, passage), private=private)
        if not flight.grows:
            self._cache.flights.close(wanted.name, private=private and not bare)
        if front.facts.status not in BODILESS:
            await self._collect(flight, passage, answer)
        entry = self._entry(flight, front) if flight.grows else None
        if entry is not None:
            flight.land(entry)
        reused = entry if entry is not None and self._may_be_reused(wanted, flight, entry) else None
        if wanted.replaces:
            if front.facts.status < _ERRORS:
                await self._cache.renewed(wanted, reused)
        elif reused is not None:
            await self._cache.keep(wanted, reused)

    def _may_keep(self, wanted: Wanted, front: Front, passage: Passage | None) -> bool:
        if not rules.may_store("GET", wanted.asked, front.facts, wanted.terms):
            return False
        length = front.facts.headers.get(b"content-length", b"")
        codings = codings_of(front.facts.headers.get(b"content-encoding", b""))
        readable = not codings or passage is not None
        return readable and not (length.isdigit() and int(length) > self._largest)

    async def _collect(self, flight: Flight, passage: Passage | None, answer: UpstreamAnswer) -> None:
        chunks: AsyncIterator[bytes] = answer.chunks()
        async for piece in changed(chunks, passage) if passage else chunks:
            await flight.add(piece)
            if flight.grows and self._is_too_much(flight):
                flight.outgrow()
            if flight.deserted:
                return

    def _is_too_much(self, flight: Flight) -> bool:
        return flight.held > self._largest or self._cache.flights.held > self._most

    def _entry(self, flight: Flight, front: Front) -> Entry:
        whole = flight.whole()
        body = Body.of(whole)
        if flight.echoed is not None:
            body = body.with_echo(self._exposure.echoed, flight.echoed) or body
        return Entry(front.with_length(body.length), body, flight.mark, aliases=(flight.alias,))

    def _may_be_reused(self, wanted: Wanted, flight: Flight, entry: Entry) -> bool:
        """Not if the monitor says that it is still being built, or if something of the request stands in it."""
        if flight.echoed is not None and Hole.ECHO not in entry.body.parts:
            return False
        if wanted.asking.kind is Kind.STATIC:
            return True
        texts = [part for part in entry.body.parts if isinstance(part, bytes)]
        if wanted.replaces and any(_WISH.search(part) for part in texts):
            return False
        return not any(text in part for text in self._unfinished for part in texts)


def _question(wanted: Wanted, kept: Entry | None, flight: Flight) -> Question:
    request = wanted.request()
    if kept is not None and kept.facts.status == 200:
        told = [(name.decode(), value.decode("latin-1")) for name, value in rules.conditions(kept.facts)]
        request = replace(request, headers=(*request.headers, *told))
    return Question("GET", request, wanted.asking, writes=False, claim=flight.claim)
