"""A slot of a page shows what its filler says at that moment, to all readers, also in kept pages and behind a 304."""

from __future__ import annotations

import logging

import pytest

from swf_remote.edge.outer import Outer
from tests.remote.caching.monitors import Monitor, cached, page
from tests.remote.caching.readers import NOBODY, reader
from tests.remote.caching.test_outages import STALE, Failing

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

TASK, TASKS, DATA = "/prod/panda/tasks/4711/", "/prod/panda/tasks/", "/prod/api/panda/tasks/"
MARKER, OTHER = "<section>2 alarms fire</section>", "<section>1 alarm fires</section>"


class Filler:
    """Says the same of every slot, and notes what it is asked for."""

    def __init__(self, says: str = "") -> None:
        self.says = says
        self.asked: set[tuple[str, str]] = set()

    def __call__(self, slot: str, key: str) -> bytes:
        self.asked.add((slot, key))
        return self.says.encode()


@pytest.mark.parametrize("connection", ["keep-alive", "close"])
async def test_a_kept_page_shows_the_present_marker(connection: str) -> None:
    """At once, and on the long way."""
    filler, monitor = Filler(), Monitor()
    headers = NOBODY | {"Connection": connection}
    async with cached(monitor, fill=filler) as gateway:
        before = await gateway.ask(TASK, headers=headers)
        filler.says = MARKER
        during = [await gateway.ask(TASK, headers=headers) for _ in range(2)]
        filler.says = OTHER
        changed = await gateway.ask(TASK, headers=headers)
        filler.says = ""
        after = await gateway.ask(TASK, headers=headers)
    assert len(monitor.asked) == 1
    assert {reply.headers["X-SWF-Cache"] for reply in (*during, changed, after)} == {"hit"}
    assert all(f"<body>{MARKER}" in reply.text for reply in during)
    assert f"<body>{OTHER}" in changed.text
    assert "<section>" not in before.text + after.text
    assert after.body == before.body


async def test_a_page_with_a_marker_is_still_answered_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    filler = Filler(MARKER)
    async with cached(Monitor(), fill=filler) as gateway:
        await gateway.ask(TASK, headers=NOBODY)
        monkeypatch.delattr(Outer, "_request")
        assert MARKER in (await gateway.ask(TASK, headers=NOBODY)).text
        filler.says = OTHER
        assert OTHER in (await gateway.ask(TASK, headers=NOBODY)).text


async def test_no_304_hides_a_change_of_the_marker() -> None:
    filler = Filler()
    async with cached(Monitor(), fill=filler) as gateway:
        bare = (await gateway.ask(TASK, headers=NOBODY)).headers["ETag"]
        filler.says = MARKER
        marked = await gateway.ask(TASK, headers=NOBODY | {"If-None-Match": bare})
        tag = marked.headers["ETag"]
        same = await gateway.ask(TASK, headers=NOBODY | {"If-None-Match": tag})
        filler.says = ""
        cleared = await gateway.ask(TASK, headers=NOBODY | {"If-None-Match": tag})
        back = await gateway.ask(TASK, headers=NOBODY | {"If-None-Match": bare})
    assert (marked.status, MARKER in marked.text) == (200, True)
    assert (same.status, cleared.status, back.status) == (304, 200, 304)
    assert "<section>" not in cleared.text


async def test_without_a_cache_the_monitor_does_not_confirm_a_page_with_another_marker() -> None:
    filler = Filler()
    monitor = Monitor(says=lambda _head: page(ETag='"one"'))
    async with cached(monitor, cache_bytes=0, fill=filler) as gateway:
        bare = (await gateway.ask(TASK, headers=NOBODY)).headers["ETag"]
        filler.says = MARKER
        marked = await gateway.ask(TASK, headers=NOBODY | {"If-None-Match": bare})
        await gateway.ask(TASK, headers=NOBODY | {"If-None-Match": marked.headers["ETag"]})
    assert MARKER in marked.text
    asked = [b'if-none-match: "one"' in head.lower() for head in monitor.asked]
    assert asked == [False, False, True]


async def test_all_readers_see_the_same_marker() -> None:
    filler, monitor = Filler(MARKER), Monitor()
    alice = await reader("alice")
    async with cached(monitor, fill=filler) as gateway:
        nobody, named = [await gateway.ask(TASK, headers=headers) for headers in (NOBODY, alice)]
        filler.says = OTHER
        again = await gateway.ask(TASK, headers=alice)
    assert MARKER in nobody.text
    assert MARKER in named.text
    assert "alice" in named.text
    assert OTHER in again.text
    assert len(monitor.asked) == 1


async def test_in_an_outage_the_marker_stands_below_the_age_of_the_page() -> None:
    filler, monitor = Filler(MARKER), Failing(says=lambda _head: page(**STALE))
    async with cached(monitor, fill=filler) as gateway:
        await gateway.ask(TASK, headers=NOBODY)
        monitor.fails = True
        filler.says = OTHER
        stale = await gateway.ask(TASK, headers=NOBODY)
    assert stale.headers["X-SWF-Cache"] == "stale"
    assert stale.text.index("Shown: the page as of") < stale.text.index(OTHER)
    assert MARKER not in stale.text


async def test_the_key_is_what_the_path_has_in_its_place() -> None:
    filler = Filler()
    async with cached(Monitor(), fill=filler) as gateway:
        for path in (TASK, "/prod/panda/tasks/4711", TASKS, "/prod/panda/epic-queues/BNL%20%3Cx%3E/", "/prod/panda/"):
            await gateway.ask(path, headers=NOBODY)
    assert filler.asked == {("task", "4711"), ("tasks", ""), ("queue", "BNL <x>")}


async def test_a_list_that_is_computed_anew_has_its_marker() -> None:
    monitor = Monitor()
    async with cached(monitor, fill=Filler(MARKER)) as gateway:
        await gateway.ask(TASKS, headers=NOBODY)
        anew = await gateway.ask(f"{TASKS}?refresh=1", headers=NOBODY)
    assert MARKER in anew.text
    assert len(monitor.asked) == 2


@pytest.mark.parametrize("more", [{"X-Requested-With": "XMLHttpRequest"}, {"X-Fragment": "1"}])
async def test_a_piece_of_a_page_has_no_marker(more: dict[str, str]) -> None:
    async with cached(Monitor(), fill=Filler(MARKER)) as gateway:
        first, kept = [await gateway.ask(TASK, headers=NOBODY | more) for _ in range(2)]
    assert "<section>" not in first.text + kept.text


async def test_a_head_request_tells_of_the_page_with_its_marker() -> None:
    async with cached(Monitor(), fill=Filler(MARKER)) as gateway:
        await gateway.ask(TASK, headers=NOBODY)
        whole, head = [await gateway.ask(TASK, method, headers=NOBODY) for method in ("GET", "HEAD")]
    assert MARKER in whole.text
    assert [head.headers[name] for name in ("ETag", "Content-Length")] == [
        whole.headers[name] for name in ("ETag", "Content-Length")
    ]


async def test_a_filler_that_fails_costs_no_page_and_is_told_of_once(caplog: pytest.LogCaptureFixture) -> None:
    def fill(slot: str, key: str) -> bytes:
        raise RuntimeError("no state")

    failures = logging.getLogger("swf_remote.failures")
    async with cached(Monitor(), fill=fill) as gateway:
        failures.addHandler(caplog.handler)
        replies = [await gateway.ask(TASK, headers=NOBODY) for _ in range(3)]
    failures.removeHandler(caplog.handler)
    assert [reply.status for reply in replies] == [200] * 3
    assert [record.getMessage() for record in caplog.records] == ["slots of pages cannot be filled"]


async def test_without_a_filler_pages_are_as_they_were() -> None:
    async with cached(Monitor()) as gateway:
        plain = await gateway.ask(TASK, headers=NOBODY)
    async with cached(Monitor(), fill=Filler()) as gateway:
        unmarked = await gateway.ask(TASK, headers=NOBODY)
    assert plain.body == unmarked.body
    assert plain.headers["ETag"] == unmarked.headers["ETag"]
