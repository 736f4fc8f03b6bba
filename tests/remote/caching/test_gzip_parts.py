"""Gzip bodies from parts that were compressed once: any decoder reads them, whatever stands in between."""

from __future__ import annotations

import gzip

from hypothesis import given
from hypothesis import strategies as st

from swf_remote.proxy.caching import gzip_parts

TEXT = st.binary(max_size=3000)


@given(st.lists(st.tuples(TEXT, st.booleans()), max_size=8))
def test_parts_in_any_order_are_one_body(pieces: list[tuple[bytes, bool]]) -> None:
    parts = [text if is_stored else gzip_parts.part(text) for text, is_stored in pieces]
    assert gzip.decompress(gzip_parts.joined(parts)) == b"".join(text for text, _ in pieces)


@given(TEXT, TEXT, st.lists(TEXT, min_size=2, max_size=4))
def test_a_compressed_part_is_used_again_with_another_piece_behind_it(
    before: bytes, after: bytes, fills: list[bytes]
) -> None:
    first, last = gzip_parts.part(before), gzip_parts.part(after)
    for fill in fills:
        body = gzip_parts.joined([first, fill, last])
        assert gzip.decompress(body) == before + fill + after


def test_a_piece_may_be_longer_than_a_stored_block() -> None:
    text = bytes(range(256)) * 700
    assert gzip.decompress(gzip_parts.joined([text])) == text


def test_long_parts_are_compressed() -> None:
    text = b"<td>job</td>" * 50_000
    assert len(gzip_parts.part(text).data) < len(text) / 100
