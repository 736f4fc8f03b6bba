"""Request smuggling: what can be read in two ways is refused, closes its connection, and never reaches the monitor."""

from __future__ import annotations

import asyncio
import json

import pytest

from swf_remote.proxy.asking import LARGEST_MEASURED
from tests.remote.edge.monitors import for_readers
from tests.remote.edge.test_gateway_requests import pair, signed_in, values
from tests.remote.gateways import Gateway, gateway
from tests.remote.hostile.raw_requests import CHUNKS, LAST, REFUSED, SMUGGLED, TE, H, get, post
from tests.remote.upstream.scripted import Connection, scripted

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
OWN = b"Sec-Fetch-Site: same-origin\r\n"


@pytest.fixture
def alice() -> bytes:
    return f"Cookie: {signed_in('alice')['Cookie']}\r\n".encode()


def write(headers: bytes, body: bytes) -> bytes:
    return b"POST /prod/pcs/api/tags/ HTTP/1.1\r\n" + H + OWN + headers + b"\r\n" + body


def statuses(answers: bytes) -> list[int]:
    """Statuses of all answers in what one connection sent."""
    return [int(part[:3]) for part in answers.split(b"HTTP/1.1 ")[1:]]


async def ask_once(running: Gateway, request: bytes) -> bytes:
    """All that comes until the gateway closes the connection by itself; fails when it does not."""
    return await running.raw(request)


async def test_every_ambiguous_request_is_refused_once_closes_its_connection_and_never_reaches_the_monitor() -> None:
    async with pair() as (monitor, running):
        found = {}
        for name, (_, request) in REFUSED.items():
            answers = await ask_once(running, request + SMUGGLED)
            found[name] = (statuses(answers), b"smuggled" in answers, len(monitor.heads))
        assert found == {name: ([status], False, 0) for name, (status, _) in REFUSED.items()}


async def test_a_refusal_has_the_gateways_own_form() -> None:
    async with pair() as (_, running):
        answer = await running.raw(REFUSED["lengths: CL.TE"][1])
        head, _, body = answer.partition(b"\r\n\r\n")
        lines = head.lower().split(b"\r\n")
        assert json.loads(body)["kind"] == "malformed-request"
        assert b"content-type: application/problem+json" in lines
        assert b"connection: close" in lines
        assert b"x-content-type-options: nosniff" in lines
        assert any(one.startswith(b"content-security-policy: ") for one in lines)
        assert any(one.startswith(b"x-request-id: ") for one in lines)


async def test_a_refused_browser_gets_a_page() -> None:
    async with pair() as (_, running):
        answer = await running.raw(get(b"Accept: text/html\r\nX A: b\r\n"))
        assert b"content-type: text/html" in answer.lower()
        assert b"A header line has no proper name" in answer


async def test_a_write_whose_chunks_break_is_never_whole_at_the_monitor(alice: bytes) -> None:
    begun, over = asyncio.Event(), asyncio.Event()

    async def take_all(connection: Connection, _head: bytes) -> None:
        begun.set()
        connection.seen.bodies.append(await connection.reader.read(-1))
        over.set()

    async with scripted([for_readers(take_all)]) as monitor, gateway(monitor.url) as running, asyncio.timeout(60):
        for name, (_, request) in CHUNKS.items():
            reader, writer = await asyncio.open_connection("127.0.0.1", running.port)
            size = LARGEST_MEASURED + 1  # more than waits for its end before it is sent on
            writer.write(write(alice + TE, b"%x\r\n" % size + b"x" * size + b"\r\n"))
            await begun.wait()
            writer.write(request.partition(b"\r\n\r\n")[2] + SMUGGLED)
            assert (name, statuses(await reader.read(-1))) == (name, [400])
            await over.wait()
            assert (name, monitor.bodies.pop().endswith(LAST)) == (name, False)
            writer.close()
            begun.clear()
            over.clear()


SENT_ON_ONCE = {
    "a trailer that claims an identity": write(TE, b"3\r\nabc\r\n0\r\nX-Remote-User: admin\r\n\r\n"),
    "a trailer with a cookie and a length": write(TE, b"3\r\nabc\r\n0\r\nCookie: a=b\r\nContent-Length: 9\r\n\r\n"),
    "a chunk extension": write(TE, b'3;a=b;c="d e"\r\nabc\r\n' + LAST),
    "sizes with leading zeros": write(TE, b"0003\r\nabc\r\n000\r\n\r\n"),
    "upper case": write(b"TRANSFER-ENCODING: CHUNKED\r\n", b"3\r\nabc\r\n" + LAST),
    "a length with underscores in its name": write(TE + b"Content_Length: 99\r\n", b"3\r\nabc\r\n" + LAST),
    "a request hidden in the body": write(b"Content-Length: 3\r\n", b"abc"),
    "an identity with underscores": write(b"Content-Length: 3\r\nX_Remote_User: admin\r\n", b"abc"),
    "an identity with a dot": write(b"Content-Length: 3\r\nX.Remote.User: admin\r\n", b"abc"),
    "an identity behind Connection": write(
        b"Content-Length: 3\r\nConnection: X-Remote-User\r\nX-Remote-User: admin\r\n", b"abc"
    ),
    "an upgrade to something unknown": write(b"Content-Length: 3\r\nConnection: upgrade\r\nUpgrade: x/1\r\n", b"abc"),
    "an absolute address of this host": write(b"Content-Length: 3\r\n", b"abc").replace(b"T /", b"T http://127.0.0.1/"),
}


@pytest.mark.parametrize("name", SENT_ON_ONCE)
async def test_what_is_odd_but_clear_reaches_the_monitor_once_and_clean(name: str, alice: bytes) -> None:
    async with pair() as (monitor, running):
        answers = await running.raw(SENT_ON_ONCE[name].replace(OWN, OWN + alice + b"Connection: close\r\n", 1))
        assert statuses(answers) == [200]
        assert (monitor.bodies, len(monitor.heads)) == ([b"abc"], 1)
        assert monitor.request_line() == "POST /swf-monitor/pcs/api/tags/ HTTP/1.1"
        assert values(monitor.heads[0], b"x-remote-user") == [b"alice"]
        for header in (b"upgrade", b"trailer", b"te", b"cookie", b"x_remote_user", b"x.remote.user", b"expect"):
            assert values(monitor.heads[0], header) == []


async def test_a_request_in_a_body_is_data(alice: bytes) -> None:
    async with pair() as (monitor, running):
        for framing, body in (
            (b"Content-Length: %d\r\n" % len(SMUGGLED), SMUGGLED),
            (TE, b"%x\r\n%b\r\n0\r\n\r\n" % (len(SMUGGLED), SMUGGLED)),
        ):
            answers = await running.raw(write(alice + framing + b"Connection: close\r\n", body))
            assert statuses(answers) == [200]
            assert monitor.bodies.pop() == SMUGGLED


@pytest.mark.parametrize("target", [b"/prod/assets/web/site.css", b"/prod/", b"/nowhere", b"/prod/accounts/login/"])
async def test_an_answer_that_ignores_the_body_does_not_make_a_request_of_it(target: bytes) -> None:
    """CL.0: a page that never reads a body must not leave it on the connection."""
    hidden = b"GET /prod/panda/smuggled/ HTTP/1.1\r\nX: "
    async with pair() as (monitor, running):
        first = b"POST " + target + b" HTTP/1.1\r\n" + H + b"Content-Length: %d\r\n\r\n" % len(hidden) + hidden
        answers = await running.raw(first + get(b"Connection: close\r\n"))
        assert 1 <= len(statuses(answers)) <= 2
        assert not any(b"smuggled" in head for head in monitor.heads)


async def test_pipelined_requests_are_answered_in_their_order() -> None:
    async with pair() as (monitor, running):
        paths = [b"/prod/panda/jobs/?n=%d" % number for number in range(20)]
        requests = b"".join(get(b"", first=b"GET " + path + b" HTTP/1.1") for path in paths[:-1])
        answers = await running.raw(requests + get(b"Connection: close\r\n", first=b"GET " + paths[-1] + b" HTTP/1.1"))
        assert statuses(answers) == [200] * 20
        places = [answers.index(path) for path in paths]
        assert places == sorted(places)
        assert [head.split(b" ")[1] for head in monitor.heads] == [b"/swf-monitor" + path[5:] for path in paths]


async def test_a_refusal_waits_for_the_answers_before_it() -> None:
    async with pair() as (monitor, running):
        answers = await running.raw(get(b"") + REFUSED["lengths: CL.TE"][1] + get(b""))
        assert statuses(answers) == [200, 400]
        assert answers.index(b"</html>") < answers.index(b"HTTP/1.1 400")
        assert len(monitor.heads) == 1


async def test_a_body_is_asked_for_only_when_somebody_will_read_it(alice: bytes) -> None:
    async with pair() as (monitor, running):
        reader, writer = await asyncio.open_connection("127.0.0.1", running.port)
        expect = b"Expect: 100-continue\r\nContent-Length: 3\r\nConnection: close\r\n"
        writer.write(write(alice + expect, b""))
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(b"abc")
        assert statuses(await reader.read(-1)) == [200]
        writer.close()
        assert values(monitor.heads[0], b"expect") == []
        refused = await running.raw(post(expect))
        assert b"100 Continue" not in refused
        assert statuses(refused) == [405]
