"""What may be asked twice and how long the monitor may take: by method and row."""

import pytest

from swf_remote.proxy.asking import Question
from swf_remote.proxy.policy.routes import Route
from swf_remote.proxy.request import UpstreamRequest
from swf_remote.proxy.response import Asked
from swf_remote.proxy.upstream import WRITE_BUDGET

READ = Route("x", first_byte=7.0)
EFFECTS = Route("x", effects=True)
CHANGES = Route("x", changes=True)


def question(method: str, route: Route = READ) -> Question:
    request = UpstreamRequest(method, "/swf-monitor/x", (("host", "m"), ("range", "bytes=0-1")))
    return Question(method, request, route, route.writes(method))


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_a_read_without_effects_may_be_asked_twice(method: str) -> None:
    assert question(method).may_repeat
    assert not question(method, EFFECTS).may_repeat
    assert not question(method, CHANGES).may_repeat


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_a_write_is_asked_once(method: str) -> None:
    assert not question(method).may_repeat


def test_a_read_waits_as_long_as_its_row_says_and_a_write_as_long_as_all_writes() -> None:
    assert question("GET").budget.first_byte == 7.0
    assert question("POST").budget == WRITE_BUDGET
    assert question("GET", CHANGES).budget == WRITE_BUDGET


def test_asking_for_the_whole_asks_the_same_row_for_no_part() -> None:
    whole = question("GET").whole()
    assert (whole.route, whole.request.headers) == (READ, (("host", "m"),))


@pytest.mark.parametrize(
    ("fields", "asked"),
    [
        ({}, Asked("GET")),
        ({b"accept-encoding": b"br"}, Asked("GET", b"br")),
        ({b"if-none-match": b'"a"', b"range": b"bytes=0-"}, Asked("GET", None, b'"a"', range=True)),
        ({b"cache-control": b"max-age=0, No-Transform"}, Asked("GET", no_transform=True)),
        ({b"cache-control": b"no-transformers"}, Asked("GET")),
    ],
)
def test_what_a_reader_asked_is_read_from_its_head(fields: dict[bytes, bytes], asked: Asked) -> None:
    assert Asked.of("GET", fields) == asked
