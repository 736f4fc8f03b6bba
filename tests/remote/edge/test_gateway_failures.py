"""The gateway before a monitor that fails: each failure has its own words, in HTML and in JSON, and nothing leaks."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from swf_remote.proxy.failures import ANSWER_WORDS, LINK_KINDS, LINK_WORDS, TlsFault
from swf_remote.proxy.probe import Probe
from swf_remote.proxy.upstream import Budget, UpstreamAnswer, UpstreamClient
from tests.remote.gateways import Gateway, free_port, gateway
from tests.remote.upstream.certificates import NAME, Authority
from tests.remote.upstream.scripted import (
    Step,
    answer,
    read_request,
    reset,
    say,
    say_many,
    scripted,
    wait,
    wait_for_close,
)

pytestmark = pytest.mark.slow

JSON = {"Accept": "application/json"}
HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
CUT = answer(b"<html>" + b"x" * 1000, kind="text/html")[:-500]
# Far apart, so that the scripted connections are the readers'.
QUIET = {"probe_interval": 300}


def for_readers(*script: Step) -> Sequence[Sequence[Step]]:
    """Two connections for the probe's first look, then the script for every reader."""
    well = answer(b"{}", headers=["Connection: close"])
    return [wait_for_close()], [read_request(), say(well)], script


def hurry(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Give everything half a second, and note what it would have been given."""
    whole, asked = UpstreamClient.send, []

    async def send(client: UpstreamClient, request: object, **options: object) -> UpstreamAnswer:
        asked.append(options["budget"].first_byte)
        return await whole(client, request, **options | {"budget": Budget(0.5, 0.5)})

    monkeypatch.setattr(UpstreamClient, "send", send)
    return asked


async def settled(running: Gateway) -> Gateway:
    """After the first look, so that the script's turn has come."""
    async with asyncio.timeout(10):
        while json.loads((await running.ask("/prod/readyz")).body)["parts"]["link"] != "ok":
            await asyncio.sleep(0.02)
    return running


OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
FAULTS = {
    "link-reset": (502, [read_request(), reset()]),
    "monitor-silent": (502, [read_request()]),
    "no-http-answer": (502, [read_request(), say(b"garbage\r\n\r\n")]),
    "headless-answer": (502, [read_request(), say(b"<html>no head</html>\r\n")]),
    "oversized-answer-head": (502, [read_request(), say(OK + b"X: " + b"a" * 70_000 + b"\r\n\r\n")]),
    "broken-answer-length": (502, [read_request(), say(OK + b"Content-Length: x\r\n\r\n")]),
    "broken-answer-chunks": (502, [read_request(), say(OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n")]),
    "endless-interim-answers": (502, [read_request(), say(b"HTTP/1.1 100 Continue\r\n\r\n" * 100)]),
    "answer-cut-off": (502, [read_request(), say(OK + b"Content-Length: 100\r\n\r\n")]),
    "upstream-timeout": (504, [read_request(), wait_for_close()]),
    "upstream-stalled": (504, [read_request(), say(OK + b"Content-Length: 100\r\n\r\n"), wait_for_close()]),
}
# The same answer would come again: trying again is not worth it.
NO_RETRY = {"headless-answer", "oversized-answer-head", "broken-answer-length", "broken-answer-chunks"}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", FAULTS)
async def test_each_failure_is_told_in_its_own_words_to_people_and_programs(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    status, script = FAULTS[kind]
    hurry(monkeypatch)
    # A look at a link that swallows everything would end the second request in words of its own.
    monkeypatch.setattr(Probe, "ask", lambda _probe: None)
    async with scripted(*for_readers(*script)) as monitor, gateway(monitor.url, **QUIET) as running:
        await settled(running)
        program = await running.ask("/prod/panda/jobs/", headers=JSON)
        person = await running.ask("/prod/panda/jobs/", headers=HTML)
        problem = json.loads(program.body)
        assert (program.status, person.status, problem["kind"]) == (status, status, kind)
        assert program.headers["Content-Type"] == "application/problem+json"
        assert ("Retry-After" in program.headers, "retry_after" in problem) == (kind not in NO_RETRY,) * 2
        assert problem["request_id"] == program.headers["X-Request-ID"]
        assert person.headers["Content-Type"] == "text/html; charset=utf-8"
        assert problem["title"] in person.text.replace("&#x27;", "'")
        for text in (program.text, person.text):
            assert str(monitor.port) not in text
            assert "Traceback" not in text


def test_no_two_failures_share_their_words() -> None:
    titles = [*ANSWER_WORDS.values(), *LINK_WORDS.values(), *TlsFault]
    assert len(set(titles)) == len(titles)
    kinds = [*ANSWER_WORDS, *LINK_KINDS.values()]
    assert len(set(kinds)) == len(kinds)


async def test_a_name_that_nobody_knows_is_told_as_such() -> None:
    async with gateway("http://no-such-host.invalid/swf-monitor", **QUIET) as running:
        reply = await running.ask("/prod/panda/jobs/", headers=JSON)
    assert (reply.status, json.loads(reply.body)["kind"]) == (502, "link-name-unknown")
    assert "no-such-host" not in reply.text


async def test_an_unaccepted_certificate_is_told_without_secrets_and_without_a_retry(tmp_path: Path) -> None:
    server = Authority(tmp_path).server(begins=-9, ends=-2)
    async with scripted([wait_for_close()], tls=server.tls()) as monitor:
        options = {"monitor_host": NAME, "monitor_ca_file": tmp_path / "authority.pem"}
        async with gateway(monitor.url.replace("http:", "https:"), **options, **QUIET) as running:
            reply = await running.ask("/prod/panda/jobs/", headers=JSON)
            told = json.loads(reply.body)
    assert (reply.status, told["kind"], told["title"]) == (502, "tls-failure", TlsFault.EXPIRED)
    assert "Retry-After" not in reply.headers
    assert NAME not in reply.text


async def test_a_refused_connection_says_that_the_tunnel_is_down() -> None:
    async with gateway(f"http://127.0.0.1:{free_port()}/swf-monitor") as running:
        reply = await running.ask("/prod/panda/jobs/", headers=JSON)
        assert (reply.status, json.loads(reply.body)["kind"]) == (502, "link-down")
        assert "tunnel" in json.loads(reply.body)["title"]
        assert "since" in json.loads(reply.body)
        assert int(reply.headers["Retry-After"]) > 0


@pytest.mark.django_db(transaction=True)
async def test_a_slow_status_poll_is_given_up_after_its_own_short_time(monkeypatch: pytest.MonkeyPatch) -> None:
    budgets = hurry(monkeypatch)
    script = for_readers(read_request(), wait_for_close())
    async with scripted(*script) as monitor, gateway(monitor.url, **QUIET) as running:
        await settled(running)
        reply = await running.ask("/prod/panda/system/status.json", headers=JSON)
        assert (reply.status, json.loads(reply.body)["kind"]) == (504, "upstream-timeout")
    assert 5.0 in budgets


async def test_an_unverifiable_certificate_is_a_tls_failure_and_nothing_is_sent() -> None:
    async with (
        scripted([say(b"no TLS here\r\n\r\n")]) as monitor,
        gateway(monitor.url.replace("http:", "https:"), **QUIET) as running,
    ):
        reply = await running.ask("/prod/panda/jobs/", headers=JSON)
    assert (reply.status, json.loads(reply.body)["kind"]) == (502, "tls-failure")
    assert monitor.heads == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("kind", "chunked"),
    [("text/html", False), ("text/html", True), ("application/zip", False), ("application/zip", True)],
)
async def test_a_body_that_ends_early_breaks_the_readers_connection(kind: str, chunked: bool) -> None:
    go_on = asyncio.Event()
    length = "Transfer-Encoding: chunked" if chunked else "Content-Length: 90000"
    piece = b"y" * 40_000
    body = b"%x\r\n%s\r\n" % (len(piece), piece) if chunked else piece
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\n{length}\r\n\r\n".encode()
    script = for_readers(read_request(), say(head + body), wait(go_on))
    async with scripted(*script) as monitor, gateway(monitor.url, **QUIET) as running:
        await settled(running)
        reader, writer = await asyncio.open_connection("127.0.0.1", running.port)
        writer.write(b"GET /prod/panda/jobs/ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        got = await reader.readuntil(b"y" * 100)
        go_on.set()
        got += await reader.read(-1)
        writer.close()
        assert got.startswith(b"HTTP/1.1 200 ")
        assert not got.endswith(b"0\r\n\r\n")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("status", ["202 Accepted", "300 Multiple Choices", "404 Not Found", "500 Oops", "503 Busy"])
async def test_the_monitors_own_statuses_are_passed_on_with_their_bodies(status: str) -> None:
    body = b"<html>the monitor's own words</html>"
    script = for_readers(read_request(), say(answer(body, status=status, kind="text/html")), wait_for_close())
    async with scripted(*script) as monitor, gateway(monitor.url, **QUIET) as running:
        await settled(running)
        reply = await running.ask("/prod/panda/jobs/", headers=HTML)
        assert (reply.status, reply.body) == (int(status.split(maxsplit=1)[0]), body)


@pytest.mark.django_db(transaction=True)
async def test_a_reader_who_leaves_ends_the_monitors_work() -> None:
    script = for_readers(read_request(), wait_for_close())
    async with scripted(*script) as monitor, gateway(monitor.url, **QUIET) as running:
        await settled(running)
        monitor.closed_by_client.clear()
        _, writer = await asyncio.open_connection("127.0.0.1", running.port)
        writer.write(b"GET /prod/panda/jobs/ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        async with asyncio.timeout(5):
            while not any(b"/panda/jobs/" in head for head in monitor.heads):
                await asyncio.sleep(0.01)
            writer.close()
            await monitor.closed_by_client.wait()


@pytest.mark.django_db(transaction=True)
async def test_a_reader_who_stalls_holds_back_the_monitor() -> None:
    piece, times = b"z" * 100_000, 1000
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/zip\r\nContent-Length: {len(piece) * times}\r\n\r\n"
    sent: list[int] = []

    async def counted(connection: object) -> None:
        for number in range(times):
            await say(piece)(connection)
            sent.append(number)

    script = for_readers(read_request(), say(head.encode()), counted)
    async with scripted(*script) as monitor, gateway(monitor.url, **QUIET) as running:
        await settled(running)
        _, writer = await asyncio.open_connection("127.0.0.1", running.port, limit=1024)
        writer.write(b"GET /prod/static/file.zip HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        before = -1
        while len(sent) != before:
            before = len(sent)
            await asyncio.sleep(0.5)
        assert 0 < len(sent) < times / 2
        writer.close()


@pytest.mark.django_db(transaction=True)
async def test_a_large_file_comes_through_whole() -> None:
    piece, times = bytes(range(256)) * 400, 200
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/zip\r\nContent-Length: {len(piece) * times}\r\n\r\n"
    script = for_readers(read_request(), say(head.encode()), say_many(piece, times), wait_for_close())
    async with scripted(*script) as monitor, gateway(monitor.url, **QUIET) as running:
        await settled(running)
        reply = await running.ask("/prod/static/file.zip")
        assert reply.body == piece * times
        assert reply.headers["Content-Length"] == str(len(piece) * times)
