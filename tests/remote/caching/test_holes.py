"""A body with holes: rewritten once, filled in for each reader, the same bytes as if it were rewritten for that one."""

from __future__ import annotations

import gzip
import re

import brotli
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from swf_remote.proxy.caching.holes import STAND_IN, Body, Fill, Hole
from swf_remote.proxy.page import PageContext
from swf_remote.proxy.rewriting import rewriter_for
from swf_remote.proxy.sites import Sites

PAGE = (
    b'<html><head><title>x</title></head><body class="a"><nav><a href="/swf-monitor/panda/">P</a>'
    b'<div class="nav-auth"><a href="/swf-monitor/accounts/login/">Login</a></div></nav>'
    b'<script>const u = "/swf-monitor/panda/x/";</script><p>\0 text</p></body></html>'
)
FILLS = st.builds(Fill, corner=st.binary(max_size=80), banner=st.binary(max_size=300))
CODINGS = (b"gzip", b"br", b"zstd")


def decoded(coding: bytes, body: bytes) -> bytes:
    if coding == b"zstd":
        return zstandard.ZstdDecompressor().decompressobj().decompress(body)
    return gzip.decompress(body) if coding == b"gzip" else brotli.decompress(body)


def pieces_for(page: PageContext, cuts: list[int], text: bytes = PAGE) -> list[bytes]:
    """What the rewriter gives out, piece by piece, for a text that comes cut at these places."""
    rewriter = rewriter_for("text/html", Sites(), page)
    assert rewriter is not None
    ends = sorted({min(cut, len(text)) for cut in cuts} | {len(text)})
    fed = [rewriter.feed(text[start:end]) for start, end in zip([0, *ends], ends, strict=False)]
    return [*fed, rewriter.finish()]


@given(st.lists(st.integers(0, len(PAGE)), max_size=12), FILLS)
def test_wherever_the_page_is_cut_each_piece_can_be_filled_in_alone(cuts: list[int], fill: Fill) -> None:
    seen = b"".join(fill.feed(piece) for piece in pieces_for(STAND_IN, cuts))
    if fill.corner:
        own = PageContext(controls=fill.corner, banner=fill.banner)
        assert seen == b"".join(pieces_for(own, []))
    assert fill.finish() == b""


@given(st.lists(st.integers(0, len(PAGE)), max_size=6), FILLS)
def test_a_kept_page_is_filled_in_as_the_pieces_were(cuts: list[int], fill: Fill) -> None:
    pieces = pieces_for(STAND_IN, cuts)
    body = Body.of(b"".join(pieces))
    assert {Hole.CORNER, Hole.BANNER} <= set(body.parts)
    assert body.plain(fill) == b"".join(map(fill.feed, pieces))


@given(st.lists(FILLS, min_size=2, max_size=3), st.sampled_from(CODINGS))
def test_every_coding_holds_the_same_text(fills: list[Fill], coding: bytes) -> None:
    body = Body.of(b"".join(pieces_for(STAND_IN, [])))
    for fill in fills:
        assert decoded(coding, body.encoded(coding, fill)) == body.plain(fill)


def test_what_is_the_same_for_all_is_compressed_once() -> None:
    page = Body.of(b"".join(pieces_for(STAND_IN, [])))
    page.encoded(b"gzip", Fill(b"a"))
    size = page.size
    page.encoded(b"gzip", Fill(b"b"))
    assert page.size == size > sum(len(part) for part in page.parts if isinstance(part, bytes))
    text = Body.of(b"text" * 1000)
    assert text.encoded(b"br", Fill()) is text.encoded(b"br", Fill(b"other"))


def test_nul_bytes_of_the_page_itself_stay() -> None:
    assert Body.of(b"a\0b\0c").plain(Fill(b"x")) == b"a\0b\0c"
    assert Fill(b"x").feed(b"a\0b") == b"a\0b"


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        (b'{"draw": 7, "data": []}', b'{"draw": 12, "data": []}'),
        (b'{"data": [["a", {"b": "}"}]], "draw":7}', b'{"data": [["a", {"b": "}"}]], "draw":12}'),
        (b' {"a": "\\"draw\\": 3", "draw" : 7 }', b' {"a": "\\"draw\\": 3", "draw" : 12 }'),
    ],
)
def test_the_number_of_the_request_is_put_back(text: bytes, seen: bytes) -> None:
    body = Body.of(text).with_echo("draw", 7)
    assert body is not None
    assert body.plain(Fill(echo=b"12")) == seen


@pytest.mark.parametrize(
    "text",
    [
        b'{"data": []}',
        b'{"draw": "7"}',
        b'{"draw": 8}',
        b'{"draw": 7, "x": {"draw": 7}}',
        b'{"x": {"draw": 7}}',
        b'[{"draw": 7}]',
        b"draw: 7",
    ],
)
def test_a_number_in_an_uncertain_place_leaves_no_hole(text: bytes) -> None:
    assert Body.of(text).with_echo("draw", 7) is None


def test_times_of_building_and_readers_parts_do_not_count_in_the_digest() -> None:
    built = re.sub(rb"text", b"Built at 20261124 03:00:00 EST", PAGE)
    later = re.sub(rb"text", b"Built at 20261124 03:00:07 EST", PAGE)
    bodies = [Body.of(b"".join(pieces_for(STAND_IN, [], text))) for text in (built, later, PAGE)]
    assert bodies[0].digest() == bodies[1].digest() != bodies[2].digest()
