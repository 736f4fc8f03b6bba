"""The grammar of event streams (WHATWG HTML 9.2.6), at every cut, and the bound on one event."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swf_remote.proxy.streams.parsing import EventParser, Message


def parsed(*pieces: bytes, largest: int = 1000) -> list[Message]:
    parser = EventParser(largest)
    return [message for piece in pieces for message in parser.feed(piece)]


@pytest.mark.parametrize(
    ("stream", "events"),
    [
        (b'event: job\ndata: {"a": 1}\n\n', [Message("job", '{"a": 1}')]),
        (b"data: one\r\ndata: two\r\n\r\n", [Message("message", "one\ntwo")]),
        (b"data: one\rdata: two\r\r", [Message("message", "one\ntwo")]),
        (b"data:x\n\ndata: y\n\n", [Message("message", "x"), Message("message", "y")]),
        (b"data:  y\n\n", [Message("message", " y")]),
        (b"data\n\ndata\ndata\n\ndata:", [Message("message", ""), Message("message", "\n")]),
        (b": a comment\n\n", []),
        (b":\ndata: x\n:\n\n", [Message("message", "x")]),
        (b"event: lonely\n\ndata: x\n\n", [Message("message", "x")]),
        (b"event: a\nevent: b\ndata: x\n\n", [Message("b", "x")]),
        (b"event:\ndata: x\n\n", [Message("message", "x")]),
        (b"\xef\xbb\xbfdata: x\n\n", [Message("message", "x")]),
        (b"data: x\n\n\xef\xbb\xbfdata: y\n\n", [Message("message", "x")]),
        (b"Data: x\ndatax: y\n data: z\n\n", []),
        (b"data: \xc3\xa9\xff\x00\n\n", [Message("message", "é�\0")]),
        (b"data: a:b: c\n\n", [Message("message", "a:b: c")]),
        (b"data: half an event\n", []),
        (b"\n\n\r\n\r", []),
        (b"data: x\n\n" + b"data: y\n\r\n", [Message("message", "x"), Message("message", "y")]),
    ],
)
def test_a_stream_is_read_as_the_standard_says(stream: bytes, events: list[Message]) -> None:
    assert parsed(stream) == events


_ALPHABET = [b"data", b"event", b"id", b"retry", b":", b" ", b"\n", b"\r", b"\r\n", b"\xef\xbb\xbf", b"x", b"7", b"\0"]
_STREAMS = st.lists(st.sampled_from(_ALPHABET), max_size=60).map(b"".join)


@given(_STREAMS, st.lists(st.integers(0, 200), max_size=6), st.integers(4, 60))
def test_any_cut_gives_the_same_events(stream: bytes, cuts: list[int], largest: int) -> None:
    edges = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    whole, cut = EventParser(largest), EventParser(largest)
    events = [message for start, end in pairwise(edges) for message in cut.feed(stream[start:end])]
    assert events == whole.feed(stream)
    assert (cut.last_id, cut.retry, cut.left_out) == (whole.last_id, whole.retry, whole.left_out)


@given(st.lists(st.text(st.characters(exclude_characters="\r\n", codec="utf-8"), max_size=20), min_size=1, max_size=4))
def test_every_text_arrives_as_it_was_sent(lines: list[str]) -> None:
    sent = b"".join(b"data: " + line.encode() + b"\n" for line in lines) + b"\n"
    assert parsed(sent) == [Message("message", "\n".join(lines))]


def test_an_event_above_the_bound_is_left_out_and_the_next_one_is_not() -> None:
    parser = EventParser(largest=100)
    assert parser.feed(b"data: " + b"x" * 200) == []
    assert parser.feed(b"x" * 200 + b"\ndata: more\n\ndata: next\n\n") == [Message("message", "next")]
    assert parser.left_out == 1


def test_many_short_lines_are_bounded_together() -> None:
    parser = EventParser(largest=100)
    assert parser.feed(b"data: ten bytes\n" * 20 + b"\n" + b"data: next\n\n") == [Message("message", "next")]
    assert parser.left_out == 1


def test_a_comment_may_be_longer_than_any_event() -> None:
    assert parsed(b"data: x\n:", b"c" * 500, b"c" * 500 + b"\n\n", largest=100) == [Message("message", "x")]


def test_the_streams_word_on_coming_back_is_kept() -> None:
    parser = EventParser()
    parser.feed(b"retry: 2500\nretry: soon\nid: 7\ndata: x\n\nid: 8\n")
    assert (parser.retry, parser.last_id) == (2500, "7")


def test_an_id_with_a_null_counts_for_nothing() -> None:
    parser = EventParser()
    parser.feed(b"id: 7\n\nid: a\0b\n\n")
    assert parser.last_id == "7"
