"""Asks a monitor what the alarms of a tick need: each question once, few requests at a time, within a fixed time.

Nothing lies in between: what the gateway keeps for readers may be minutes old, and an alarm is about now.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from swf_remote.configuration import Configuration
from swf_remote.proxy.link import Place
from swf_remote.proxy.policy.routes import exposure
from swf_remote.proxy.upstream import UpstreamClient

from .exchange import Exchange
from .looking import OVERDUE, LinkWatch, data_time
from .queries import InputError, PastOf, Query, TheLink, words_of
from .questions import Documents, answer, size_of
from .recordings import Recordings

LOG = logging.getLogger("swf_remote.alarms")
AT_ONCE = 4
"""Requests on their way together: readers' pages share the link and the monitor's threads."""
SECONDS = 60.0
"""For all questions of a tick."""

Found = dict[Query[Any], Any]


@dataclass(slots=True)
class _Told:
    """How a question fared."""

    query: Query[Any]
    answer: Any
    seconds: float
    requests: int

    def as_json(self) -> dict[str, Any]:
        failed = isinstance(self.answer, InputError)
        return {
            "query": words_of(self.query),
            "seconds": round(self.seconds, 3),
            "rows": None if failed else size_of(self.answer),
            "requests": self.requests,
            "error": str(self.answer) if failed else "",
        }


class Asker:
    """One per process that evaluates alarms."""

    def __init__(self, settings: Configuration, recordings: Recordings, seconds: float = SECONDS) -> None:
        """`seconds`: for all questions of one call."""
        self.recordings = recordings
        self._settings = settings
        self._seconds = seconds
        self._link = LinkWatch(settings)
        self._told: list[_Told] = []

    @classmethod
    def of(cls, settings: Configuration) -> Self:
        """With the kept counters of these settings."""
        return cls(settings, Recordings.of(settings))

    def ask(self, queries: Collection[Query[Any]], now: datetime) -> Found:
        """The answer of each question, or an ``InputError`` in its place.

        Not inside a running event loop, and not in a transaction: it takes as long as the monitor takes.

        Raises:
            DatabaseError: the kept counters cannot be read.
        """
        distinct = sorted(set(queries), key=words_of)
        past = {query: self._past(query, now) for query in distinct if isinstance(query, PastOf)}
        others = [query for query in distinct if query not in past]
        asked = asyncio.run(_Asking(self._settings, self._link, now, self._seconds).all(others)) if others else {}
        both = past | asked
        self._told = [both[query] for query in distinct]
        return {query: both[query].answer for query in distinct}

    def told(self) -> list[dict[str, Any]]:
        """How each question of the last call fared: its words, seconds, rows, requests and error, ready for JSON."""
        return [one.as_json() for one in self._told]

    def _past(self, query: PastOf, now: datetime) -> _Told:
        begin = time.monotonic()
        try:
            found: Any = self.recordings.past(query.hours, now)
        except InputError as error:
            found = error
        return _Told(query, found, time.monotonic() - begin, 0)


class _Asking:
    """One call, in its own event loop."""

    def __init__(self, settings: Configuration, link: LinkWatch, now: datetime, seconds: float) -> None:
        self._settings, self._link, self._now, self._seconds = settings, link, now, seconds
        self._documents = Documents()
        self._exchanges: list[Exchange] = []

    async def all(self, queries: Collection[Query[Any]]) -> dict[Query[Any], _Told]:
        told: dict[Query[Any], _Told] = {}
        async with UpstreamClient(self._settings, connections=AT_ONCE + 1) as client:
            at_once = asyncio.Semaphore(AT_ONCE)
            tasks = [asyncio.create_task(self._one(query, client, at_once, told)) for query in queries]
            _, late = await asyncio.wait(tasks, timeout=self._seconds)
            self._documents.give_up()
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        if TheLink() in told:
            told[TheLink()].answer = self._link_word(told[TheLink()].answer)
        return told

    async def _one(
        self, query: Query[Any], client: UpstreamClient, at_once: asyncio.Semaphore, told: dict[Query[Any], _Told]
    ) -> None:
        exchange = Exchange(self._settings, client, at_once)
        self._exchanges.append(exchange)
        begin = time.monotonic()
        found: Any = InputError(f"the monitor was not heard to the end within {self._seconds:g} s")
        try:
            found = await self._found(query, exchange, client)
        except InputError as error:
            found = error
        except Exception as error:
            # Whatever a strange answer sets off must not take the answers of the others with it.
            LOG.exception("alarms: %s could not be asked", words_of(query))
            found = InputError(f"the question could not be asked: {type(error).__name__}: {error}")
        finally:
            told[query] = _Told(query, found, time.monotonic() - begin, exchange.requests)

    async def _found(self, query: Query[Any], exchange: Exchange, client: UpstreamClient) -> Any:
        if isinstance(query, TheLink):
            seen = await self._link.look(client)
            data_as_of = await data_time(exchange) if seen.broken_at in (None, Place.DATA) else None
            return seen, data_as_of
        asked = answer(query, exchange, self._documents, exposure())
        if asked is None:
            raise InputError(f"no monitor answers {words_of(query)}")
        return await asked

    def _link_word(self, found: Any) -> Any:
        """Judged at the end, when it is known whether anything else was answered."""
        seen, data_as_of = found if isinstance(found, tuple) else (OVERDUE, None)
        others_heard = any(exchange.answers for exchange in self._exchanges)
        return self._link.noted(seen, self._now, data_as_of, others_heard=others_heard)
