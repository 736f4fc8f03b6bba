"""Decoders: what was encoded comes back whole for any cut; what is broken is refused and never passes as complete."""

from __future__ import annotations

import gzip
import random
import zlib
from collections.abc import Callable

import brotli
import zstandard

from swf_remote.proxy.coding.decoding import BrokenBody, Decoding
from tools.fuzz.case import Case

ENCODERS: dict[bytes, Callable[[bytes], bytes]] = {
    b"gzip": gzip.compress,
    b"deflate": zlib.compress,
    b"br": brotli.compress,
    b"zstd": zstandard.ZstdCompressor().compress,
}
CODINGS = tuple(ENCODERS)


class Codings:
    """A body under one coding, whole, cut short, or damaged."""

    name = "codings"

    def generate(self, rng: random.Random) -> Case:
        """See ``Target``."""
        words = rng.choices(("job ", "failed ", "\n", "<td>", rng.randbytes(9).decode("latin-1")), k=rng.randint(0, 80))
        return Case(self.name, tuple(words), rng.randrange(1 << 30))

    def check(self, case: Case) -> None:
        """See ``Target``."""
        rng = random.Random(case.number)
        coding, size = rng.choice(CODINGS), rng.randint(1, 40)
        encoded = ENCODERS[coding](case.raw)
        assert _decoded(coding, encoded, size) == case.raw
        short = encoded[: rng.randrange(len(encoded))]
        assert _decoded(coding, short, size) is None or not short, f"{coding!r} cut short passes as whole"
        damaged = bytearray(encoded)
        damaged[rng.randrange(len(damaged))] ^= 1 << rng.randrange(8)
        assert _decoded(coding, bytes(damaged), size) == _decoded(coding, bytes(damaged), len(damaged))


def _decoded(coding: bytes, encoded: bytes, size: int) -> bytes | None:
    decoding, pieces = Decoding([coding]), list[bytes]()
    try:
        for at in range(0, len(encoded), size):
            pieces += decoding.pieces(encoded[at : at + size])
        decoding.finish()
    except BrokenBody:
        return None
    return b"".join(pieces)
