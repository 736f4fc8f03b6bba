"""The monitor of the model: answers in this process, when and how the steps say, and knows what was true when."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from swf_remote.proxy.failures import AnswerFault, BrokenAnswerError, LinkCause, LinkDownError, MonitorSilentError
from swf_remote.proxy.request import UpstreamRequest

BEGIN = 1_790_000_000.0
FILLER = b"<p>some words that fill a page</p>\n" * 40
LETTERS = {"up": 200, "error": 500, "gone": 503}
"""Modes in which the monitor answers."""


@dataclass(frozen=True)
class Resource:
    """One address of the monitor."""

    path: str
    area: str
    kind: str = "page"
    """``page``, ``table`` (JSON with the request's number), ``data`` (JSON) or ``file``."""
    personal: bool = False
    """Made for the name that is asserted."""
    tagged: bool = False
    headers: tuple[tuple[bytes, bytes], ...] = ()
    lifetime: float = 10.0
    revalidating: float = 10.0
    """Seconds after that for which it may be sent without a failure."""


RESOURCES = {
    "jobs": Resource("panda/jobs/", "panda"),
    "activity": Resource("panda/activity/", "panda"),
    "table": Resource("panda/jobs/datatable/", "panda", "table"),
    "tasks": Resource(
        "api/panda/tasks/",
        "panda",
        "data",
        tagged=True,
        headers=((b"cache-control", b"max-age=4, stale-if-error=100"),),
        lifetime=4,
        revalidating=0,
    ),
    "poll": Resource("panda/system/status.json", "panda", "data"),
    "queues": Resource("panda/epic-queues/", "panda", headers=((b"vary", b"Accept-Language, Cookie"),)),
    "errors": Resource("panda/errors/", "panda", headers=((b"cache-control", b"no-store"),), lifetime=0),
    "hub": Resource("prod/", "prod", personal=True),
    "tags": Resource("pcs/tags/", "pcs", personal=True),
    "tags-data": Resource("pcs/api/tags/", "pcs", "data", personal=True),
    "file": Resource("static/js/x.js", "static", "file", tagged=True, lifetime=300, revalidating=0),
}
AREAS = ("panda", "prod", "pcs", "static")


class Clock:
    """Seconds since the epoch, moved by the steps."""

    def __init__(self) -> None:
        self.now = BEGIN

    def __call__(self) -> float:
        return self.now


class Past:
    """The versions of one thing, counted from 0, and when each was over."""

    def __init__(self) -> None:
        self._over: list[float] = []

    @property
    def now(self) -> int:
        """The present version."""
        return len(self._over)

    def move(self, moment: float) -> None:
        """The present version is over."""
        self._over.append(moment)

    def held(self, version: int, moment: float) -> bool:
        """Whether this version was still true at that moment, or later."""
        return version >= len(self._over) or self._over[version] >= moment


@dataclass
class Asked:
    """One request, as it arrived."""

    number: int
    request: UpstreamRequest
    resource: str
    when: float
    goes_on: asyncio.Event = field(default_factory=asyncio.Event)
    rest: asyncio.Event = field(default_factory=asyncio.Event)
    """Set: the second half of the body is sent, too."""
    version: int = -1
    writes: int = -1
    """What was true when the answer was made."""
    body: bytes = b""
    """Whole, as it was meant to be sent."""
    over: bool = False
    head_alone: bool = False
    """What is sent before ``rest`` is the head, and no half of the body."""

    @property
    def named(self) -> dict[str, str]:
        """The request's fields."""
        return {name.lower(): value for name, value in self.request.headers}


class Told:
    """The head of an answer, and its body in two halves."""

    def __init__(self, monitor: Monitor, asked: Asked, status: int, headers: list[tuple[bytes, bytes]]) -> None:
        self.status = status
        self.raw_headers = headers
        self._monitor, self._asked = monitor, asked

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body; it breaks off after its first half where the monitor says so."""
        body, half = self._asked.body, len(self._asked.body) // 2
        if self._asked.head_alone:
            await self._asked.rest.wait()
        yield body[:half]
        await self._asked.rest.wait()
        if self._monitor.mode != "up" and self.status == LETTERS["up"]:
            self._monitor.fails()
            raise BrokenAnswerError(AnswerFault.CUT)
        self._asked.over = True
        yield body[half:]

    def close(self) -> None:
        """Nobody needs more of it."""
        self._asked.over = True


class Monitor:
    """See the module's text. It stands in the place of the client with lanes."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.pasts = {area: Past() for area in (*AREAS, "writes")}
        self.mode = "up"
        """``up``, ``down``, ``silent``, ``cut``, ``error`` or ``gone``."""
        self.write = "done"
        """What becomes of writes: ``done``, ``refused`` (400), ``failed`` (500), ``died`` (after it was done)."""
        self.holding = False
        self.building = False
        self.asked: list[Asked] = []
        self.failed_at: list[float] = []
        self.headers: dict[str, list[tuple[bytes, bytes]]] = {}
        """Further ones, by the resource's name."""

    async def send(self, request: UpstreamRequest, *, body: AsyncIterator[bytes] | None = None, **_: object) -> Told:
        """One request."""
        if body is not None:
            async for _piece in body:
                pass
        path = request.target.partition("?")[0].removeprefix("/swf-monitor/")
        name = next((name for name, one in RESOURCES.items() if one.path == path), "")
        asked = Asked(len(self.asked), request, name, self.clock())
        asked.head_alone = asked.number % 3 == 2
        self.asked.append(asked)
        if not self.holding:
            asked.goes_on.set()
            asked.rest.set()
        # Some answers are made when they are asked for, some just before they are sent.
        early = asked.number % 2 == 0
        if early and self.mode in LETTERS and request.method != "POST":
            self._make(asked)
        try:
            await asked.goes_on.wait()
        except asyncio.CancelledError:
            asked.over = True
            raise
        self._fall()
        return self._written(asked) if request.method == "POST" else self._told(asked)

    def waiting(self) -> list[Asked]:
        """Requests that the steps have to let go on."""
        return [one for one in self.asked if not one.over and not (one.goes_on.is_set() and one.rest.is_set())]

    def change(self, area: str) -> None:
        """Something in this area is different from now on."""
        self.pasts[area].move(self.clock())

    def fails(self) -> None:
        """Note that an answer was none."""
        self.failed_at.append(self.clock())

    def _fall(self) -> None:
        if self.mode in ("down", "silent"):
            self.fails()
            raise LinkDownError(LinkCause.RESET) if self.mode == "down" else MonitorSilentError("nothing came")
        if self.mode in ("error", "gone"):
            self.fails()

    def _written(self, asked: Asked) -> Told:
        if self.write != "refused":
            self.pasts["writes"].move(self.clock())
        asked.writes = self.pasts["writes"].now
        if self.write == "died":
            asked.over = True
            raise MonitorSilentError("nothing came")
        status = {"done": 302, "refused": 400, "failed": 500}[self.write]
        location = [(b"Location", b"/swf-monitor/pcs/tags/")] if status == LETTERS["up"] + 102 else []
        return Told(self, asked, status, [*location, (b"Content-Length", b"0")])

    def _told(self, asked: Asked) -> Told:
        status = LETTERS.get(self.mode, 200)
        if status != LETTERS["up"]:
            asked.body = b"<html><body>it failed</body></html>"
            asked.version = -1
            return Told(self, asked, status, [(b"Content-Type", b"text/html")])
        if asked.version < 0:
            self._make(asked)
        resource = RESOURCES[asked.resource]
        headers = [(b"Content-Type", _type_of(asked)), *resource.headers, *self.headers.get(asked.resource, [])]
        if resource.tagged:
            tag = b'"%b-%d-%d"' % (asked.resource.encode(), asked.version, asked.writes)
            headers.append((b"ETag", tag))
            if asked.named.get("if-none-match", "").encode() == tag:
                asked.over, asked.body = True, b""
                return Told(self, asked, 304, headers[1:])
        if asked.request.method == "HEAD":
            asked.over, asked.body = True, b""
        return Told(self, asked, status, headers)

    def _make(self, asked: Asked) -> None:
        resource = RESOURCES[asked.resource]
        asked.version = self.pasts[resource.area].now
        asked.writes = self.pasts["writes"].now if resource.kind != "file" else 0
        asked.body = _body(asked, resource, building=self.building)


def _type_of(asked: Asked) -> bytes:
    kind = RESOURCES[asked.resource].kind
    if kind == "file":
        return b"text/javascript"
    return b"application/json" if kind != "page" or _asks_for_data(asked) else b"text/html; charset=utf-8"


def _asks_for_data(asked: Asked) -> bool:
    return asked.named.get("accept") == "application/json"


def _body(asked: Asked, resource: Resource, *, building: bool) -> bytes:
    """Says whose it is, what was true, and, as the second in which it was built, which request it answers."""
    user = asked.named.get("x-remote-user", "-") if resource.personal else "-"
    language = asked.named.get("accept-language", "-") if asked.resource == "queues" else "-"
    kind = "data" if resource.kind != "page" or _asks_for_data(asked) else "html"
    told = f"|{asked.resource}|{user}|v{asked.version}|w{asked.writes}|{kind}|{language}|".encode()
    hours, minutes, seconds = asked.number // 3600, asked.number // 60 % 60, asked.number % 60
    built = b"Built at 20260101 %02d:%02d:%02d UTC" % (hours, minutes, seconds)
    unfinished = b"reload shortly" if building and asked.resource in ("activity", "table") else b""
    if resource.kind == "file":
        return b"".join(b"// %b line %03d\n" % (told, line) for line in range(60))
    if kind == "data":
        drawn = re.search(r"[?&]draw=(\d+)", asked.request.target)
        number = drawn[1].encode() if drawn else b"0"
        return b'{"draw": %b, "told": "%b", "built": "%b", "note": "%b"}' % (number, told, built, unfinished)
    itself = b"again" if "refresh" in asked.request.target else b"plain"
    link = b'<a href="?refresh=1">%b</a>' % itself if asked.resource == "activity" and itself == b"again" else b""
    corner = b'<nav><div class="nav-auth">old</div></nav>'
    token = b'<input type="hidden" name="csrfmiddlewaretoken" value="%064d">' % asked.number
    words = b"%b<p>%b</p>%b%b<p>%b</p>%b" % (corner, told, link, FILLER, built, unfinished)
    return b'<html><body>%b<form method="post">%b</form></body></html>' % (words, token)
