"""What the monitor makes for one reader is never seen by another, whatever headers anybody sends."""

from __future__ import annotations

import asyncio
import re

import pytest

from tests.remote.caching.monitors import Monitor, cached, page
from tests.remote.caching.readers import NOBODY, reader
from tests.remote.gateways import Gateway, Reply

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

PCS = "/prod/pcs/tags/"


def asked_by(head: bytes) -> bytes:
    """The name that the monitor hears."""
    found = re.search(rb"(?im)^x-remote-user: (\S+)", head)
    return found[1] if found else b"nobody"


def personal(head: bytes) -> bytes:
    """A page that says for whom it was made."""
    return page(b"<p>made for %b</p>" % asked_by(head))


def made_for(reply: Reply) -> str:
    return re.findall(r"made for (\w+)", reply.text)[0]


async def test_each_name_has_its_own_copy() -> None:
    monitor = Monitor(says=personal)
    readers = {"alice": await reader("alice"), "bob": await reader("bob"), "nobody": NOBODY}
    async with cached(monitor) as gateway:
        for turn in ("miss", "hit"):
            for name, headers in readers.items():
                reply = await gateway.ask(PCS, headers=headers)
                assert (made_for(reply), reply.headers["X-SWF-Cache"]) == (name, turn)
    assert len(monitor.asked) == 3


async def test_readers_whom_the_monitor_does_not_know_share_what_nobody_sees() -> None:
    monitor = Monitor(says=personal)
    async with cached(monitor) as gateway:
        await gateway.ask(PCS, headers=NOBODY)
        guest = await gateway.ask(PCS, headers=await reader("guest", known=False))
        admin = await gateway.ask(PCS, headers=await reader("admin", staff=True))
    assert [reply.headers["X-SWF-Cache"] for reply in (guest, admin)] == ["hit", "hit"]
    assert "guest" in guest.text
    assert "guest" not in admin.text


TRICKS = [
    {"X-Remote-User": "alice"},
    {"X-Remote-User": "alice", "Connection": "x-remote-user"},
    {"Remote-User": "alice"},
    {"X_Remote_User": "alice"},
    {"X-Forwarded-User": "alice"},
    {"Connection": "cookie"},
    {"Connection": "accept, x-fragment", "X-Fragment": "1"},
    {"Vary": "Cookie"},
    {"Cache-Control": "only-if-cached, max-stale=86400"},
    {"Cache-Control": "max-age=100"},
    {"If-None-Match": "*"},
    {"Range": "bytes=0-"},
    {"Accept": "text/html\0x-remote-user: alice"},
    {"X-HTTP-Method-Override": "POST"},
    {"Forwarded": "for=127.0.0.1;host=alice"},
    {"X-Forwarded-Host": "alice.example"},
    {"X-Original-URL": "/prod/pcs/"},
    {"Cookie": "sessionid=alice"},
]


@pytest.mark.parametrize("trick", TRICKS, ids=str)
async def test_no_header_opens_another_readers_copy(trick: dict[str, str]) -> None:
    monitor = Monitor(says=personal)
    alice, bob = await reader("alice"), await reader("bob")
    async with cached(monitor) as gateway:
        await gateway.ask(PCS, headers=alice)
        for own, name in ((bob, "bob"), (NOBODY, "nobody")):
            reply = await tricked(gateway, own | trick if "Cookie" not in trick else trick)
            assert b"alice" not in reply
            assert b"made for" not in reply or b"made for " + name.encode() in reply or "Cookie" in trick
        assert made_for(await gateway.ask(PCS, headers=alice)) == "alice"


async def tricked(gateway: Gateway, headers: dict[str, str]) -> bytes:
    """The answer to a request written by hand, with headers that a library would refuse."""
    lines = [f"{name}: {value}" for name, value in headers.items()]
    head = [f"GET {PCS} HTTP/1.1", f"Host: 127.0.0.1:{gateway.port}", *lines]
    if not any(name == "Connection" for name in headers):
        head.append("Connection: close")
    else:
        head[0] = head[0].replace("1.1", "1.0")
    return await gateway.raw("\r\n".join(head).encode("latin-1") + b"\r\n\r\n")


async def test_readers_who_ask_at_once_get_their_own() -> None:
    monitor = Monitor(says=personal)
    monitor.goes_on.clear()
    readers = {"alice": await reader("alice"), "bob": await reader("bob"), "nobody": NOBODY}
    async with cached(monitor) as gateway:
        asking = {
            (name, number): asyncio.create_task(gateway.ask(PCS, headers=headers))
            for number in range(5)
            for name, headers in readers.items()
        }
        await monitor.asked_times(3)
        monitor.goes_on.set()
        for (name, _), task in asking.items():
            assert made_for(await task) == name
    assert len(monitor.asked) == 3


@pytest.mark.parametrize("said", ["no-store", "private"])
async def test_what_the_monitor_keeps_to_one_request_is_not_shared(said: str) -> None:
    numbers = iter(range(100))
    monitor = Monitor(says=lambda _head: page(b"<p>made for %d</p>" % next(numbers), Cache_Control=said))
    monitor.goes_on.clear()
    async with cached(monitor) as gateway:
        asking = [asyncio.create_task(gateway.ask("/prod/panda/jobs/", headers=NOBODY)) for _ in range(4)]
        await monitor.asked_times(1)
        monitor.goes_on.set()
        seen = [made_for(reply) for reply in await asyncio.gather(*asking)]
        seen.append(made_for(await gateway.ask("/prod/panda/jobs/", headers=NOBODY)))
    assert len(set(seen)) == len(seen) == len(monitor.asked)


async def test_answers_that_vary_are_kept_side_by_side() -> None:
    def says(head: bytes) -> bytes:
        language = re.findall(rb"(?im)^accept-language: (\S+)", head)
        return page(b"<p>made for %b</p>" % (language or [b"all"])[0], Vary="Accept-Language, Cookie")

    monitor = Monitor(says=says)
    async with cached(monitor) as gateway:
        seen = []
        for language in ("en", "de", "en", "de", None):
            headers = NOBODY | ({"Accept-Language": language} if language else {})
            reply = await gateway.ask("/prod/panda/jobs/", headers=headers)
            seen.append((made_for(reply), reply.headers["X-SWF-Cache"]))
    assert seen == [("en", "miss"), ("de", "miss"), ("en", "hit"), ("de", "hit"), ("all", "miss")]


async def test_an_answer_that_varies_with_everything_is_for_one_request() -> None:
    monitor = Monitor(says=lambda _head: page(Vary="*"))
    async with cached(monitor) as gateway:
        for _ in range(3):
            await gateway.ask("/prod/panda/jobs/", headers=NOBODY)
    assert len(monitor.asked) == 3
