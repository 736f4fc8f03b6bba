"""Connections as slow, hasty and broken clients make them: time limits, early answers, HTTP/1.0, pipelining, ends."""

from __future__ import annotations

import asyncio
import json
import re
import socket
import time
from contextlib import suppress

import pytest
import uvloop
from starlette.types import Receive, Scope, Send

from swf_remote.edge.problem import AnswerAbortedError
from swf_remote.edge.server import connection
from tests.remote.gateways import Gateway, edge_around

pytestmark = pytest.mark.slow
HOST = b"Host: 127.0.0.1\r\n"
GET = b"GET /prod/panda/ HTTP/1.1\r\n" + HOST
POST = b"POST /prod/panda/ HTTP/1.1\r\n" + HOST


async def hello(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"hel", "more_body": True})
    await send({"type": "http.response.body", "body": b"lo"})


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    parts, more = [], True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        parts.append(message["body"])
        more = message["more_body"]
    body = b"".join(parts)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})


async def exchange(running: Gateway, *parts: bytes) -> bytes:
    """Say the parts, hang up for nothing, and return all until the gateway hangs up."""
    reader, writer = await asyncio.open_connection("127.0.0.1", running.port)
    for part in parts:
        writer.write(part)
        await writer.drain()
    try:
        async with asyncio.timeout(10):
            return await reader.read(-1)
    finally:
        writer.close()


def kind_of(answer: bytes) -> str:
    return str(json.loads(answer.partition(b"\r\n\r\n")[2])["kind"])


@pytest.mark.parametrize("begun", [b"G", b"GET /prod/ HTTP/1.1\r\nHost: 127.0.0.1\r\n", GET + b"X: "])
async def test_a_head_that_does_not_end_is_given_up(begun: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "HEAD_SECONDS", 0.2)
    async with edge_around(hello) as running:
        answer = await exchange(running, begun)
        assert (answer[9:12], kind_of(answer)) == (b"408", "request-timeout")


async def test_a_connection_on_which_nothing_comes_is_closed_without_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "HEAD_SECONDS", 0.2)
    async with edge_around(hello) as running:
        assert await exchange(running) == b""


async def test_trickling_bytes_do_not_lengthen_the_time_for_a_head(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "HEAD_SECONDS", 0.5)
    async with edge_around(hello) as running:
        reader, writer = await asyncio.open_connection("127.0.0.1", running.port)
        answered = asyncio.create_task(reader.read(-1))
        writer.write(GET + b"X: ")
        async with asyncio.timeout(10):
            while not answered.done():
                writer.write(b"y")
                await asyncio.wait({answered}, timeout=0.1)
        assert kind_of(answered.result()) == "request-timeout"
        writer.close()


async def test_a_body_that_stops_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "BODY_SECONDS", 0.2)
    async with edge_around(echo) as running:
        answer = await exchange(running, POST + b"Content-Length: 5\r\n\r\nab")
        assert (answer[9:12], kind_of(answer)) == (b"408", "request-timeout")


async def test_an_unused_connection_is_closed_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "KEEP_ALIVE_SECONDS", 0.2)
    async with edge_around(hello) as running:
        answer = await exchange(running, GET + b"\r\n")
        assert answer.endswith(b"3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n")


async def test_a_reader_who_takes_nothing_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "STALLED_SECONDS", 0.2)
    ended = asyncio.Event()

    async def endless(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        assert (await receive())["type"] == "http.request"
        gone = asyncio.ensure_future(receive())
        while not gone.done():
            await send({"type": "http.response.body", "body": b"x" * 100_000, "more_body": True})
            await asyncio.sleep(0)
        ended.set()

    async with edge_around(endless) as running:
        _, writer = await asyncio.open_connection("127.0.0.1", running.port, limit=1024)
        writer.write(GET + b"\r\n")
        async with asyncio.timeout(10):
            await ended.wait()
        writer.close()


@pytest.mark.parametrize("times", [1, 3])
async def test_a_connection_is_used_again(times: int) -> None:
    async with edge_around(echo) as running:
        request = POST + b"Content-Length: 2\r\n\r\n%02d"
        answer = await exchange(running, *(request % n for n in range(times)), GET + b"Connection: close\r\n\r\n")
        assert [part.partition(b"\r\n\r\n")[2] for part in answer.split(b"HTTP/1.1 200 OK")[1:]] == [
            *(b"%02d" % n for n in range(times)),
            b"",
        ]


async def test_more_requests_ahead_than_fit_end_the_connection() -> None:
    waits = asyncio.Event()

    async def waiting(scope: Scope, receive: Receive, send: Send) -> None:
        await waits.wait()
        await hello(scope, receive, send)

    async with edge_around(waiting) as running:
        with suppress(ConnectionResetError):
            assert await exchange(running, *[GET + b"\r\n"] * 3000) == b""
        waits.set()


async def test_http_1_0_gets_no_chunks_and_the_end_of_the_connection() -> None:
    async with edge_around(hello) as running:
        head, _, body = (await exchange(running, b"GET /prod/panda/ HTTP/1.0\r\n" + HOST + b"\r\n")).partition(
            b"\r\n\r\n"
        )
        assert body == b"hello"
        assert b"transfer-encoding" not in head.lower()
        assert b"connection: close" in head.lower()


async def test_an_answer_in_http_1_0_that_breaks_off_resets_the_connection() -> None:
    async def half(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"half", "more_body": True})
        raise AnswerAbortedError("cut")

    async with edge_around(half) as running:
        with pytest.raises(ConnectionResetError):
            await exchange(running, b"GET /prod/panda/ HTTP/1.0\r\n" + HOST + b"\r\n")


@pytest.mark.parametrize("length", [b"", b"Content-Length: 9\r\n"])
async def test_an_answer_with_less_than_it_announced_is_never_ended_cleanly(length: bytes) -> None:
    async def short(scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"content-length", b"9")] if length else []
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"half", "more_body": True})
        if length:
            await send({"type": "http.response.body", "body": b""})

    async with edge_around(short) as running:
        answer = await exchange(running, GET + b"\r\n")
        assert b"half" in answer
        assert not answer.endswith(b"0\r\n\r\n")
        assert answer.count(b"HTTP/1.1") == 1


async def test_an_answer_with_more_than_it_announced_is_cut_and_the_connection_closed() -> None:
    async def long(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"ok", "more_body": True})
        await send({"type": "http.response.body", "body": b"HTTP/1.1 200 OK\r\n\r\n"})

    async with edge_around(long) as running:
        answer = await exchange(running, GET + b"\r\n", GET + b"\r\n")
        assert answer.endswith(b"\r\n\r\nok")


@pytest.mark.parametrize("value", [b"a\r\nSet-Cookie: x", b"a\nb", b"a\x00b"])
async def test_a_header_that_would_split_the_answer_is_never_sent(value: bytes) -> None:
    async def splitting(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"x-a", value)]})
        await send({"type": "http.response.body", "body": b"ok"})

    async with edge_around(splitting) as running:
        answer = await exchange(running, GET + b"Connection: close\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 500 ")
        assert b"Set-Cookie" not in answer


@pytest.mark.parametrize(("status", "length"), [(204, False), (304, True), (200, True)])
async def test_answers_without_a_body_have_none_and_204_no_length(status: int, length: bool) -> None:
    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": status, "headers": [(b"content-length", b"7")]})
        await send({"type": "http.response.body", "body": b"" if status != 200 else b"forsake"})

    async with edge_around(answer) as running:
        method = b"HEAD" if status == 200 else b"GET"
        got = await exchange(running, GET.replace(b"GET", method) + b"Connection: close\r\n\r\n")
        assert got.endswith(b"\r\n\r\n")
        assert (b"content-length: 7" in got) is length
        assert b"transfer-encoding" not in got


async def test_an_early_answer_to_an_upload_is_read_before_the_connection_ends() -> None:
    async with edge_around(hello) as running:
        size = 5_000_000
        answer = await exchange(running, POST + b"Content-Length: %d\r\n\r\n" % size, b"x" * 1_000_000)
        assert b"connection: close" in answer
        assert answer.endswith(b"0\r\n\r\n")


async def test_a_body_waits_where_the_application_does_not_fetch_it() -> None:
    fetch = asyncio.Event()

    async def late(scope: Scope, receive: Receive, send: Send) -> None:
        await fetch.wait()
        await echo(scope, receive, send)

    async with edge_around(late) as running:
        reader, writer = await asyncio.open_connection("127.0.0.1", running.port)
        size = 30_000_000
        writer.write(POST + b"Connection: close\r\nContent-Length: %d\r\n\r\n" % size)
        writer.write(b"z" * size)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(writer.drain(), 0.5)
        fetch.set()
        async with asyncio.timeout(60):
            assert (await reader.read(-1)).count(b"z") >= size
        writer.close()


async def test_the_reader_who_leaves_is_noticed_while_the_answer_is_made() -> None:
    noticed = asyncio.Event()

    async def watching(scope: Scope, receive: Receive, send: Send) -> None:
        assert (await receive())["type"] == "http.request"
        assert (await receive())["type"] == "http.disconnect"
        noticed.set()

    async with edge_around(watching) as running:
        _, writer = await asyncio.open_connection("127.0.0.1", running.port)
        writer.write(GET + b"\r\n")
        await writer.drain()
        writer.close()
        async with asyncio.timeout(5):
            await noticed.wait()


async def test_a_process_with_all_the_connections_it_may_hold_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "MOST_CONNECTIONS", 1)
    async with edge_around(hello) as running:
        _, first = await asyncio.open_connection("127.0.0.1", running.port)
        answer = await exchange(running)
        assert (answer[9:12], kind_of(answer)) == (b"503", "too-many-connections")
        assert b"retry-after: 60" in answer
        first.close()


async def test_every_answer_has_a_date_and_no_word_of_the_library() -> None:
    async with edge_around(hello) as running:
        answer = await exchange(running, GET + b"Connection: close\r\n\r\n")
        assert re.search(rb"\r\ndate: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT\r\n", answer)
        assert b"uvicorn" not in answer


def test_what_came_in_time_counts_even_where_the_process_was_too_busy_to_read_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connection, "KEEP_ALIVE_SECONDS", 1.0)

    async def asks_again_of_a_busy_process() -> bytes:
        loop = asyncio.get_running_loop()
        ours, theirs = socket.socketpair()
        async with edge_around(hello) as running:
            with ours, theirs, socket.create_connection(("127.0.0.1", running.port), timeout=10) as client:

                def be_busy() -> None:
                    loop.remove_reader(ours)
                    client.sendall(GET + b"\r\n")
                    time.sleep(1.5)

                loop.add_reader(ours, be_busy)
                client.sendall(GET + b"\r\n")
                await asyncio.to_thread(whole_answer, client)
                theirs.send(b"!")
                return await asyncio.to_thread(whole_answer, client)

    assert uvloop.run(asks_again_of_a_busy_process()).startswith(b"HTTP/1.1 200")


def whole_answer(client: socket.socket) -> bytes:
    """One answer in chunks, or what there is of it."""
    answer = b""
    while not answer.endswith(b"0\r\n\r\n") and (piece := client.recv(10_000)):
        answer += piece
    return answer
