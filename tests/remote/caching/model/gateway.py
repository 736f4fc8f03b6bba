"""The gateway of the model: the proxy's own application around the monitor of the model, and its readers."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from unittest.mock import patch

from django.conf import settings as django_settings
from starlette.types import Message

from swf_remote.accounts import readers
from swf_remote.accounts.readers import Reader, ReaderCache
from swf_remote.edge.exchange import KEY, Exchange
from swf_remote.edge.problem import AnswerAbortedError, ProblemError
from swf_remote.edge.runtime import Runtime
from swf_remote.proxy.app import Proxy
from swf_remote.proxy.caching.cache import Cache
from tests.remote.caching.model.monitor import RESOURCES, Clock, Monitor
from tests.remote.gateways import settings_for

NOBODY = "nobody"
PEOPLE = {
    "alice": Reader("alice", is_staff=False, known_at_monitor=True),
    "bob": Reader("bob", is_staff=False, known_at_monitor=True),
    "boss": Reader("boss", is_staff=True, known_at_monitor=True),
}


def session_of(who: str) -> str:
    return who.ljust(32, "0")


async def _look_up(session_key: str) -> Reader | None:
    return PEOPLE.get(session_key.rstrip("0"))


@contextmanager
def known_readers() -> Iterator[None]:
    """The people of the model are signed in."""
    with patch.object(readers, "_readers", ReaderCache(_look_up)):
        yield


@dataclass
class Visit:
    """One request of a reader and what came of it."""

    who: str
    resource: str
    method: str
    query: str
    fields: dict[str, str]
    began: float
    asked_before: int
    """How many requests the monitor had seen."""
    on_the_way: frozenset[int]
    """Those that were under way."""
    acknowledged: int
    """Writes whose writers had their answer."""
    status: int = 0
    """0: none came."""
    headers: dict[bytes, bytes] = field(default_factory=dict)
    body: bytes = b""
    answered: float = 0.0
    asked_after: int = 0
    broken: bool = False
    """It began and was not completed, or was a page of words."""
    leaves: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None

    @property
    def cache(self) -> str:
        """What the cache says it did."""
        return self.headers.get(b"x-swf-cache", b"").decode()

    @property
    def text(self) -> bytes:
        """The body without its coding."""
        return gzip.decompress(self.body) if self.headers.get(b"content-encoding") == b"gzip" else self.body


class World:
    """Monitor, gateway, readers, and one clock for all of them."""

    def __init__(self, runtime: Runtime, *, cache_bytes: int, object_bytes: int) -> None:
        self.clock = Clock()
        self.monitor = Monitor(self.clock)
        runtime.lanes = self.monitor  # type: ignore[assignment]
        runtime.endings.clear()
        settings = settings_for(cache_bytes=cache_bytes, cache_object_bytes=object_bytes)
        self.proxy = Proxy(settings, runtime, clock=self.clock)
        self.cache.flights._clock = self.clock
        self.visits: list[Visit] = []
        self.acknowledged = 0

    @property
    def cache(self) -> Cache:
        """The gateway's."""
        found = self.proxy._cache
        assert found is not None
        return found

    async def ask(
        self, who: str, resource: str, query: str = "", *, method: str = "GET", fields: dict[str, str] | None = None
    ) -> Visit:
        """One request, as far as it goes by itself."""
        monitor = self.monitor
        under_way = frozenset(one.number for one in monitor.asked if not one.over)
        visit = Visit(
            who,
            resource,
            method,
            query,
            fields or {},
            self.clock(),
            len(monitor.asked),
            under_way,
            self.acknowledged,
        )
        self.visits.append(visit)
        visit.task = asyncio.create_task(self._visit(visit))
        await settle()
        return visit

    async def write(self, who: str) -> Visit:
        """A form of the configuration system is sent."""
        fields = {"sec-fetch-site": "same-origin", "content-type": "text/plain", "content-length": "3"}
        return await self.ask(who, "", method="POST", fields=fields)

    async def _visit(self, visit: Visit) -> None:
        messages: list[Message] = [{"type": "http.request", "body": b"a=1" if visit.method == "POST" else b""}]

        async def receive() -> Message:
            if messages:
                return messages.pop()
            await visit.leaves.wait()
            return {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            if message["type"] == "http.response.start":
                visit.status, visit.headers = message["status"], dict(message["headers"])
                visit.answered = self.clock()
                visit.asked_after = len(self.monitor.asked)
                if visit.method == "POST":
                    self._acknowledge(visit)
            else:
                visit.body += message["body"]

        try:
            await self.proxy(self._scope(visit), receive, send)
        except ProblemError as error:
            visit.broken, visit.status, visit.answered = True, error.problem.status, self.clock()
            visit.asked_after = len(self.monitor.asked)
            if visit.method == "POST":
                self._acknowledge(visit)
        except AnswerAbortedError:
            visit.broken = True

    def _acknowledge(self, visit: Visit) -> None:
        """The writer has an answer, be it that nobody knows."""
        mine = [one.writes for one in self.monitor.asked[visit.asked_before :] if one.request.method == "POST"]
        self.acknowledged = max([self.acknowledged, *mine])

    def _scope(self, visit: Visit) -> dict[str, object]:
        path = "/prod/" + (RESOURCES[visit.resource].path if visit.resource else "pcs/tags/p/create/")
        headers = [(b"host", b"127.0.0.1:8000"), *[(a.encode(), b.encode()) for a, b in visit.fields.items()]]
        if visit.who != NOBODY:
            cookie = f"{django_settings.SESSION_COOKIE_NAME}={session_of(visit.who)}"
            headers.append((b"cookie", cookie.encode()))
        return {
            "type": "http",
            "method": visit.method,
            "path": path,
            "raw_path": path.encode(),
            "query_string": visit.query.encode(),
            "headers": headers,
            KEY: Exchange("model"),
        }

    async def end(self) -> None:
        """Everything that waits goes on."""
        while waiting := self.monitor.waiting():
            for one in waiting:
                one.goes_on.set()
                one.rest.set()
            await settle()
        await settle()


async def settle() -> None:
    """Let everything run until it waits for a step: the loop has nothing more to do at once."""
    ready = asyncio.get_running_loop()._ready  # type: ignore[attr-defined]
    await asyncio.sleep(0)
    while ready:
        await asyncio.sleep(0)
