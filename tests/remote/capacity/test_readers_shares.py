"""What one reader does leaves the others alone: each budget through the whole gateway, and a flood from one address."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import aiohttp
import pytest

from swf_remote.edge import metrics
from swf_remote.proxy.probe import Probe
from tests.remote.caching.monitors import Monitor, cached, page
from tests.remote.caching.readers import NOBODY, reader
from tests.remote.gateways import Gateway, Reply, gateway
from tests.remote.streams.stream_monitor import STREAM, connected, event_monitor
from tests.remote.upstream.scripted import Connection, answer

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

JOBS, LOG = "/prod/panda/jobs/", "/prod/panda/jobs/7/payload-log/"
DATA, FILE = "/prod/api/panda/tasks/", "/prod/static/css/style.css"
WRITE = "/prod/pcs/tags/p/create/"
PROGRAM = {"Accept": "application/json"}
EVENTS = {"Accept": "text/event-stream"}
OWN_PAGE = {"Sec-Fetch-Site": "same-origin", "Content-Type": "application/x-www-form-urlencoded"}
BEHIND_PROXY = {"trusted_proxies": "127.0.0.1"}
ONE_MISS = {"budgets": "misses 1/min burst 1"}


def by(address: str) -> dict[str, str]:
    """A reader at this address behind the front proxy."""
    return {**NOBODY, "X-Forwarded-For": address}


async def ask_from(running: Gateway, address: str, target: str, headers: Mapping[str, str] = NOBODY) -> int:
    """Ask from another address of this machine."""
    connector = aiohttp.TCPConnector(local_addr=(address, 0))
    async with (
        aiohttp.ClientSession(connector=connector) as session,
        session.get(running.url + target, headers=headers) as got,
    ):
        return got.status


def refused(reply: Reply, kind: str) -> bool:
    """Whether this is the problem of that kind, told to a program."""
    assert reply.headers["Content-Type"] == "application/problem+json"
    members = json.loads(reply.body)
    assert members["retry_after"] == int(reply.headers["Retry-After"]) >= 1
    return (reply.status, members["kind"]) == (429, kind)


# ----- each budget


@pytest.mark.parametrize(
    ("budget", "target", "kind"),
    [
        ("misses", JOBS + "?days=%d", "too-many-requests"),
        ("misses", DATA + "?days=%d", "too-many-requests"),
        ("misses", "/prod/pcs/tags/%d/", "too-many-requests"),
        ("files", "/prod/static/css/style-%d.css", "too-many-files"),
        ("refreshes", JOBS + "?refresh=%d", "too-many-refreshes"),
        ("refreshes", "/prod/panda/jobs/datatable/?refresh=1&days=%d", "too-many-refreshes"),
        ("logs", "/prod/panda/jobs/%d/payload-log/", "too-many-logs"),
    ],
)
@pytest.mark.parametrize("cache", [1 << 20, 0], ids=["cached", "uncached"])
async def test_beyond_a_budget_reads_are_refused_and_the_monitor_is_left_alone(
    budget: str, target: str, kind: str, cache: int
) -> None:
    monitor = Monitor()
    others = [f"{name} off" for name in ("misses", "files", "refreshes", "logs") if name != budget]
    async with cached(monitor, budgets=", ".join([f"{budget} 1/min burst 3", *others]), cache_bytes=cache) as running:
        replies = [await running.ask(target % number, headers=PROGRAM) for number in range(5)]
    assert [reply.status for reply in replies] == [200, 200, 200, 429, 429]
    assert refused(replies[-1], kind)
    assert int(replies[-1].headers["Retry-After"]) <= 60
    assert len(monitor.asked) == 3


async def test_beyond_the_budget_of_writes_nothing_is_changed_or_even_read() -> None:
    monitor, alice = Monitor(says=lambda _head: answer(b"")), await reader("alice")
    async with cached(monitor, budgets="writes 1/min burst 2") as running:
        sent = {**alice, **PROGRAM, **OWN_PAGE}
        replies = [await running.ask(WRITE, "POST", headers=sent, data=b"a=1") for _ in range(3)]
        other = await running.ask(WRITE, "POST", headers=await reader("bob") | OWN_PAGE, data=b"a=1")
    assert [reply.status for reply in (*replies, other)] == [200, 200, 429, 200]
    assert refused(replies[-1], "too-many-writes")
    assert json.loads(replies[-1].body)["outcome"] == "Nothing was changed."
    assert len(monitor.asked) == 3


async def test_beyond_the_number_of_open_streams_one_more_is_refused_until_one_is_closed() -> None:
    alice, bob = await reader("alice") | EVENTS, await reader("bob") | EVENTS
    async with (
        event_monitor() as monitor,
        gateway(monitor.url, budgets="streams 2") as running,
        connected(running, alice),
    ):
        async with connected(running, alice), connected(running, bob):
            refusal = await running.ask(STREAM, headers=alice)
            assert (refusal.status, refusal.headers["Retry-After"]) == (429, "60")
        async with asyncio.timeout(10):
            while await status_of_stream(running, alice) == 429:
                await asyncio.sleep(0.01)


async def status_of_stream(running: Gateway, headers: Mapping[str, str]) -> int:
    async with running.session.get(running.url + STREAM, headers=headers) as got:
        return got.status


# ----- in every form


async def used_up(running: Gateway, target: str, headers: Mapping[str, str]) -> Reply:
    """What one is told who asks once too often."""
    assert (await running.ask(JOBS, headers=NOBODY)).status == 200
    return await running.ask(target, headers=headers)


async def test_people_are_told_on_a_page() -> None:
    async with cached(Monitor(), **ONE_MISS) as running:
        reply = await used_up(running, JOBS + "?days=9", NOBODY)
    assert (reply.status, reply.headers["Content-Type"]) == (429, "text/html; charset=utf-8")
    assert 1 <= int(reply.headers["Retry-After"]) <= 60
    assert "You ask for pages faster than the monitor can make them" in reply.text
    assert "whoever signs in has one of their own" in reply.text


async def test_scripts_and_programs_are_told_in_json() -> None:
    async with cached(Monitor(), **ONE_MISS) as running:
        reply = await used_up(running, DATA, PROGRAM)
    assert refused(reply, "too-many-requests")


async def test_listeners_are_told_by_an_event() -> None:
    alice = await reader("alice") | EVENTS
    async with (
        event_monitor() as monitor,
        gateway(monitor.url, budgets="streams 1") as running,
        connected(running, alice),
    ):
        told = await running.ask(STREAM, headers=alice)
    assert (told.status, told.headers["Retry-After"]) == (429, "60")
    assert told.headers["Content-Type"] == "text/event-stream; charset=utf-8"
    assert told.text.startswith("retry: 60000\nevent: error\ndata: ")
    assert '"kind": "too-many-own-streams"' in told.text
    assert "network address" not in told.text


async def test_refusals_are_counted_by_kind() -> None:
    def counted() -> float:
        return metrics.table().named().get("swf_remote_refusals:too-many-requests", 0.0)

    async with cached(Monitor(), **ONE_MISS) as running:
        before = counted()
        await used_up(running, DATA, PROGRAM)
        assert counted() == before + 1


# ----- what is free


async def test_what_is_kept_stays_free_when_the_budget_is_used_up() -> None:
    monitor = Monitor()
    async with cached(monitor, **ONE_MISS) as running:
        await running.ask(JOBS, headers=NOBODY)
        assert (await running.ask(JOBS + "?days=9", headers=NOBODY)).status == 429
        again = [await running.ask(JOBS, headers=NOBODY) for _ in range(50)]
    assert {(reply.status, reply.headers["X-SWF-Cache"]) for reply in again} == {(200, "hit")}
    assert len(monitor.asked) == 1


async def test_a_copy_that_is_renewed_behind_the_readers_back_stays_free() -> None:
    monitor = Monitor(says=lambda _head: page(Cache_Control="max-age=0, stale-while-revalidate=600"))
    async with cached(monitor, **ONE_MISS) as running:
        assert (await running.ask(JOBS, headers=NOBODY)).status == 200
        again = [await running.ask(JOBS, headers=NOBODY) for _ in range(5)]
        await monitor.asked_times(2)
    assert {(reply.status, reply.headers["X-SWF-Cache"]) for reply in again} == {(200, "stale")}


async def test_who_asks_for_what_is_on_its_way_pays_nothing() -> None:
    monitor = Monitor()
    monitor.goes_on.clear()
    async with cached(monitor, **ONE_MISS) as running:
        asking = [asyncio.create_task(running.ask(JOBS, headers=NOBODY)) for _ in range(20)]
        await monitor.asked_times(1)
        monitor.goes_on.set()
        assert {(await one).status for one in asking} == {200}


async def test_switched_off_nothing_is_bounded() -> None:
    async with cached(Monitor(), budgets="off", cache_bytes=0) as running:
        assert {(await running.ask(JOBS, headers=NOBODY)).status for _ in range(50)} == {200}


# ----- who is one reader


async def test_two_addresses_have_a_budget_each() -> None:
    async with cached(Monitor(), **ONE_MISS) as running:
        statuses = [await ask_from(running, f"127.0.0.{last}", f"{JOBS}?days={day}") for last, day in TWICE]
    assert statuses == [200, 429, 200, 429]


TWICE = [(1, 1), (1, 2), (2, 3), (2, 4)]


async def test_a_forwarded_address_counts_only_from_a_trusted_proxy() -> None:
    async with cached(Monitor(), **ONE_MISS) as running:
        statuses = [(await running.ask(f"{JOBS}?days={day}", headers=by(f"192.0.2.{day}"))).status for day in (1, 2)]
    assert statuses == [200, 429]
    async with cached(Monitor(), **ONE_MISS, **BEHIND_PROXY) as running:
        statuses = [(await running.ask(f"{JOBS}?days={day}", headers=by(f"192.0.2.{day}"))).status for day in (1, 2)]
        invented = await running.ask(f"{JOBS}?days=3", headers=by("198.51.100.7, 192.0.2.1"))
    assert (statuses, invented.status) == ([200, 200], 429)


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("192.0.2.1", "::ffff:192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
    ],
)
async def test_of_ipv6_a_whole_64_is_one_reader(first: str, second: str, same: bool) -> None:
    async with cached(Monitor(), **ONE_MISS, **BEHIND_PROXY) as running:
        statuses = [
            (await running.ask(f"{JOBS}?days={day}", headers=by(who))).status for day, who in enumerate((first, second))
        ]
    assert statuses == [200, 429 if same else 200]


@pytest.mark.parametrize("target", [JOBS, DATA])
async def test_who_is_signed_in_has_a_budget_of_their_own_wherever_they_are(target: str) -> None:
    alice, bob = await reader("alice"), await reader("bob")
    async with cached(Monitor(), **ONE_MISS) as running:
        statuses = [
            (await running.ask(f"{target}?days={day}", headers=who)).status
            for day, who in enumerate((NOBODY, NOBODY, alice, alice, bob))
        ]
        elsewhere = await ask_from(running, "127.0.0.2", f"{target}?days=9", alice)
    assert (statuses, elsewhere) == ([200, 429, 200, 429, 200], 429)


@pytest.mark.parametrize("target", [JOBS, DATA])
async def test_an_invented_session_gives_no_budget(target: str) -> None:
    from django.conf import settings  # noqa: PLC0415 - settings of the test

    async with cached(Monitor(), **ONE_MISS) as running:
        statuses = [
            (
                await running.ask(
                    f"{target}?days={day}",
                    headers={**NOBODY, "Cookie": f"{settings.SESSION_COOKIE_NAME}={str(day) * 32}"},
                )
            ).status
            for day in range(3)
        ]
    assert statuses == [200, 429, 429]


# ----- a flood


@pytest.fixture
def unwatched(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages that take long do not make the link suspect: here one event loop plays all parts, and may be late."""
    monkeypatch.setattr(Probe, "ask", lambda _probe: None)


class Deaf(Monitor):
    """Answers everything but pages of jobs."""

    async def step(self, connection: Connection, head: bytes) -> None:
        if JOBS_THERE not in head:
            await super().step(connection, head)
            return
        async with self.came:
            self.asked.append(head)
            self.came.notify_all()
        while await connection.reader.read(65536):
            pass

    @property
    def stalled(self) -> int:
        return sum(JOBS_THERE in head for head in self.asked)


JOBS_THERE = b"/panda/jobs/"
# The flood may ask as often as it likes, and nothing looks at the link on its own.
FLOODED = {**BEHIND_PROXY, "budgets": "misses 1000/s burst 5000", "probe_interval": 300}


@asynccontextmanager
async def flooded(running: Gateway, address: str, times: int) -> AsyncIterator[list[asyncio.Task[int]]]:
    """One address asks for so many different pages, on more connections than it has places and may wait on."""

    async def one(number: int) -> int:
        async with session.get(f"{running.url}{JOBS}?days={number}&of={address}", headers=by(address)) as got:
            return got.status

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=200)) as session:
        asking = [asyncio.create_task(one(number)) for number in range(times)]
        try:
            yield asking
        finally:
            for task in asking:
                task.cancel()
            await asyncio.wait(asking)


async def some(asking: list[asyncio.Task[int]], count: int) -> list[int]:
    """The first so many of these that are answered."""
    answered = asyncio.as_completed(asking, timeout=100)
    return [await next(answered) for _ in range(count)]


@pytest.mark.usefixtures("unwatched")
async def test_a_flood_from_one_address_leaves_the_others_their_answers() -> None:
    """A thousand different pages at once, at a monitor that answers none of them: somebody else is answered."""
    monitor = Deaf()
    async with cached(monitor, **FLOODED) as running:
        async with flooded(running, "192.0.2.1", 1000) as asking:
            told = await some(asking, 1000 - 40 - 80)
            for number in range(20):
                reply = await running.ask(f"/prod/panda/tasks/?page={number}", headers=by("192.0.2.2"))
                assert (reply.status, reply.headers.get("X-SWF-Cache")) == (200, "miss"), reply.body
        assert set(told) == {429}
        assert monitor.stalled == 40


@pytest.mark.usefixtures("unwatched")
async def test_who_joins_the_question_of_a_flood_does_not_stand_in_its_line() -> None:
    monitor = Deaf()
    async with cached(monitor, **FLOODED) as running, flooded(running, "192.0.2.1", 60):
        await monitor.asked_times(40)
        first = asyncio.create_task(running.ask("/prod/panda/tasks/", headers=by("192.0.2.1")))
        await running.ask("/prod/healthz")
        second = await running.ask("/prod/panda/tasks/", headers=by("192.0.2.2"))
        assert [reply.status for reply in (await first, second)] == [200, 200]
    assert sum(b"/panda/tasks/" in head for head in monitor.asked) == 1


@pytest.mark.usefixtures("unwatched")
async def test_an_older_copy_is_no_answer_to_a_reader_who_asks_too_much() -> None:
    """It would say that the monitor cannot be reached, which is not true."""
    monitor = Deaf(says=lambda _head: page(Cache_Control="max-age=0, stale-if-error=600"))
    flood, other = by("192.0.2.1"), by("192.0.2.2")
    async with cached(monitor, **FLOODED) as running:
        assert (await running.ask("/prod/panda/tasks/", headers=flood)).status == 200
        async with flooded(running, "192.0.2.1", 200) as asking:
            await some(asking, 200 - 40 - 80)
            mine = await running.ask("/prod/panda/tasks/", headers=flood)
            theirs = await running.ask("/prod/panda/tasks/", headers=other)
    assert (mine.status, theirs.status) == (429, 200)
    assert "Many of your requests are waiting for the monitor already" in mine.text
    assert "cannot be reached" not in mine.text
