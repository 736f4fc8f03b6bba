"""RFC 9110's header fields through a real gateway, bytes on both sides: what passes, what stays, what becomes ours.

One row per field and direction. ``page`` is a rewritten page, ``file`` a file whose bytes pass as they are.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from pytest_django import DjangoDbBlocker

from tests.remote.gateways import Gateway, gateway
from tests.remote.upstream.scripted import Connection, Scripted, scripted

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

PAGE, FILE = "panda/jobs/", "static/data/notes.bin"
GONE = None
HOST = "pandaserver02.sdcc.bnl.gov"


@dataclass(frozen=True, slots=True)
class Exchange:
    """What went over the wire."""

    request: bytes
    """Head that the monitor got."""
    answer: bytes
    """All that the reader got."""

    @property
    def head(self) -> bytes:
        return self.answer.partition(b"\r\n\r\n")[0]

    @property
    def body(self) -> bytes:
        return self.answer.partition(b"\r\n\r\n")[2]


def values(head: bytes, name: str) -> list[str]:
    """All values of a field in a raw head."""
    pairs = [line.partition(b":") for line in head.split(b"\r\n")[1:]]
    return [value.strip().decode("latin-1") for key, _, value in pairs if key.decode("latin-1").lower() == name.lower()]


def saying(*wholes: bytes) -> object:
    """Answer with these bytes, of several with those that the query numbers; the link's own probe with its own."""

    async def step(connection: Connection) -> None:
        while True:
            head = await connection.reader.readuntil(b"\r\n\r\n")
            if b"/status.json" in head.split(b"\r\n")[0]:
                said = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
            else:
                connection.seen.heads.append(head)
                row = re.search(rb"[?]row=([0-9]+) ", head)
                said = wholes[int(row[1]) if row else 0]
            connection.writer.write(said)
            await connection.writer.drain()
            if b"\r\nconnection: close" in said.lower() or b"content-length" not in said.lower():
                return

    return step


async def sent(running: Gateway, method: str, path: str, lines: Sequence[str]) -> bytes:
    head = [f"{method} /prod/{path} HTTP/1.1", "Host: 127.0.0.1", *lines]
    if not any(line.lower().startswith("connection:") for line in lines):
        head.append("Connection: close")
    reader, writer = await asyncio.open_connection("127.0.0.1", running.port)
    writer.write("\r\n".join(head).encode("latin-1") + b"\r\n\r\n")
    try:
        async with asyncio.timeout(10):
            return await reader.read(-1)
    finally:
        writer.close()


async def exchanged(path: str, lines: Sequence[str], said: bytes, method: str = "GET") -> Exchange:
    async with scripted([saying(said)]) as monitor, gateway(monitor.url, monitor_host=HOST) as running:
        answer = await sent(running, method, path, lines)
        return Exchange(_asked(monitor), answer)


async def all_exchanged(rows: Sequence[tuple[str, Sequence[str], bytes]]) -> list[Exchange]:
    """One exchange per row (path, the reader's lines, the monitor's answer), all through one gateway."""
    said = saying(*(whole for _, _, whole in rows))
    async with scripted([said]) as monitor, gateway(monitor.url, monitor_host=HOST) as running:
        found = []
        for number, (path, lines, _) in enumerate(rows):
            answer = await sent(running, "GET", f"{path}?row={number}", lines)
            found.append(Exchange(_asked(monitor), answer))
        return found


def _asked(monitor: Scripted) -> bytes:
    return monitor.heads[-1] if monitor.heads else b""


def answer(*lines: str, status: str = "200 OK", body: bytes = b"<p>x</p>") -> bytes:
    head = [f"HTTP/1.1 {status}", *lines, f"Content-Length: {len(body)}"]
    return "\r\n".join(head).encode("latin-1") + b"\r\n\r\n" + body


HTML, BYTES = "Content-Type: text/html; charset=utf-8", "Content-Type: application/octet-stream"
PLAIN = {PAGE: answer(HTML), FILE: answer(BYTES)}

# Request: path, line as the reader sends it, what of that field the monitor gets.
REQUESTS = (
    (PAGE, "Accept: text/html, application/json;q=0.5", "text/html, application/json;q=0.5"),
    (PAGE, "Accept-Language: fr, en;q=0.3", "fr, en;q=0.3"),
    (PAGE, "User-Agent: someone/1.0 (a comment)", "someone/1.0 (a comment)"),
    (PAGE, "Cache-Control: no-cache", "no-cache"),
    (PAGE, "X-Requested-With: XMLHttpRequest", "XMLHttpRequest"),
    (
        PAGE,
        "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    ),
    (PAGE, "Accept-Charset: utf-8", GONE),
    (PAGE, "Range: bytes=0-3", GONE),
    (FILE, "Range: bytes=0-3", "bytes=0-3"),
    (FILE, 'If-None-Match: "a", "b"', '"a", "b"'),
    (FILE, "If-Modified-Since: Mon, 23 Nov 2026 21:06:22 GMT", "Mon, 23 Nov 2026 21:06:22 GMT"),
    (PAGE, "Cookie: sessionid=x", GONE),
    (PAGE, "Authorization: Basic YTpi", GONE),
    (PAGE, "Proxy-Authorization: Basic YTpi", GONE),
    (PAGE, "X-Remote-User: root", GONE),
    (PAGE, "X_Remote_User: root", GONE),
    (PAGE, "Forwarded: for=127.0.0.1", GONE),
    (PAGE, "X-Forwarded-For: 127.0.0.1", GONE),
    (PAGE, "X-Forwarded-Host: evil.example", GONE),
    (PAGE, "X-Forwarded-Proto: https", GONE),
    (PAGE, "Via: 1.1 me", GONE),
    (PAGE, "TE: trailers", GONE),
    (PAGE, "Upgrade: websocket", GONE),
    (PAGE, "Keep-Alive: timeout=5", GONE),
    (PAGE, "Proxy-Connection: keep-alive", GONE),
    (PAGE, "Trailer: Expires", GONE),
    (PAGE, "Max-Forwards: 3", GONE),
    (PAGE, "From: me@example.org", GONE),
    (PAGE, "Referer: https://evil.example/", GONE),
    (PAGE, "Origin: https://evil.example", GONE),
    (PAGE, "Sec-Fetch-Site: cross-site", GONE),
    (PAGE, "X-HTTP-Method-Override: DELETE", GONE),
    (PAGE, "Date: Mon, 23 Nov 2026 21:06:22 GMT", GONE),
)


def named(row: tuple[object, ...]) -> str:
    return f"{str(row[0]).partition('/')[0]} {str(row[1]).partition(':')[0]}{'' if row[-1] else ' gone'}"


@pytest.fixture(scope="module")
def exchanges(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> dict[str, Exchange]:
    """What each row of both tables brought, by its line."""
    rows = [(path, [line], PLAIN[path]) for path, line, _ in REQUESTS]
    rows += [(path, [], _said(path, line)) for path, line, _ in ANSWERS]
    with django_db_blocker.unblock():
        found = asyncio.run(all_exchanged(rows))
    names = [_name("asked", row) for row in REQUESTS] + [_name("said", row) for row in ANSWERS]
    return dict(zip(names, found, strict=True))


def _name(side: str, row: tuple[str, str, str | None]) -> str:
    return f"{side} {row[0]} {row[1]}"


def _said(path: str, line: str) -> bytes:
    status = "302 Found" if line.startswith("Location") else "200 OK"
    return answer(HTML if path == PAGE else BYTES, line, status=status)


@pytest.mark.parametrize("row", REQUESTS, ids=named)
def test_a_request_field_reaches_the_monitor_as_the_table_says(
    row: tuple[str, str, str | None], exchanges: dict[str, Exchange]
) -> None:
    _, line, expected = row
    got = exchanges[_name("asked", row)]
    assert values(got.request, line.partition(":")[0]) == ([] if expected is None else [expected])
    assert got.head.startswith(b"HTTP/1.1 200 ")


async def test_fields_that_connection_names_end_here() -> None:
    lines = ["Connection: close, X-Requested-With, Accept-Language", "X-Requested-With: x", "Accept-Language: de"]
    got = await exchanged(PAGE, lines, PLAIN[PAGE])
    assert values(got.request, "X-Requested-With") + values(got.request, "Accept-Language") == []


async def test_the_monitor_hears_one_host_and_it_is_its_own() -> None:
    got = await exchanged(PAGE, [], PLAIN[PAGE])
    assert values(got.request, "Host") == [HOST]


async def test_a_repeated_list_is_joined_in_its_order() -> None:
    got = await exchanged(PAGE, ["Accept: text/html", "Accept: */*;q=0.1"], PLAIN[PAGE])
    assert [value.replace(" ", "") for value in values(got.request, "Accept")] == ["text/html,*/*;q=0.1"]


# Answer: path, line as the monitor sends it, what of that field the reader gets.
ANSWERS = (
    (PAGE, "Cache-Control: max-age=60, public", "max-age=60, public"),
    (PAGE, "Expires: Mon, 23 Nov 2026 21:06:22 GMT", "Mon, 23 Nov 2026 21:06:22 GMT"),
    (PAGE, "Content-Language: en", "en"),
    (PAGE, 'Content-Disposition: inline; filename="x.html"', 'inline; filename="x.html"'),
    (PAGE, "Retry-After: 7", "7"),
    (PAGE, "Allow: GET, HEAD", "GET, HEAD"),
    (PAGE, "X-PanDA-TRF-Cache: hit", "hit"),
    (PAGE, "Set-Cookie: sessionid=x; Path=/", GONE),
    (PAGE, "Set-Cookie2: a=b", GONE),
    (PAGE, "X-Powered-By: PHP", GONE),
    (PAGE, 'Alt-Svc: h3=":443"', GONE),
    (PAGE, 'WWW-Authenticate: Basic realm="inner"', GONE),
    (PAGE, "Proxy-Authenticate: Basic", GONE),
    (PAGE, "Proxy-Authentication-Info: x", GONE),
    (PAGE, "Keep-Alive: timeout=5", GONE),
    (PAGE, "Trailer: Expires", GONE),
    (PAGE, "Upgrade: h2c", GONE),
    (PAGE, "Access-Control-Allow-Origin: *", GONE),
    (PAGE, "Access-Control-Allow-Credentials: true", GONE),
    (PAGE, 'Clear-Site-Data: "*"', GONE),
    (PAGE, "Content-MD5: Q2hlY2sgSW50ZWdyaXR5IQ==", GONE),
    (PAGE, "Content-Digest: sha-256=:AAAA:", GONE),
    (PAGE, "Accept-Ranges: bytes", GONE),
    (FILE, "Accept-Ranges: bytes", "bytes"),
    (FILE, 'ETag: "a-1"', '"a-1"'),
    (FILE, "Last-Modified: Mon, 23 Nov 2026 21:06:22 GMT", "Mon, 23 Nov 2026 21:06:22 GMT"),
    (PAGE, "Location: /swf-monitor/panda/", "/prod/panda/"),
    (PAGE, f"Location: https://{HOST}/swf-monitor/panda/?a=b#c", "/prod/panda/?a=b#c"),
    (PAGE, f"Location: //{HOST}/swf-monitor/panda/", "/prod/panda/"),
    (PAGE, "Location: ../tasks/?days=7", "../tasks/?days=7"),
    (PAGE, "Location: https://pandamon01.sdcc.bnl.gov/job", "https://pandamon01.sdcc.bnl.gov/job"),
    (PAGE, "Content-Location: /swf-monitor/panda/jobs.html", "/prod/panda/jobs.html"),
    (PAGE, "Refresh: 5; url=/swf-monitor/panda/", "5; url=/prod/panda/"),
    (PAGE, "Link: </swf-monitor/static/a.css>; rel=preload", "</prod/static/a.css>; rel=preload"),
    (PAGE, "SourceMap: /swf-monitor/static/a.map", "/prod/static/a.map"),
)


@pytest.mark.parametrize("row", ANSWERS, ids=named)
def test_an_answers_field_reaches_the_reader_as_the_table_says(
    row: tuple[str, str, str | None], exchanges: dict[str, Exchange]
) -> None:
    _, line, expected = row
    found = values(exchanges[_name("said", row)].head, line.partition(":")[0])
    assert found == ([] if expected is None else [expected])


async def test_what_both_servers_of_the_monitor_say_is_said_once() -> None:
    twice = ["X-Frame-Options: DENY", "X-Content-Type-Options: nosniff"]
    got = await exchanged(PAGE, [], answer(*twice, HTML, *twice, "Referrer-Policy: same-origin"))
    for name in ("X-Frame-Options", "X-Content-Type-Options", "Referrer-Policy", "Content-Type", "Server"):
        assert len(values(got.head, name)) == 1, name


async def test_fields_that_the_answers_connection_names_end_here() -> None:
    said = answer(HTML, "Connection: close, X-Inner", "X-Inner: secret")
    got = await exchanged(PAGE, [], said)
    assert values(got.head, "X-Inner") == []
    assert b"X-Inner" not in got.head


async def test_the_entity_tag_of_a_rewritten_page_is_ours_and_stands_for_the_monitors() -> None:
    got = await exchanged(PAGE, [], answer(HTML, 'ETag: "theirs"'))
    (tag,) = values(got.head, "ETag")
    assert tag not in ('"theirs"', 'W/"theirs"')
    again = await exchanged(
        PAGE, [f"If-None-Match: {tag}"], answer('ETag: "theirs"', status="304 Not Modified", body=b"")
    )
    assert values(again.request, "If-None-Match") == ['"theirs"']
    assert again.head.startswith(b"HTTP/1.1 304 ")
    assert values(again.head, "ETag") == [tag]
    assert again.body == b""


async def test_a_page_varies_with_its_reader() -> None:
    got = await exchanged(PAGE, [], answer(HTML, "Vary: Accept"))
    assert {"accept", "cookie"} <= {part.strip().lower() for part in ",".join(values(got.head, "Vary")).split(",")}


async def test_no_length_but_that_of_the_bytes_that_come() -> None:
    body = b'<a href="/swf-monitor/panda/">x</a>'
    got = await exchanged(PAGE, [], answer(HTML, body=body))
    shown = body.replace(b"/swf-monitor", b"/prod")
    lengths = values(got.head, "Content-Length")
    assert lengths in ([], [str(len(shown))])
    assert shown in got.body


@pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified"])
async def test_an_answer_without_a_body_has_none(status: str) -> None:
    got = await exchanged(PAGE, [], answer(HTML, status=status, body=b""))
    assert got.head.startswith(f"HTTP/1.1 {status[:3]} ".encode())
    assert got.body == b""
    assert values(got.head, "Transfer-Encoding") == []


async def test_head_tells_what_get_would_without_a_body() -> None:
    said = answer(BYTES, 'ETag: "a"', body=b"").replace(b"Content-Length: 0", b"Content-Length: 960")
    got = await exchanged(FILE, [], said, method="HEAD")
    assert got.body == b""
    assert values(got.head, "Content-Length") == ["960"]
    assert values(got.head, "ETag") == ['"a"']


@pytest.mark.parametrize("interim", ["100 Continue", "103 Early Hints", "102 Processing"])
async def test_interim_answers_are_not_taken_for_the_answer(interim: str) -> None:
    hints = b"HTTP/1.1 " + interim.encode() + b"\r\nLink: </swf-monitor/a.css>; rel=preload\r\n\r\n"
    got = await exchanged(PAGE, [], hints + PLAIN[PAGE])
    assert b"HTTP/1.1 200 " in got.answer
    assert b"swf-monitor" not in got.answer
    assert got.answer.endswith(b"<p>x</p>") or b"<p>x</p>" in got.answer


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "PROPFIND", "TRACK"])
async def test_a_method_that_no_page_takes_never_arrives(method: str) -> None:
    got = await exchanged(PAGE, [], PLAIN[PAGE], method=method)
    assert got.request == b""
    assert int(got.answer.split(b" ")[1]) in (400, 405, 501)


async def test_the_query_arrives_byte_for_byte() -> None:
    query = "a=1&a=2&empty=&q=a+b%20c;d&x=%FF%2F&a=1"
    got = await exchanged(f"{PAGE}?{query}", [], PLAIN[PAGE])
    assert got.request.split(b"\r\n")[0] == f"GET /swf-monitor/{PAGE}?{query} HTTP/1.1".encode()


async def test_a_part_of_a_page_is_never_passed_on() -> None:
    part = answer(HTML, "Content-Range: bytes 0-3/8", status="206 Partial Content", body=b"<p>x")
    got = await exchanged(PAGE, ["Range: bytes=0-3"], part)
    assert not got.head.startswith(b"HTTP/1.1 206 ")


async def test_a_part_of_a_file_is_passed_on_with_its_place() -> None:
    part = answer(BYTES, "Content-Range: bytes 2-5/8", status="206 Partial Content", body=b"cdef")
    got = await exchanged(FILE, ["Range: bytes=2-5"], part)
    assert got.head.startswith(b"HTTP/1.1 206 ")
    assert values(got.head, "Content-Range") == ["bytes 2-5/8"]
    assert got.body == b"cdef"
