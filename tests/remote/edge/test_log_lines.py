"""Log lines: what they tell of a request, what they keep to themselves, and that nobody waits for them."""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Iterator

import pytest
from starlette.types import Receive, Scope, Send

from swf_remote.edge import log_output, outer
from swf_remote.edge.exchange import Exchange, enter, exchange_of
from swf_remote.edge.log_lines import formatter, line_maker
from swf_remote.edge.log_output import MOST_WAITING, Output
from tests.remote.gateways import edge_around


def scope(path: bytes = b"/prod/panda/jobs/", query: bytes = b"days=7") -> dict[str, object]:
    return {"method": "GET", "raw_path": path, "query_string": query, "client": ("192.0.2.7", 5000)}


def exchange() -> Exchange:
    return Exchange(
        "1d-0f-a-request", area="page", proxied=True, cache="hit", status=200, upstream_seconds=0.25, sent=9
    )


def test_the_line_of_a_request_tells_its_id_target_answer_times_and_size() -> None:
    line = line_maker("text")(scope(), exchange())
    assert " INFO swf_remote.access 1d-0f-a-request GET /prod/panda/jobs/?days=7 200 total_ms=" in line
    assert " upstream_ms=250 cache=hit sent=9 client=192.0.2.7" in line


def test_machines_get_the_same_as_json() -> None:
    told = json.loads(line_maker("json")(scope(), exchange()))
    expected = {
        "level": "info",
        "logger": "swf_remote.access",
        "request_id": "1d-0f-a-request",
        "method": "GET",
        "target": "/prod/panda/jobs/?days=7",
        "status": 200,
        "upstream_ms": 250.0,
        "area": "page",
        "cache": "hit",
        "sent": 9,
        "client": "192.0.2.7",
    }
    assert {name: told[name] for name in expected} == expected


@pytest.mark.parametrize("style", ["text", "json"])
def test_an_answer_that_is_not_the_monitors_tells_of_no_cache(style: str) -> None:
    own = Exchange("an-id-of-ours", area="own", status=200)
    assert ("cache=-" if style == "text" else '"cache": "-"') in line_maker(style)(scope(), own)


@pytest.mark.parametrize("style", ["text", "json"])
def test_whatever_stands_in_an_address_it_stays_one_line(style: str) -> None:
    line = line_maker(style)(scope(b"/prod/a\nb\x1b[31m\xff", b"x=\r\n"), exchange())
    assert line.isprintable()


@pytest.mark.parametrize(
    "query",
    [b"token=s3cret", b"a=1&access_token=s3cret&b=2", b"Password=s3cret", b"my_api_key=s3cret;x=1", b"code=s3cret"],
)
def test_what_lets_somebody_in_is_never_written(query: bytes) -> None:
    line = line_maker("text")(scope(query=query), exchange())
    assert "s3cret" not in line
    assert query.partition(b"=")[0].decode() in line


def test_a_failure_within_a_request_is_one_json_object_with_the_requests_id() -> None:
    enter(Exchange("the-failing-one"))
    try:
        raise RuntimeError("of the test")
    except RuntimeError:
        record = logging.LogRecord("swf_remote.failures", logging.ERROR, "x", 1, "it %s", ("broke",), sys.exc_info())
    line = formatter("json").format(record)
    told = json.loads(line)
    assert "\n" not in line
    assert (told["event"], told["level"], told["request_id"]) == ("it broke", "error", "the-failing-one")
    assert "RuntimeError: of the test" in told["exception"]


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    reading, writing = os.pipe()
    yield reading, writing
    os.close(reading)


def test_lines_are_written_whole_and_in_order(pipe: tuple[int, int]) -> None:
    lines = Output(pipe[1])
    for number in range(3):
        lines.write(f"line {number}")
    lines.flush()
    assert os.read(pipe[0], 1000) == b"line 0\nline 1\nline 2\n"


def test_nobody_waits_for_a_reader_who_takes_nothing_and_the_lost_lines_are_counted(pipe: tuple[int, int]) -> None:
    lines = Output(pipe[1])
    for _ in range(2 * MOST_WAITING):
        lines.write("x" * 100)
    data = b""
    while b"log lines were dropped" not in data:
        data += os.read(pipe[0], 1 << 20)
    (told,) = [line for line in data.split(b"\n") if b"dropped" in line]
    assert 0 < int(told.split()[0]) <= MOST_WAITING


def test_a_reader_who_left_is_no_failure(pipe: tuple[int, int]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    lines = Output(writing)
    lines.write("nobody reads this")
    lines.flush()
    lines.write("nor this")
    lines.flush()


async def hello(scope: Scope, receive: Receive, send: Send) -> None:
    exchange_of(scope).proxied = True
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"hel", "more_body": True})
    await send({"type": "http.response.body", "body": b"lo"})


@pytest.mark.slow
async def test_each_request_gets_one_line_with_the_id_that_its_reader_sees(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    written: list[str] = []
    monkeypatch.setattr(outer, "output", lambda: written_to(written))
    caplog.set_level(logging.INFO, "swf_remote.access")
    async with edge_around(hello, log_format="json") as gateway:
        replies = [await gateway.ask("/prod/panda/"), await gateway.ask("/prod/assets/web/site.css")]
    told = [json.loads(line) for line in written]
    assert [one["request_id"] for one in told] == [reply.headers["X-Request-ID"] for reply in replies]
    assert [one["sent"] for one in told] == [5, len(replies[1].body)]


@pytest.mark.slow
async def test_with_less_to_log_requests_get_no_line(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    written: list[str] = []
    monkeypatch.setattr(outer, "output", lambda: written_to(written))
    caplog.set_level(logging.WARNING, "swf_remote.access")
    async with edge_around(hello) as gateway:
        await gateway.ask("/prod/panda/")
    assert written == []


def written_to(lines: list[str]) -> log_output.Output:
    found = Output(2)
    found.write = lines.append  # type: ignore[method-assign]
    return found
