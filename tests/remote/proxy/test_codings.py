"""Content codings undone: whole bodies, any cut, several in a row; and everything that is none."""

import gzip
import zlib
from collections.abc import Callable

import brotli
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from swf_remote.proxy.coding.decoding import BrokenBody, Decoding, can_decode, codings_of
from swf_remote.proxy.coding.encoding import encoder_for

TEXT = b'<a href="/swf-monitor/panda/jobs/1/">1</a>\n' * 300


def deflate_raw(body: bytes) -> bytes:
    """Deflate without its frame, as some servers send it."""
    coder = zlib.compressobj(wbits=-15)
    return coder.compress(body) + coder.flush()


def packed(body: bytes) -> bytes:
    return gzip.compress(body, mtime=0)


Coder = Callable[[bytes], bytes]
CODERS: list[tuple[bytes, Coder]] = [
    (b"gzip", packed),
    (b"x-gzip", packed),
    (b"GZip", lambda body: packed(body[:99]) + packed(body[99:])),
    (b"deflate", zlib.compress),
    (b"deflate", deflate_raw),
    (b"br", brotli.compress),
    (b"zstd", zstandard.compress),
    (b"zstd", lambda body: zstandard.compress(body[:99]) + zstandard.compress(body[99:])),
    (b"deflate, gzip", lambda body: packed(zlib.compress(body))),
    (b"br , identity,zstd", lambda body: zstandard.compress(brotli.compress(body))),
]


def decoded(coding: bytes, body: bytes, size: int = 1 << 20) -> bytes:
    """The plain body, its encoded form fed in pieces of `size` bytes."""
    decoding = Decoding(codings_of(coding))
    pieces = [piece for at in range(0, len(body), size) for piece in decoding.pieces(body[at : at + size])]
    decoding.finish()
    return b"".join(pieces)


@pytest.mark.parametrize(("coding", "coder"), CODERS)
@pytest.mark.parametrize("size", [1, 7, 1000, 1 << 20])
def test_a_coding_is_undone_however_the_body_was_cut(coding: bytes, coder: Coder, size: int) -> None:
    assert decoded(coding, coder(TEXT), size) == TEXT


@given(st.binary(max_size=2000), st.sampled_from([b"gzip", b"br", b"zstd"]), st.integers(1, 700), st.booleans())
def test_what_we_encode_can_be_decoded(body: bytes, coding: bytes, size: int, pausing: bool) -> None:
    encoder = encoder_for(coding)
    out = b""
    for at in range(0, len(body), size):
        out += encoder.feed(body[at : at + size]) + (encoder.pause() if pausing else b"")
    assert decoded(coding, out + encoder.finish()) == body


@pytest.mark.parametrize("coding", [b"gzip", b"br", b"zstd"])
def test_after_a_pause_the_reader_has_all_that_was_fed(coding: bytes) -> None:
    encoder, decoding = encoder_for(coding), Decoding([coding])
    for line in (b"first line\n", b"second line\n"):
        sent = encoder.feed(line) + encoder.pause()
        assert b"".join(decoding.pieces(sent)) == line
    assert encoder.pause() == b""


@pytest.mark.parametrize(("coding", "coder"), CODERS)
def test_a_body_without_its_end_is_broken(coding: bytes, coder: Coder) -> None:
    with pytest.raises(BrokenBody):
        decoded(coding, coder(TEXT)[:-1])


@pytest.mark.parametrize("coding", [b"gzip", b"br", b"zstd"])
@pytest.mark.parametrize("body", [b"no such coding at all, just text", b"\xff" * 50])
def test_a_body_of_another_coding_is_broken(coding: bytes, body: bytes) -> None:
    with pytest.raises(BrokenBody):
        decoded(coding, body)


@pytest.mark.parametrize("coding", [b"gzip", b"deflate", b"br", b"zstd"])
def test_no_body_at_all_is_no_broken_body(coding: bytes) -> None:
    assert decoded(coding, b"") == b""


@pytest.mark.parametrize("coder", [packed, zlib.compress])
def test_what_follows_a_complete_body_is_no_part_of_it(coder: Coder) -> None:
    coding = b"gzip" if coder is packed else b"deflate"
    assert decoded(coding, coder(TEXT) + bytes(20)) == TEXT


@pytest.mark.parametrize("size", [1, 7, 1 << 20])
@pytest.mark.parametrize(("coding", "coder"), [(b"br", brotli.compress), (b"zstd", zstandard.compress)])
def test_what_follows_a_complete_body_of_these_codings_is_an_error_wherever_it_was_cut(
    coding: bytes, coder: Coder, size: int
) -> None:
    with pytest.raises(BrokenBody):
        decoded(coding, coder(TEXT) + b"\xff" * 20, size)


@pytest.mark.parametrize("size", [1, 8, 9])
def test_a_frame_of_another_length_than_it_says_is_broken_wherever_it_was_cut(size: int) -> None:
    with pytest.raises(BrokenBody):
        decoded(b"zstd", b"(\xb5/\xfd \x08\x01\x00\x00", size)


def test_a_damaged_frame_is_the_same_however_it_was_cut() -> None:
    frame = b"(\xb5/\xfd \x00\x05\x00\x00"  # a compressed block of no bytes
    assert [decoded(b"zstd", frame, size) for size in range(1, 10)] == [b""] * 9


@pytest.mark.parametrize("coding", [b"gzip", b"br", b"zstd"])
def test_a_body_that_swells_beyond_measure_is_stopped_in_small_pieces(coding: bytes) -> None:
    encoder = encoder_for(coding)
    bomb = b"".join(encoder.feed(bytes(1 << 20)) for _ in range(120)) + encoder.finish()
    largest = 0
    with pytest.raises(BrokenBody, match="swells"):
        for piece in Decoding([coding]).pieces(bomb):
            largest = max(largest, len(piece))
    assert 0 < largest < 16 << 20


def test_a_window_larger_than_http_allows_is_refused() -> None:
    parameters = zstandard.ZstdCompressionParameters(window_log=27, enable_ldm=True)
    coder = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    with pytest.raises(BrokenBody):
        decoded(b"zstd", coder.compress(TEXT) + coder.flush())


@pytest.mark.parametrize(
    ("coding", "known"),
    [(b"", True), (b"identity", True), (b"br, gzip", True), (b"compress", False), (b"gzip, sdch", False),
     (b", ".join([b"gzip"] * 5), False)],
)  # fmt: skip
def test_which_codings_can_be_undone(coding: bytes, known: bool) -> None:
    assert can_decode(codings_of(coding)) is known
