"""A kept answer outside of this process: packed and unpacked it is the same, and anything else is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swf_remote.proxy.caching.entry import Entry, Front, Signpost, facts_of, unpacked
from swf_remote.proxy.caching.epochs import Epochs
from swf_remote.proxy.caching.holes import Body, Hole
from swf_remote.proxy.caching.rules import Facts

MARK = Epochs().mark("/swf-monitor/panda/", "panda")
PARTS = st.lists(st.one_of(st.sampled_from(Hole), st.binary(min_size=1, max_size=50)), max_size=6)
FIELDS = (
    (b"content-type", b"text/html; charset=utf-8"),
    (b"etag", b'"\xe9"'),
    (b"link", b"</a>"),
    (b"link", b"</b>"),
)


def entry(parts: list[bytes | Hole], tag: bytes = b"abc") -> Entry:
    facts = Facts(200, dict(FIELDS), 100.5, 101.25)
    return Entry(Front(facts, FIELDS), Body(tuple(parts)), MARK, tag, (b"f00",))


@given(PARTS)
def test_what_is_packed_comes_back(parts: list[bytes | Hole]) -> None:
    before = entry(parts)
    after = unpacked(before.packed(), MARK)
    assert isinstance(after, Entry)
    assert after.facts == before.facts
    assert after.front.fields == before.front.fields
    assert (after.body.parts, after.tag, after.aliases) == (before.body.parts, before.tag, before.aliases)


def test_a_signpost_comes_back() -> None:
    post = Signpost((b"accept-language", b"foo"))
    assert unpacked(post.packed(), MARK) == post


@given(st.binary(min_size=5, max_size=60))
def test_other_bytes_are_refused(data: bytes) -> None:
    if not data.startswith(b"\0\0\0\0"):
        with pytest.raises(ValueError, match="no kept answer"):
            unpacked(data, MARK)


@given(st.integers(0, 10_000))
def test_a_packed_answer_that_was_cut_is_refused(end: int) -> None:
    packed = entry([b"some text", Hole.CORNER, b"more"]).packed()
    if end < len(packed):
        with pytest.raises(ValueError, match="no kept answer"):
            unpacked(packed[: max(end, 4)], MARK)


def test_an_answer_that_says_the_same_still_goes_by_its_older_tags() -> None:
    older, newer = entry([b"x"]), entry([b"x"])
    newer.aliases = (b"f01",)
    assert newer.after(older).aliases == (b"f01", b"f00")
    assert newer.after(entry([b"y"], tag=b"other")).aliases == (b"f01",)
    assert newer.after(None).aliases == (b"f01",)


def test_the_monitors_cookies_are_never_kept() -> None:
    facts, fields = facts_of(200, [(b"Set-Cookie", b"sessionid=x"), (b"ETag", b'"a"')], 1.0, 2.0)
    assert (facts.headers, fields) == ({b"etag": b'"a"'}, [(b"etag", b'"a"')])
