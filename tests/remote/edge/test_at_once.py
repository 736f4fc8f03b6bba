"""What is answered at once is what the long way would have answered; and nobody gets ahead of others by it."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from starlette.types import Receive, Scope, Send

from swf_remote.accounts import readers
from swf_remote.edge import at_once, metrics
from swf_remote.edge.at_once import AtOnce
from swf_remote.edge.outer import Outer
from swf_remote.edge.server.connection import Connection
from swf_remote.proxy import app
from swf_remote.proxy.policy.admission import Admission, admit
from swf_remote.proxy.prompt import Prompt
from tests.remote.caching.monitors import Monitor, cached, page
from tests.remote.caching.readers import NOBODY, reader
from tests.remote.gateways import Gateway

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
JOBS, DATA = "/prod/panda/jobs/", "/prod/api/panda/tasks/"
ONE_MISS = {"budgets": "misses 1/min burst 1"}
# What tells one answer from the next, or says how the connection goes on.
_OF_THE_MOMENT = {"date", "age", "x-request-id", "server-timing", "connection"}


@dataclass(frozen=True)
class Told:
    """An answer as it came."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def named(self, name: str) -> str:
        return dict(self.headers)[name]

    def lasting(self) -> tuple[object, ...]:
        """All but what is of the moment; nonces and request ids do not count."""
        headers = sorted(each for each in self.headers if each[0] not in _OF_THE_MOMENT)
        request_id = self.named("x-request-id")
        nonces = re.findall("'nonce-([^']+)'", self.named("content-security-policy"))
        text = repr((self.status, headers, self.body)).replace(request_id, "ID")
        for nonce in nonces:
            text = text.replace(nonce, "NONCE")
        return tuple(sorted(name for name, _ in self.headers if name != "connection")), text


class Ways:
    """Counts the requests that take the long way."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.long = 0
        original = Outer._request

        async def counted(outer: Outer, scope: Scope, receive: Receive, send: Send) -> None:
            self.long += 1
            await original(outer, scope, receive, send)

        monkeypatch.setattr(Outer, "_request", counted)


@pytest.fixture
def ways(monkeypatch: pytest.MonkeyPatch) -> Ways:
    return Ways(monkeypatch)


async def told(
    running: Gateway, target: str, headers: Mapping[str, str], *, method: str = "GET", last: bool = False
) -> Told:
    """Ask on a connection of its own; one that is the `last` there takes the long way."""
    fields = {"Host": "127.0.0.1", **headers, **({"Connection": "close"} if last else {})}
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
    stream, writer = await asyncio.open_connection("127.0.0.1", running.port, limit=1 << 20)
    try:
        writer.write("\r\n".join([*lines, "", ""]).encode())
        status, *given = (await stream.readuntil(b"\r\n\r\n")).decode().strip().split("\r\n")
        pairs = tuple((line.partition(": ")[0], line.partition(": ")[2]) for line in given)
        bodiless = method == "HEAD" or status.split()[1] == "304"
        if bodiless:
            body = b""
        elif "content-length" in dict(pairs):
            body = await stream.readexactly(int(dict(pairs)["content-length"]))
        else:
            body = await stream.readuntil(b"\r\n0\r\n\r\n")
        return Told(int(status.split()[1]), pairs, body)
    finally:
        writer.close()


async def both(ways: Ways, running: Gateway, target: str, headers: Mapping[str, str], method: str = "GET") -> Told:
    """Ask at once and by the long way; it has to be the same."""
    before = ways.long
    prompt = await told(running, target, headers, method=method)
    assert ways.long == before
    slow = await told(running, target, headers, method=method, last=True)
    assert ways.long == before + 1
    assert prompt.lasting() == slow.lasting()
    return prompt


# ----- what is kept


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Accept": "text/html"}, 200),
        ({"Accept": "text/html", "Accept-Encoding": "gzip"}, 200),
        ({"Accept": "text/html", "If-None-Match": "*"}, 304),
        ({"Accept": "text/html", "If-None-Match": '"other"'}, 200),
        ({"Accept": "text/html", "If-Modified-Since": "Sun, 29 Nov 2026 00:00:00 GMT"}, 200),
        ({"Accept": "text/html", "Range": "bytes=0-3"}, 200),
        ({"Accept": "text/html", "Cookie": "sessionid_prod=invented"}, 200),
        ({"Accept": "text/html", "Cache-Control": "no-transform"}, 200),
    ],
)
async def test_a_kept_page_is_the_same_by_either_way(
    ways: Ways, headers: dict[str, str], status: int, method: str
) -> None:
    monitor = Monitor(says=lambda _head: page(b"x" * 2000, last_modified="Sat, 28 Nov 2026 00:00:00 GMT"))
    async with cached(monitor) as running:
        await told(running, JOBS, NOBODY)
        answer = await both(ways, running, JOBS, headers, method)
    assert (answer.status, answer.named("x-swf-cache")) == (status, "hit")
    assert answer.named("age") == "0"
    assert answer.named("server-timing").startswith("gateway;dur=")
    assert len(monitor.asked) == 1


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Range": "bytes=1-2"}, 206),
        ({"Range": "bytes=900-"}, 416),
        ({"If-Modified-Since": "Sun, 29 Nov 2026 00:00:00 GMT"}, 304),
        ({"If-None-Match": '"one"'}, 304),
    ],
)
async def test_a_kept_file_is_the_same_by_either_way(ways: Ways, headers: dict[str, str], status: int) -> None:
    says = page(b"picture", kind="image/png", etag='"one"', last_modified="Sat, 28 Nov 2026 00:00:00 GMT")
    async with cached(Monitor(says=lambda _head: says)) as running:
        await told(running, "/prod/static/a.png", {})
        assert (await both(ways, running, "/prod/static/a.png", headers)).status == status


async def test_a_signed_in_readers_own_corner_is_in_it_once_the_session_was_looked_up(ways: Ways) -> None:
    alice = await reader("alice")
    async with cached(Monitor()) as running:
        await told(running, JOBS, NOBODY)
        assert b"alice" in (await told(running, JOBS, alice)).body
        answer = await both(ways, running, JOBS, alice)
        assert (b"alice" in answer.body, answer.named("x-swf-cache")) == (True, "hit")
        readers.forget(alice["Cookie"].partition("=")[2])
        before = ways.long
        await told(running, JOBS, alice)
        assert ways.long == before + 1
        assert b"alice" not in (await told(running, JOBS, NOBODY)).body


async def test_data_that_is_the_same_for_all_needs_no_look_at_the_session(ways: Ways) -> None:
    alice = await reader("alice") | {"Accept": "application/json"}
    async with cached(Monitor(says=lambda _head: page(b"{}", kind="application/json"))) as running:
        await told(running, DATA, {"Accept": "application/json"})
        assert (await both(ways, running, DATA, alice)).named("x-swf-cache") == "hit"


async def test_what_is_no_fresh_hit_takes_the_long_way(ways: Ways) -> None:
    async with cached(Monitor(says=lambda _head: page(cache_control="no-store"))) as running:
        for _ in range(2):
            assert (await told(running, JOBS, NOBODY)).status == 200
        assert (await told(running, "/prod/status/", NOBODY)).status == 200
        assert (await told(running, "/elsewhere/", NOBODY)).status == 404
        assert (await told(running, JOBS, NOBODY | {"Host": "evil.example"})).status == 400
    assert ways.long == 5


async def test_each_has_a_request_id_of_its_own_unless_a_trusted_proxy_gave_one() -> None:
    async with cached(Monitor(), trusted_proxies="127.0.0.1") as running:
        own = [(await told(running, JOBS, NOBODY)).named("x-request-id") for _ in range(4)]
        given = NOBODY | {"X-Request-ID": "given-by-apache"}
        assert {(await told(running, JOBS, given)).named("x-request-id") for _ in range(2)} == {"given-by-apache"}
    assert len(set(own)) == 4


async def test_figures_count_it_like_any_other() -> None:
    def counted() -> tuple[float, ...]:
        row = metrics.table().row
        requests = next(one for one in metrics.LAYOUT.families if one.name == "swf_remote_requests")
        results = metrics.CACHE_RESULTS.columns["page", "hit"]
        buckets = [
            sum(row[one.columns["page",] : one.columns["page",] + len(one.bounds) + 1])
            for one in (metrics.DURATION, metrics.FIRST_BYTE)
        ]
        running = row[metrics.RUNNING.columns[()]]
        return row[requests.columns["page", "GET", "2xx"]], row[results], *buckets, running

    async with cached(Monitor()) as running:
        await told(running, JOBS, NOBODY)
        before = counted()
        await told(running, JOBS, NOBODY)
        assert [after - old for after, old in zip(counted(), before, strict=True)] == [1, 1, 1, 1, 0]


async def test_a_failure_on_the_short_way_leads_to_the_long_one(ways: Ways, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_prompt: Prompt, _expected: object) -> None:
        raise RuntimeError("broken")

    async with cached(Monitor()) as running:
        await told(running, JOBS, NOBODY)
        monkeypatch.setattr(Prompt, "answer", fails)
        assert (await told(running, JOBS, NOBODY)).named("x-swf-cache") == "hit"
    assert ways.long == 2


# ----- what goes on by the long way


@pytest.fixture
def admissions(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses that the long way had to judge by itself."""
    judged: list[str] = []

    async def noted(method: str, raw_path: bytes, *more: Any, **others: Any) -> Admission:
        judged.append(raw_path.decode())
        return await admit(method, raw_path, *more, **others)

    monkeypatch.setattr(app, "admit", noted)
    return judged


async def test_what_was_found_out_is_not_found_out_again(ways: Ways, admissions: list[str]) -> None:
    monitor = Monitor()
    async with cached(monitor) as running:
        answer = await told(running, JOBS, NOBODY)
        assert (answer.named("x-swf-cache"), ways.long, admissions) == ("miss", 1, [])
        assert answer.named("x-request-id").encode() in monitor.asked[0]
        assert (await told(running, "/prod/static/a.png", {})).status == 200
        assert (await told(running, JOBS, NOBODY, method="HEAD", last=True)).status == 200
    assert admissions == [JOBS]


async def test_a_reader_who_has_to_be_looked_up_is_judged_by_the_long_way(ways: Ways, admissions: list[str]) -> None:
    alice = await reader("alice")
    async with cached(Monitor()) as running:
        assert b"alice" in (await told(running, JOBS, alice)).body
        assert admissions == [JOBS]
        assert b"alice" in (await told(running, JOBS + "?days=1", alice)).body
        assert b"alice" not in (await told(running, JOBS + "?days=2", NOBODY)).body
        assert (await told(running, DATA, alice)).status == 200
    assert (admissions, ways.long) == ([JOBS], 4)


async def test_what_is_remembered_of_one_request_is_not_handed_on_for_the_next(
    ways: Ways, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with cached(Monitor()) as running:
        ids = [(await told(running, JOBS, NOBODY)).named("x-request-id") for _ in range(2)]
        assert ways.long == 1
        monkeypatch.setattr(Prompt, "answer", lambda _prompt, _expected: None)
        ids += [(await told(running, JOBS, NOBODY)).named("x-request-id") for _ in range(2)]
    assert (len(set(ids)), ways.long) == (4, 3)


# ----- what is refused


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(
    ("headers", "kind"),
    [
        ({"Accept": "text/html"}, "text/html; charset=utf-8"),
        ({"Accept": "application/json"}, "application/problem+json"),
        ({}, "application/problem+json"),
        ({"Accept": "text/html", "X-Requested-With": "XMLHttpRequest"}, "application/problem+json"),
        ({"Accept": "text/event-stream"}, "text/event-stream; charset=utf-8"),
    ],
)
@pytest.mark.parametrize("settings", [{}, {"cache_bytes": 0}], ids=["cached", "uncached"])
async def test_a_refusal_is_the_same_by_either_way(
    ways: Ways, headers: dict[str, str], kind: str, method: str, settings: dict[str, int]
) -> None:
    monitor = Monitor()
    async with cached(monitor, budgets="misses 1/min burst 1", **settings) as running:
        await told(running, JOBS, NOBODY)
        answer = await both(ways, running, JOBS + "?days=9", headers, method)
    assert (answer.status, answer.named("content-type")) == (429, kind)
    assert 1 <= int(answer.named("retry-after")) <= 60
    assert len(monitor.asked) == 1


async def test_a_signed_in_reader_is_judged_by_the_own_budget(ways: Ways) -> None:
    alice = await reader("alice")
    async with cached(Monitor(), **ONE_MISS) as running:
        await told(running, JOBS, NOBODY)
        assert (await told(running, JOBS + "?days=1", NOBODY)).status == 429
        assert (await told(running, JOBS + "?days=2", alice)).status == 200
        answer = await both(ways, running, JOBS + "?days=3", alice)
    assert answer.status == 429
    assert b"network address" not in answer.body


async def test_who_has_a_lanes_share_is_turned_away_and_charged_as_on_the_long_way(ways: Ways) -> None:
    monitor = Monitor()
    monitor.goes_on.clear()
    async with cached(monitor, monitor_connections=5, budgets="misses 1/min burst 5") as running:
        asking = [asyncio.create_task(told(running, f"{JOBS}?days={number}", NOBODY)) for number in range(3)]
        await monitor.asked_times(1)
        answer = await both(ways, running, JOBS + "?days=9", {"Accept": "application/json"})
        assert json.loads(answer.body)["kind"] == "too-many-at-once"
        last = await told(running, JOBS + "?days=10", {"Accept": "application/json"})
        assert json.loads(last.body)["kind"] == "too-many-requests"
        monitor.goes_on.set()
        assert {one.status for one in await asyncio.gather(*asking)} == {200}


async def test_misses_and_refusals_drive_out_nothing_that_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[AtOnce] = []
    original = AtOnce._remember

    def watched(self: AtOnce, key: object, arrival: object) -> None:
        seen.append(self)
        original(self, key, arrival)  # type: ignore[arg-type]

    monkeypatch.setattr(AtOnce, "_remember", watched)
    monkeypatch.setattr(at_once, "MOST_ARRIVALS", 3)
    async with cached(Monitor(), budgets="misses 1/min burst 5") as running:
        for number in range(4):
            await told(running, f"{JOBS}?days={number}", NOBODY)
            assert (await told(running, f"{JOBS}?days={number}", NOBODY)).named("x-swf-cache") == "hit"
        kept = list(seen[0]._arrivals)
        assert (await told(running, f"{JOBS}?days=5", NOBODY)).named("x-swf-cache") == "miss"
        for number in range(6, 20):
            assert (await told(running, f"{JOBS}?days={number}", NOBODY)).status == 429
        assert list(seen[0]._arrivals) == kept
    assert len(kept) == 3


async def test_large_heads_are_answered_and_not_remembered(ways: Ways, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[object] = []
    monkeypatch.setattr(AtOnce, "_remember", lambda _self, key, _arrival: seen.append(key))
    async with cached(Monitor()) as running:
        await told(running, JOBS, NOBODY)
        kept, asked = len(seen), ways.long
        large = await told(running, JOBS, NOBODY | {"X-Large": "x" * 8000})
    assert (large.status, ways.long, len(seen)) == (200, asked, kept)


# ----- in turns


async def test_who_asks_ahead_is_answered_once_in_each_turn_of_the_loop(
    ways: Ways, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered: list[int] = []
    turn = 0
    original = Connection._unless_answered_at_once

    def noted(self: Connection, head: object) -> Scope | None:
        found = original(self, head)  # type: ignore[arg-type]
        answered.append(turn)
        return found

    async with cached(Monitor()) as running:
        await told(running, JOBS, NOBODY)
        monkeypatch.setattr(Connection, "_unless_answered_at_once", noted)
        stream, writer = await asyncio.open_connection("127.0.0.1", running.port)
        request = f"GET {JOBS} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/html\r\nAccept-Encoding: identity\r\n\r\n"
        writer.write(request.encode() * 20)
        while len(answered) < 20:
            turn += 1
            await asyncio.sleep(0)
        for _ in range(20):
            head = await stream.readuntil(b"\r\n\r\n")
            length = re.search(rb"content-length: (\d+)", head)
            assert length is not None
            await stream.readexactly(int(length[1]))
        writer.close()
    assert len(set(answered)) == 20
    assert ways.long == 1


async def test_who_asks_ahead_and_reads_nothing_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    held: list[int] = []
    original = Connection._unless_answered_at_once

    def noted(self: Connection, head: object) -> Scope | None:
        found = original(self, head)  # type: ignore[arg-type]
        held.append(self._transport.get_write_buffer_size())
        return found

    async with cached(Monitor(lambda _head: page(b"x" * 200_000))) as running:
        await told(running, JOBS, NOBODY)
        monkeypatch.setattr(Connection, "_unless_answered_at_once", noted)
        stream, writer = await asyncio.open_connection("127.0.0.1", running.port)
        request = f"GET {JOBS} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/html\r\nAccept-Encoding: identity\r\n\r\n"
        writer.write(request.encode() * 200)
        quiet_turns = 0
        while quiet_turns < 200:
            before = len(held)
            await asyncio.sleep(0)
            quiet_turns = quiet_turns + 1 if len(held) == before else 0
        assert 0 < len(held) < 200
        for _ in range(200):
            head = await stream.readuntil(b"\r\n\r\n")
            length = re.search(rb"content-length: (\d+)", head)
            assert length is not None
            await stream.readexactly(int(length[1]))
        writer.close()
    assert max(held) < 1_000_000
