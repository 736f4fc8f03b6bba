"""How a request's body is read: its end is found where every other reader finds it, or it is refused."""

from __future__ import annotations

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from swf_remote.edge.server.body import LARGEST_TRAILERS, ChunkedBody, MeasuredBody
from swf_remote.edge.server.refused import RefusedError
from tests.remote.hostile.raw_requests import CHUNKS

NEXT = b"GET / HTTP/1.1\r\n"


def read(body: ChunkedBody | MeasuredBody, raw: bytes, size: int) -> tuple[bytes, bytes] | str:
    """All of the body and what follows it, fed in pieces of this size; "refused", or "more" when it has no end."""
    got, at = b"", 0
    try:
        while at < len(raw):
            piece, rest = body.feed(raw[at : at + size])
            got += piece
            at += size
            if body.done:
                return got, rest + raw[at:]
            assert rest == b""
    except RefusedError as refused:
        assert refused.problem.status == 400
        return "refused"
    return "more"


@given(st.binary(max_size=40), st.integers(1, 50))
def test_a_measured_body_ends_at_its_length(body: bytes, size: int) -> None:
    if body:
        assert read(MeasuredBody(len(body)), body + NEXT, size) == (body, NEXT)
    else:
        assert MeasuredBody(0).done


EXTENSIONS = st.sampled_from([b"", b"", b";a", b";a=b", b';a="b c";d', b";a=\t"])
CHUNK = st.tuples(st.binary(min_size=1, max_size=30), EXTENSIONS, st.sampled_from([b"%x", b"%X", b"0%x"]))


@given(st.lists(CHUNK, max_size=6), st.sampled_from([b"", b"X-Remote-User: admin\r\n", b"a:\r\nb: c\r\n"]), st.data())
def test_chunks_are_put_together_however_they_are_cut(
    chunks: list[tuple[bytes, bytes, bytes]], trailers: bytes, data: st.DataObject
) -> None:
    bad = any(extension == b";a=\t" for _, extension, _ in chunks)
    raw = b"".join((form % len(body)) + extension + b"\r\n" + body + b"\r\n" for body, extension, form in chunks)
    raw += b"0\r\n" + trailers + b"\r\n" + NEXT
    size = data.draw(st.integers(1, len(raw)))
    whole = b"".join(body for body, _, _ in chunks), NEXT
    assert read(ChunkedBody(), raw, size) == ("refused" if bad else whole)


@pytest.mark.parametrize("name", CHUNKS)
def test_broken_chunks_are_refused_however_they_are_cut(name: str) -> None:
    raw = CHUNKS[name][1].partition(b"\r\n\r\n")[2] + NEXT
    assert [read(ChunkedBody(), raw, size) for size in (1, 2, 7, len(raw))] == ["refused"] * 4


@given(st.lists(st.one_of(st.binary(max_size=5), st.sampled_from([b"\r\n", b"3", b"abc", b"0", b";", b"a=b"]))))
def test_whatever_is_taken_for_a_whole_body_is_one_to_another_parser_too(parts: list[bytes]) -> None:
    raw = b"".join(parts)
    found = read(ChunkedBody(), raw, len(raw) or 1)
    if not isinstance(found, tuple):
        return
    theirs = h11.Connection(h11.SERVER)
    theirs.receive_data(b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n" + raw)
    theirs.next_event()
    got = b""
    while isinstance(event := theirs.next_event(), h11.Data):
        got += bytes(event.data)
    assert isinstance(event, h11.EndOfMessage)
    assert (got, theirs.trailing_data[0]) == found


def test_many_short_trailers_are_refused_as_one_long_one_is() -> None:
    for trailers in (b"X: y\r\n" * LARGEST_TRAILERS, b"X: " + b"y" * LARGEST_TRAILERS + b"\r\n"):
        assert read(ChunkedBody(), b"0\r\n" + trailers + b"\r\n", 1000) == "refused"
