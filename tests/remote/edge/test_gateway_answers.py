"""Heads of answers through the whole gateway, from the monitor's bytes to the reader's."""

from __future__ import annotations

import pytest

from tests.remote.edge.monitors import behind, replying
from tests.remote.gateways import Gateway
from tests.remote.upstream.scripted import answer

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
TARGET = "/prod/panda/jobs/"


async def told(head: bytes, target: str = TARGET) -> bytes:
    """Everything that a reader without a cookie gets for this answer of the monitor."""
    async with behind(replying(lambda *_: head)) as (_, running):
        return await of(running, target)


async def of(running: Gateway, target: str) -> bytes:
    host = f"Host: 127.0.0.1:{running.port}"
    return await running.raw(f"GET {target} HTTP/1.1\r\n{host}\r\nConnection: close\r\n\r\n".encode())


def lines(got: bytes, name: bytes) -> list[bytes]:
    head = got.partition(b"\r\n\r\n")[0].split(b"\r\n")[1:]
    return [line.partition(b":")[2].strip() for line in head if line.lower().startswith(name + b":")]


@pytest.mark.parametrize(
    "status",
    [200, 201, 202, 203, 207, 226, 299, 300, 400, 401, 403, 404, 409, 410, 418, 422, 429, 451, 499, 500, 502, 599],
)
async def test_every_status_passes_with_its_body(status: int) -> None:
    got = await told(answer(b'{"why": "so"}', status=f"{status} Whatever", kind="application/json"))
    assert got.startswith(b"HTTP/1.1 %d " % status)
    assert b'{"why": "so"}' in got
    assert lines(got, b"x-robots-tag") == [b"noindex"]


@pytest.mark.parametrize("status", [204, 304])
async def test_an_answer_without_a_body_has_neither_body_nor_length(status: int) -> None:
    got = await told(b"HTTP/1.1 %d X\r\nContent-Type: text/html\r\n\r\n" % status)
    assert got.startswith(b"HTTP/1.1 %d " % status)
    assert lines(got, b"content-length") == lines(got, b"transfer-encoding") == []
    assert got.endswith(b"\r\n\r\n")


async def test_a_reset_content_has_no_content() -> None:
    got = await told(answer(b"none of this", status="205 Reset Content", kind="text/html"))
    assert got.startswith(b"HTTP/1.1 205 ")
    assert b"none of this" not in got


async def test_interim_answers_are_between_the_monitor_and_us() -> None:
    early = b"HTTP/1.1 103 Early Hints\r\nLink: </swf-monitor/a.css>; rel=preload\r\n\r\n"
    got = await told(early + answer(b"x", headers=["Link: </swf-monitor/b.css>; rel=preload"]))
    assert got.startswith(b"HTTP/1.1 200 ")
    assert lines(got, b"link") == [b"</prod/b.css>; rel=preload"]


async def test_trailers_do_not_become_headers() -> None:
    body = b"4\r\ndata\r\n0\r\nSet-Cookie: a=b\r\nX-Late: 1\r\n\r\n"
    got = await told(
        b"HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nTrailer: X-Late\r\nTransfer-Encoding: chunked\r\n\r\n" + body
    )
    assert lines(got, b"trailer") == []
    assert b"x-late" not in got.lower()
    assert b"set-cookie" not in got.lower()
    assert b"data" in got


async def test_a_folded_line_is_never_handed_on_folded() -> None:
    got = await told(answer(b"x", headers=["X-Folded: a\r\n\tb", "X-After: 1"]))
    assert b"\r\n\t" not in got
    assert b"\r\nb" not in got


async def test_bytes_beyond_ascii_pass_as_they_are() -> None:
    note = b'attachment; filename="caf\xe9.txt"'
    got = await told(answer(b"x").replace(b"\r\n\r\n", b"\r\nContent-Disposition: " + note + b"\r\n\r\n"))
    assert lines(got, b"content-disposition") == [note]


async def test_what_is_the_monitors_alone_stays_with_it() -> None:
    secret = ["Set-Cookie: sessionid=1", "Server: Apache/2.4", "X-Powered-By: x", "Access-Control-Allow-Origin: *",
              "WWW-Authenticate: Basic", "X-Request-ID: theirs", "Server-Timing: db;dur=1"]  # fmt: skip
    got = await told(answer(b"x", headers=secret))
    assert b"sessionid" not in got
    assert b"Apache" not in got
    assert b"theirs" not in got
    assert b"db;dur" not in got
    assert lines(got, b"access-control-allow-origin") == lines(got, b"www-authenticate") == []
    assert len(lines(got, b"x-request-id")) == len(lines(got, b"server")) == 1


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("/swf-monitor/accounts/login/?next=/swf-monitor/panda/", "/prod/accounts/login/?next=/prod/panda/"),
        ("/swf-monitor/accounts/login/", "/prod/accounts/login/?next=/prod/panda/jobs/"),
        ("http://127.0.0.1:1/swf-monitor/panda/?a=b", "/prod/panda/?a=b"),
        ("../tasks/", "../tasks/"),
        ("https://elsewhere.example/swf-monitor/", "https://elsewhere.example/swf-monitor/"),
    ],
)
async def test_a_redirect_leads_to_our_side(location: str, expected: str) -> None:
    got = await told(answer(b"", status="302 Found", headers=[f"Location: {location}"]))
    assert got.startswith(b"HTTP/1.1 302 ")
    assert lines(got, b"location") == [expected.encode()]


async def test_a_redirect_without_a_length_ends_with_its_head() -> None:
    slash = b"HTTP/1.1 301 Moved\r\nLocation: /swf-monitor/panda/jobs/\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    got = await told(slash, "/prod/panda/jobs")
    assert lines(got, b"location") == [b"/prod/panda/jobs/"]
    assert lines(got, b"content-encoding") == []


async def test_the_monitors_own_headers_pass() -> None:
    kept = [
        "X-PanDA-TRF-Cache: hit",
        "Content-Disposition: attachment",
        "Content-Language: en",
        "Allow: GET",
        "Retry-After: 5",
        "Last-Modified: Mon, 23 Nov 2026 21:06:22 GMT",
        "X-Custom: 1",
        "Vary: Accept",
    ]
    got = await told(answer(b"x", headers=kept))
    for line in kept:
        name, _, value = line.partition(": ")
        assert value.encode() in lines(got, name.lower().encode())


async def test_an_answer_has_one_date_the_monitors_where_it_gives_one() -> None:
    given = b"Tue, 24 Nov 2026 01:02:03 GMT"
    got = await told(answer(b"x", headers=[f"Date: {given.decode()}"]))
    assert lines(got, b"date") == [given]
    (own,) = lines(await told(answer(b"x")), b"date")
    assert own.endswith(b" GMT")
    assert own != given
