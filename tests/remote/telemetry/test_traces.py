"""Traces as a collector gets them: which spans, whose children, what they tell and what they keep to themselves."""

from __future__ import annotations

import asyncio
import logging
import re
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from tests.remote.caching.monitors import Monitor, cached, page
from tests.remote.caching.readers import NOBODY, reader
from tests.remote.edge.monitors import behind, for_readers, replying, values
from tests.remote.gateways import free_port, gateway
from tests.remote.streams.stream_monitor import connected, event_monitor, message
from tests.remote.telemetry.collector import CLIENT, SERVER, Collector, collecting, said
from tests.remote.upstream.scripted import Connection, answer, say

pytestmark = pytest.mark.slow

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
FROM_OUTSIDE = f"00-{TRACE}-{PARENT}-01"
ALL = {"traces_sample": 1.0}


@pytest.fixture
def collector() -> Iterator[Collector]:
    with collecting() as found:
        yield found


def the_one(spans: list[Span]) -> Span:
    (span,) = spans
    return span


async def test_a_request_is_a_span_and_its_question_to_the_monitor_a_child_of_it(collector: Collector) -> None:
    monitor = replying(lambda _head, _body: answer(b"hello"))
    async with behind(monitor, traces_url=collector.url, **ALL) as (_seen, running):
        reply = await running.ask("/prod/panda/jobs/?days=3")
    request, asked = the_one(collector.spans(SERVER)), the_one(collector.spans(CLIENT))
    assert collector.paths == ["/v1/traces"]
    assert (request.name, asked.name) == ("GET page", "GET page")
    assert asked.parent_span_id == request.span_id
    assert asked.trace_id == request.trace_id
    assert not request.parent_span_id
    assert said(request.attributes) == {
        "http.request.method": "GET",
        "http.response.status_code": 200,
        "http.response.body.size": len(reply.body),
        "http.route": "/prod/panda/**",
        "url.scheme": "http",
        "swf.area": "page",
        "swf.cache": "bypass",
        "swf.request_id": reply.headers["X-Request-ID"],
    }
    told = said(asked.attributes)
    assert (told["swf.lane"], told["http.response.status_code"], told["server.address"]) == ("page", 200, "127.0.0.1")
    assert request.start_time_unix_nano <= asked.start_time_unix_nano
    assert asked.end_time_unix_nano <= request.end_time_unix_nano


async def test_the_monitor_gets_our_question_as_parent_in_the_readers_trace(collector: Collector) -> None:
    monitor = replying(lambda _head, _body: answer(b"hello"))
    async with behind(monitor, traces_url=collector.url, **ALL) as (seen, running):
        await running.ask("/prod/panda/jobs/", headers={"traceparent": FROM_OUTSIDE})
    request, asked = the_one(collector.spans(SERVER)), the_one(collector.spans(CLIENT))
    assert (request.trace_id.hex(), request.parent_span_id.hex()) == (TRACE, PARENT)
    assert seen.header_values("traceparent") == [f"00-{TRACE}-{asked.span_id.hex()}-01"]


async def test_a_reader_cannot_have_a_request_recorded_that_our_share_leaves_out(collector: Collector) -> None:
    monitor = replying(lambda _head, _body: answer(b"hello"))
    async with behind(monitor, traces_url=collector.url, traces_sample=0.0) as (seen, running):
        await running.ask("/prod/panda/jobs/", headers={"traceparent": FROM_OUTSIDE})
    assert collector.spans() == []
    (passed,) = seen.header_values("traceparent")
    assert re.fullmatch(f"00-{TRACE}-[0-9a-f]{{16}}-00", passed)
    assert PARENT not in passed


@pytest.mark.parametrize("given", ["00-x", "ff", f"{FROM_OUTSIDE}, {FROM_OUTSIDE}", "00-" + "0" * 32 + "-" + "0" * 16])
async def test_a_parent_that_is_none_begins_a_new_trace(collector: Collector, given: str) -> None:
    monitor = replying(lambda _head, _body: answer(b"hello"))
    async with behind(monitor, traces_url=collector.url, **ALL) as (seen, running):
        await running.ask("/prod/panda/jobs/", headers={"traceparent": given})
    asked = the_one(collector.spans(CLIENT))
    assert not the_one(collector.spans(SERVER)).parent_span_id
    (passed,) = seen.header_values("traceparent")
    assert passed.startswith(f"00-{asked.trace_id.hex()}-{asked.span_id.hex()}-")


async def test_without_traces_the_readers_parent_passes_as_it_came() -> None:
    monitor = replying(lambda _head, _body: answer(b"hello"))
    async with behind(monitor) as (seen, running):
        await running.ask("/prod/panda/jobs/", headers={"traceparent": FROM_OUTSIDE})
    assert seen.header_values("traceparent") == [FROM_OUTSIDE]


async def test_what_the_cache_answers_asks_nothing_and_says_so(collector: Collector) -> None:
    async with cached(Monitor(), traces_url=collector.url, **ALL) as running:
        for _ in range(3):
            await running.ask("/prod/panda/", headers=NOBODY)
    results = [said(span.attributes)["swf.cache"] for span in collector.spans(SERVER)]
    assert sorted(results) == ["hit", "hit", "miss"]
    assert len(collector.spans(CLIENT)) == 1


async def test_pages_and_files_of_our_own_and_refusals_have_spans_without_questions(collector: Collector) -> None:
    async with gateway("http://127.0.0.1:9/swf-monitor", traces_url=collector.url, **ALL) as running:
        for target in ("/prod/healthz", "/prod/assets/web/site.css", "/prod/api/schema/"):
            await running.ask(target)
        await running.raw(b"GET /prod/ HTTP/1.1\r\nHost : 127.0.0.1\r\n\r\n")
    told = [(span.name, said(span.attributes)["http.response.status_code"]) for span in collector.spans(SERVER)]
    # A reader has its answer a moment before the span ends, so that the next one's may end first.
    assert sorted(told) == [("GET assets", 200), ("GET edge", 400), ("GET edge", 403), ("GET own", 200)]
    assert collector.spans(CLIENT) == []


async def test_a_monitor_out_of_reach_is_an_error_of_the_question_and_of_the_request(collector: Collector) -> None:
    async with gateway(f"http://127.0.0.1:{free_port()}/swf-monitor", traces_url=collector.url, **ALL) as running:
        reply = await running.ask("/prod/panda/jobs/", headers={"Accept": "application/json"})
    request, asked = the_one(collector.spans(SERVER)), the_one(collector.spans(CLIENT))
    assert {request.status.code, asked.status.code} == {Status.STATUS_CODE_ERROR}
    assert said(request.attributes)["http.response.status_code"] == reply.status == 502
    assert said(request.attributes)["error.type"] == "link-down"
    assert said(asked.attributes)["error.type"] in ("LinkDownError", "CircuitOpenError")


async def test_an_answer_that_breaks_off_is_an_error_of_the_request(collector: Collector) -> None:
    read = asyncio.Event()

    async def half(connection: Connection, _head: bytes) -> None:
        await say(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 100\r\n\r\nhalf")(connection)
        await read.wait()
        connection.writer.close()

    async with behind(for_readers(half), traces_url=collector.url, **ALL) as (_seen, running):
        reader, writer = await asyncio.open_connection("127.0.0.1", running.port)
        writer.write(b"GET /prod/panda/cut HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        await reader.readuntil(b"half")
        read.set()
        assert await reader.read(-1) == b""
        writer.close()
    request = the_one(collector.spans(SERVER))
    assert said(request.attributes)["error.type"] == "aborted"
    assert request.status.code == Status.STATUS_CODE_ERROR


@pytest.mark.django_db(transaction=True)
async def test_the_event_stream_that_readers_share_is_a_question_of_nobodys_request(collector: Collector) -> None:
    headers = await reader("alice") | {"Accept": "text/event-stream", "traceparent": FROM_OUTSIDE}
    async with (
        event_monitor() as monitor,
        gateway(monitor.url, traces_url=collector.url, **ALL) as running,
        connected(running, headers) as listener,
    ):
        await monitor.tell(message("job_state", pandaid=1))
        await listener.next()
    asked = next(span for span in collector.spans(CLIENT) if span.name == "GET stream")
    assert not asked.parent_span_id
    (passed,) = values(monitor.seen.heads[0], b"traceparent")
    assert passed.startswith(f"00-{asked.trace_id.hex()}-{asked.span_id.hex()}-".encode())
    assert "GET stream" in [span.name for span in collector.spans(SERVER)]


SECRETS = {
    "/prod/panda/jobs/?token=s3cret-token&user=jdoe": {},
    "/prod/panda/jobs/": {"Cookie": "sessionid_prod=s3cret-session", "Authorization": "Token s3cret-token"},
    "/prod/pcs/find/s3cret-path/": {"Referer": "http://127.0.0.1/?q=s3cret-referer", "User-Agent": "s3cret-agent"},
    "/prod/accounts/login/?next=/prod/s3cret-next": {},
}


@pytest.mark.django_db(transaction=True)
async def test_no_address_no_cookie_no_name_and_no_token_is_told(collector: Collector) -> None:
    signed_in = await reader("s3cretary")
    settings = {"monitor_token": "s3cret-service-token", "metrics_token": "s3cret-metrics-token"}
    monitor = Monitor(says=lambda _head: page(b"s3cret-body", ETag='"s3cret-tag"'))
    async with cached(monitor, traces_url=collector.url, **ALL, **settings) as running:
        for target, headers in SECRETS.items():
            await running.ask(target, headers=headers)
        await running.ask("/prod/pcs/", headers=signed_in)
        await running.ask("/prod/accounts/login/", "POST", data={"username": "s3cret-user", "password": "s3cret-word"})
    assert len(collector.spans(SERVER)) == 6
    sent = b"".join(collector.bodies)
    assert b"s3cret" not in sent
    assert b"jdoe" not in sent
    assert any(b"s3cretary" in value for head in monitor.asked for value in values(head, b"x-remote-user"))


class Heard(logging.Handler):
    """What is logged about traces, by us or by the library."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []
        self.came = threading.Condition()

    def emit(self, record: logging.LogRecord) -> None:
        if record.name.startswith(("swf_remote.traces", "opentelemetry")):
            with self.came:
                self.lines.append(record.getMessage())
                self.came.notify_all()

    async def heard(self, count: int) -> None:
        await asyncio.to_thread(self._wait, count)

    def _wait(self, count: int) -> None:
        with self.came:
            assert self.came.wait_for(lambda: len(self.lines) >= count, 60)


@asynccontextmanager
async def listening() -> AsyncIterator[Heard]:
    """Begin when the gateway runs: its start gives the log its handlers."""
    handler, root = Heard(), logging.getLogger()
    root.addHandler(handler)
    yield handler
    root.removeHandler(handler)


async def test_a_collector_out_of_reach_disturbs_nobody_and_is_told_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "20")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "1")
    port = free_port()
    monitor = replying(lambda _head, _body: answer(b"hello"))
    async with behind(monitor, traces_url=f"http://127.0.0.1:{port}", **ALL) as (_seen, running), listening() as log:
        assert (await running.ask("/prod/panda/jobs/")).status == 200
        await log.heard(1)
        with collecting(port) as collector:
            assert (await running.ask("/prod/panda/jobs/")).status == 200
            await log.heard(2)
    assert collector.spans()
    told, again = log.lines
    assert told == f"traces do not reach the collector at 127.0.0.1:{port}; spans are lost until they do"
    assert re.fullmatch(rf"traces reach the collector at 127\.0\.0\.1:{port} again; [12] spans were lost", again)


async def test_a_collector_that_refuses_is_told_once_however_often_it_does(
    collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "20")
    collector.status = 400
    monitor = replying(lambda _head, _body: answer(b"hello"))
    async with behind(monitor, traces_url=collector.url, **ALL) as (_seen, running), listening() as log:
        for count in (1, 2, 3):
            await running.ask("/prod/panda/jobs/")
            await asyncio.to_thread(collector.wait, count)
    assert len(log.lines) == 1


async def test_a_silent_collector_does_not_hold_up_the_end() -> None:
    """The end waits for a second at most; this collector would hold it up for ten."""
    asked, over, gone = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        asked.set()
        await over.wait()
        writer.close()
        gone.set()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    monitor = replying(lambda _head, _body: answer(b"hello"))
    async with asyncio.timeout(9), behind(monitor, traces_url=url, **ALL) as (_seen, running):
        await running.ask("/prod/panda/jobs/")
    await asked.wait()
    server.close()
    over.set()
    await gone.wait()
