"""What must hold for each answer: nobody else's data, nothing older than its label, no write undone."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime

from tests.remote.caching.model.gateway import NOBODY, PEOPLE, Visit, World
from tests.remote.caching.model.monitor import RESOURCES, Asked, Resource

_TOLD = re.compile(rb"\|([\w-]+)\|([\w-]+)\|v(\d+)\|w(\d+)\|(\w+)\|([\w-]+)\|")
_BUILT = re.compile(rb"Built at 20260101 (\d\d):(\d\d):(\d\d) UTC")
_CORNER = re.compile(rb'title="Your account">(\w+)<')
_AS_OF = re.compile(rb'as of <time datetime="([^"]+)"')
_DRAW = re.compile(rb'"draw": (\d+)')
# ``Age`` counts whole seconds.
ROUNDING = 1.0
# A failure is remembered for so long.
RETRY_SECONDS = 1.0
DAY = 86_400.0


@dataclass(frozen=True)
class Words:
    """What a body says."""

    resource: str
    user: str
    version: int
    writes: int
    kind: str
    language: str


def words_of(body: bytes) -> Words | None:
    """None: it is none of the monitor's answers that count."""
    found = _TOLD.search(body)
    if found is None:
        return None
    resource, user, version, writes, kind, language = (part.decode() for part in found.groups())
    return Words(resource, user, int(version), int(writes), kind, language)


def number_of(body: bytes) -> int | None:
    """The request to the monitor that a body answers."""
    built = _BUILT.search(body)
    return int(built[1]) * 3600 + int(built[2]) * 60 + int(built[3]) if built else None


@dataclass
class Judge:
    """Judges answers, one after the other, of one world."""

    world: World
    bodies: dict[tuple[str, bytes], bytes] = field(default_factory=dict)
    """What each entity tag stood for, of each address."""
    refreshed: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Of what was computed anew: the request that did it, and how many visits had begun by then."""
    alone: set[int] = field(default_factory=set)
    """Answers that were for one request."""
    judged: int = 0

    def hear(self) -> None:
        """Judge all answers that are new."""
        for index, visit in enumerate(self.world.visits):
            if visit.task is not None and visit.task.done() and not visit.leaves.is_set():
                visit.task.result()
                visit.task = None
                self.judged += 1
                if visit.method != "POST":
                    self._judge(visit, index)

    def _judge(self, visit: Visit, index: int) -> None:
        if visit.broken or visit.status >= 500:
            assert self._failed_since(visit.began), "an error though nothing failed"
            return
        resource = RESOURCES[visit.resource]
        assert visit.status in (200, 206, 304, 416), visit.status
        if visit.status == 206 or visit.status == 416:
            self._check_part(visit, resource)
            return
        body = self._body_of(visit)
        if visit.method == "HEAD":
            assert visit.body == b""
        if body is not None:
            self._check_body(visit, resource, body, index)

    def _body_of(self, visit: Visit) -> bytes | None:
        """What the reader sees: after a 304 that is what the reader has."""
        tag = visit.headers.get(b"etag", b"")
        if visit.status == 304:
            sent = [one.encode() for one in visit.fields["if-none-match"].split(", ")]
            held = [tag] if tag in sent else sent
            assert len(held) == 1 or visit.cache == "bypass", "it is not said which copy is true"
            return self.bodies[(visit.resource, held[0])]
        if visit.method == "HEAD":
            return self.bodies.get((visit.resource, tag))
        if tag:
            said = _BUILT.sub(b"Built", _DRAW.sub(b"draw", visit.text))
            before = self.bodies.setdefault((visit.resource, tag), visit.text)
            assert _BUILT.sub(b"Built", _DRAW.sub(b"draw", before)) == said, "one entity tag for different bodies"
        return visit.text

    def _check_body(self, visit: Visit, resource: Resource, body: bytes, index: int) -> None:
        words = words_of(body)
        assert words is not None, body
        self._check_reader(visit, resource, words, body)
        self._check_age(visit, resource, words, body)
        self._check_writes(visit, resource, words)
        number = number_of(body)
        if visit.status == 200 and visit.method == "GET" and number is not None:
            self._check_label(visit, number, body)
            self._check_refresh(visit, number, index)

    def _check_reader(self, visit: Visit, resource: Resource, words: Words, body: bytes) -> None:
        """Nobody sees another's."""
        assert words.resource == visit.resource
        assert words.user == expected_name(visit.who, resource)
        data = resource.kind != "page" or visit.fields.get("accept") == "application/json"
        assert words.kind == ("data" if data else "html")
        if visit.resource == "queues":
            assert words.language == visit.fields.get("accept-language", "-")
        if not data:
            assert _CORNER.findall(body) == ([] if visit.who == NOBODY else [visit.who.encode()])
        drawn = re.search(r"draw=(\d+)", visit.query)
        if drawn and visit.status == 200 and resource.kind == "table" and visit.method == "GET":
            found = _DRAW.search(body)
            assert found is not None
            assert found[1].decode() == drawn[1], "another reader's number"

    def _check_age(self, visit: Visit, resource: Resource, words: Words, body: bytes) -> None:
        """Nothing is older than it says."""
        age = visit.headers.get(b"age")
        as_of = visit.began if age is None else visit.answered - int(age) - ROUNDING
        self._check_moment(resource, words, as_of)
        banner = _AS_OF.search(body) if visit.status == 200 else None
        if banner is not None:
            assert visit.cache == "stale"
            self._check_moment(resource, words, datetime.fromisoformat(banner[1].decode()).timestamp())
        seconds = int(age or 0)
        if visit.cache == "hit":
            assert seconds <= resource.lifetime, "older than it may be"
        beyond = resource.lifetime + resource.revalidating
        if visit.cache == "stale" and (seconds > beyond or words.writes < visit.acknowledged):
            assert self._failed_since(min(visit.began, visit.answered - RETRY_SECONDS)), "stale for no reason"
            assert seconds <= beyond + DAY
            if words.kind == "html" and visit.status == 200 and visit.method == "GET":
                assert banner is not None, "stale, and the reader cannot see it"

    def _check_moment(self, resource: Resource, words: Words, moment: float) -> None:
        pasts = self.world.monitor.pasts
        assert pasts[resource.area].held(words.version, moment), "older than its label"
        if resource.kind != "file":
            assert pasts["writes"].held(words.writes, moment), "older than its label"

    def _check_writes(self, visit: Visit, resource: Resource, words: Words) -> None:
        """Nobody sees a write undone: elsewhere at the site only while nothing else can be had, and labelled."""
        if resource.kind == "file" or words.writes >= visit.acknowledged:
            return
        assert resource.area != "pcs", "a write is undone"
        assert visit.cache == "stale", "a write is undone"

    def _check_label(self, visit: Visit, number: int, body: bytes) -> None:
        """``X-SWF-Cache`` says what was done."""
        source = self.world.monitor.asked[number]
        new = number >= visit.asked_before
        match visit.cache:
            case "miss" | "bypass":
                assert visit.asked_after > visit.asked_before, "nobody was asked"
                assert new or RESOURCES[visit.resource].tagged
            case "coalesced":
                assert visit.on_the_way, "there was nothing to share"
            case "hit" | "stale":
                assert source.over, "it is not whole yet"
                assert b"reload shortly" not in body, "a product in the making was kept"
            case other:
                raise AssertionError(other)
        if visit.resource == "errors":
            assert visit.cache in ("miss", "bypass")
            assert number not in self.alone, "what was for one request was sent twice"
            self.alone.add(number)

    def _check_refresh(self, visit: Visit, number: int, index: int) -> None:
        wishes = "refresh=1" in visit.query
        if visit.resource == "activity":
            assert wishes or b">again<" not in body_without_corner(visit), "the plain page leads to a refresh"
        if wishes:
            assert number >= visit.asked_before, "not computed anew"
            best, _ = self.refreshed.get(visit.resource, (-1, 0))
            self.refreshed[visit.resource] = max(best, number), len(self.world.visits)
            return
        least, begun = self.refreshed.get(visit.resource, (-1, 0))
        if index >= begun and visit.cache in ("hit", "coalesced"):
            assert number >= least, "older than what was computed anew"

    def _check_part(self, visit: Visit, resource: Resource) -> None:
        """A part is cut from one whole body, and that body is no older than it may be."""
        if visit.status == 416:
            return
        start, end, size = map(int, re.findall(rb"\d+", visit.headers[b"content-range"]))
        fitting = [
            one
            for one in self.world.monitor.asked
            if one.resource == visit.resource and len(one.body) == size and one.body[start : end + 1] == visit.text
        ]
        assert fitting, "a part of nothing that was ever said"
        newest = max(fitting, key=version_of)
        words = words_of(newest.body)
        assert words is not None
        self._check_age(visit, resource, words, b"")

    def _failed_since(self, moment: float) -> bool:
        return any(at >= moment for at in self.world.monitor.failed_at) or self.world.monitor.mode != "up"

    def check_end(self) -> None:
        """All have their answer, and nothing is left over."""
        assert all(visit.task is None or visit.leaves.is_set() for visit in self.world.visits), "somebody still waits"
        cache = self.world.cache
        assert cache.flights.held == 0, "bytes of an answer that is over"
        assert cache.memory.bytes <= cache.memory._limit


def version_of(asked: Asked) -> tuple[int, int]:
    return asked.version, asked.writes


def body_without_corner(visit: Visit) -> bytes:
    return re.sub(rb'<div class="nav-auth">.*?</div>', b"", visit.text)


def expected_name(who: str, resource: Resource) -> str:
    """The name under which the monitor made what this reader may see."""
    if not resource.personal or who == NOBODY:
        return "-"
    return "-" if PEOPLE[who].is_staff and resource.kind == "page" else who
