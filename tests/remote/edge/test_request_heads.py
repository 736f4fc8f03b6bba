"""How a request's head is read: strictly, the same however it is cut, and never otherwise than by two other parsers."""

from __future__ import annotations

from contextlib import suppress

import h11
import httptools
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from swf_remote.edge.refusals import METHODS, MOST_HEADERS
from swf_remote.edge.server.head import LARGEST_HEAD, Head, HeadReader, parse_head
from swf_remote.edge.server.refused import RefusedError
from tests.remote.hostile.raw_requests import HEADERS, LINES, get

REST = b"what follows"


def read(pieces: list[bytes]) -> tuple[Head, bytes] | int:
    """The head and what follows it, or the status of the refusal; fails when more is wanted."""
    reader = HeadReader()
    try:
        for number, piece in enumerate(pieces):
            if found := reader.feed(piece):
                return found[0], found[1] + b"".join(pieces[number + 1 :])
    except RefusedError as refused:
        return refused.problem.status
    raise AssertionError("the head has no end")


def cut(raw: bytes, size: int) -> list[bytes]:
    return [raw[at : at + size] for at in range(0, len(raw), size)]


@pytest.mark.parametrize("name", sorted(set(HEADERS) | set(LINES)))
def test_a_refused_head_is_refused_however_it_is_cut(name: str) -> None:
    status, raw = (HEADERS | LINES)[name]
    assert [read(cut(raw + REST, size)) for size in (1, 2, 7, len(raw) + len(REST))] == [status] * 4


def test_a_head_is_read_the_same_however_it_is_cut() -> None:
    raw = get(b"X-A:  b c \t\r\nX-Empty:\r\nCookie: \xe4=\xff\r\nContent-Length: 12\r\n", REST)
    head = Head(
        method="GET",
        target=b"/prod/panda/jobs/",
        version="1.1",
        headers=(
            (b"host", b"127.0.0.1"),
            (b"x-a", b"b c"),
            (b"x-empty", b""),
            (b"cookie", b"\xe4=\xff"),
            (b"content-length", b"12"),
        ),
        length=12,
        keep_alive=True,
        expects_continue=False,
        size=len(raw) - len(b"\r\n\r\n") - len(REST),
    )
    assert [read(cut(raw, size)) for size in range(1, len(raw) + 1)] == [(head, REST)] * len(raw)


def test_one_empty_line_before_a_request_is_borne() -> None:
    for size in (1, 2, 100):
        assert read(cut(b"\r\n" + get(b""), size)) == read([get(b"")])


@pytest.mark.parametrize(
    ("target", "means"),
    [
        (b"/prod/?q=a%2Fb;c&d=%FF&d=", b"/prod/?q=a%2Fb;c&d=%FF&d="),
        (b'/a"<>|{}^`\\%00', b'/a"<>|{}^`\\%00'),
        (b"//evil.example/x", b"//evil.example/x"),
        (b"http://HOST/x?y", b"/x?y"),
        (b"HTTPS://host", b"/"),
        (b"http://host?q", b"/?q"),
        (b"*", b"*"),
    ],
)
def test_the_target_is_kept_byte_for_byte(target: bytes, means: bytes) -> None:
    assert parse_head(b"OPTIONS " + target + b" HTTP/1.1\r\nhost: host").target == means


@pytest.mark.parametrize(
    ("lines", "kept"),
    [
        (b"GET / HTTP/1.1\r\nHost: h", True),
        (b"GET / HTTP/1.1\r\nHost: h\r\nConnection: x, Close", False),
        (b"GET / HTTP/1.1\r\nHost: h\r\nConnection: x\r\nConnection: close", False),
        (b"GET / HTTP/1.0", False),
        (b"GET / HTTP/1.0\r\nConnection: keep-alive", False),
    ],
)
def test_the_sender_says_whether_the_connection_is_used_again(lines: bytes, kept: bool) -> None:
    assert parse_head(lines).keep_alive is kept


@pytest.mark.parametrize(
    ("lines", "expects"),
    [
        (b"POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-Continue", True),
        (b"POST / HTTP/1.0\r\nExpect: 100-continue", False),
        (b"POST / HTTP/1.0\r\nExpect: anything", False),
        (b"POST / HTTP/1.1\r\nHost: h", False),
    ],
)
def test_http_1_0_expects_nothing(lines: bytes, expects: bool) -> None:
    assert parse_head(lines).expects_continue is expects


def test_the_most_headers_pass_and_one_more_does_not() -> None:
    lines = b"GET / HTTP/1.1\r\nHost: h" + b"\r\nX: y" * (MOST_HEADERS - 1)
    assert len(parse_head(lines).headers) == MOST_HEADERS
    with pytest.raises(RefusedError, match="too large"):
        parse_head(lines + b"\r\nX: y")


def test_a_head_that_never_ends_is_given_up_at_its_limit() -> None:
    reader = HeadReader()
    reader.feed(b"GET / HTTP/1.1\r\n" + b"x" * (LARGEST_HEAD - 16))
    with pytest.raises(RefusedError, match="too large"):
        reader.feed(b"x")


TOKENS = st.text("abcXYZ019-_.!", min_size=1, max_size=12).map(str.encode)
VALUES = st.one_of(
    st.binary(max_size=12),
    st.sampled_from([b"chunked", b"5", b"0", b"close", b"127.0.0.1", b"a, b", b"\t x\t", b"100-continue", b"\xff"]),
)
NAMES = st.one_of(
    TOKENS,
    st.binary(max_size=8),
    st.sampled_from([b"Host", b"Content-Length", b"Transfer-Encoding", b"Connection", b"X-A ", b" X", b"Expect"]),
)
FIELDS = st.tuples(NAMES, st.sampled_from([b":", b": ", b":\t", b" :", b""]), VALUES).map(b"".join)
TARGETS = st.one_of(st.sampled_from([b"/", b"/a?b", b"*", b"http://h/x"]), st.binary(min_size=1, max_size=8))
FIRST = st.tuples(
    st.sampled_from([b"GET", b"POST", b"get", b"X"]),
    st.sampled_from([b" ", b"  ", b"\t"]),
    TARGETS,
    st.sampled_from([b" HTTP/1.1", b" HTTP/1.0", b" HTTP/1.1 ", b" HTTP/2.0", b""]),
).map(b"".join)
ENDS = st.sampled_from([b"\r\n"] * 8 + [b"\n", b"\r", b"\r\r\n", b"\r\n "])
HEADS = st.tuples(
    FIRST, st.just(b"\r\nHost: h\r\n"), st.lists(st.tuples(FIELDS, ENDS).map(b"".join), max_size=5).map(b"".join)
).map(lambda parts: b"".join(parts) + b"\r\n")


class Heard:
    """What llhttp understands, for comparison."""

    def __init__(self, raw: bytes) -> None:
        self.url, self.headers, self.complete = b"", [], False
        self.parser = httptools.HttpRequestParser(self)
        with suppress(httptools.HttpParserUpgrade):
            self.parser.feed_data(raw)

    def on_url(self, url: bytes) -> None:
        self.url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name.lower(), value.strip(b" \t")))

    def on_headers_complete(self) -> None:
        self.complete = True


@given(HEADS)
@example(get(b"Content-Length: 5\r\n"))
@example(get(b"Transfer-Encoding: chunked\r\n"))
def test_what_passes_is_understood_alike_by_two_other_parsers(raw: bytes) -> None:
    try:
        found = HeadReader().feed(raw)
    except RefusedError:
        return
    if not found:
        return
    head, rest = found
    whole = raw[: len(raw) - len(rest)]
    heard = Heard(whole)
    assert heard.complete
    assert (heard.headers, heard.parser.get_method().decode()) == (list(head.headers), head.method)
    theirs = h11.Connection(h11.SERVER)
    theirs.receive_data(whole)
    event = theirs.next_event()
    assert isinstance(event, h11.Request)
    assert (event.method.decode(), event.target) == (head.method, heard.url)
    assert [(name, value) for name, value in event.headers if name != b"transfer-encoding"] == [
        (name, value) for name, value in head.headers if name != b"transfer-encoding"
    ]
    assert head.method in METHODS


@given(HEADS, st.integers(1, 9))
@example(b"get / HTTP/1.1\r\nHost: h\r\n0:\r\r\n\r\n", 1)
def test_any_cut_gives_the_same_verdict(raw: bytes, size: int) -> None:
    def verdict(pieces: list[bytes]) -> object:
        reader = HeadReader()
        try:
            for piece in pieces:
                if found := reader.feed(piece):
                    return found[0]
        except RefusedError as refused:
            return refused.problem.status
        return None

    assert verdict(cut(raw, size)) == verdict([raw])
