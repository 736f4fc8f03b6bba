"""Gzip bodies put together from parts that were compressed once, and short pieces in between that were not.

Each compressed part ends on a byte's border and refers to nothing before it (RFC 1951 3.2.3), so parts can follow each
other in any way; a piece in between goes in as stored blocks. The checksum of the whole comes from those of its parts
(RFC 1952 2.3.1): CRC-32 is linear, so appending `n` bytes is one multiplication by x^(8n) modulo its polynomial.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

HEAD = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
_END = b"\x03\x00"
_LEVEL = 6
_LONGEST_STORED = 65_535
_POLYNOMIAL = 0xEDB88320
_ONE = 0x80000000


@dataclass(frozen=True, slots=True)
class Part:
    """A compressed stretch of a body."""

    data: bytes
    crc: int
    size: int
    """Bytes before compressing."""
    shift: int
    """What the checksum of all before it is multiplied by."""


def part(text: bytes) -> Part:
    """`text`, compressed so that it can stand between any others."""
    coder = zlib.compressobj(_LEVEL, wbits=-zlib.MAX_WBITS)
    data = coder.compress(text) + coder.flush(zlib.Z_FULL_FLUSH) if text else b""
    return Part(data, zlib.crc32(text), len(text), _power(len(text)))


def joined(parts: Iterable[Part | bytes]) -> bytes:
    """The whole gzip body; what is not compressed yet goes in as it is, which is cheap where it is short."""
    crc = size = 0
    pieces = [HEAD]
    for one in parts:
        if isinstance(one, bytes):
            crc = zlib.crc32(one, crc)
            size += len(one)
            pieces += _stored(one)
        else:
            crc = _times(crc, one.shift) ^ one.crc
            size += one.size
            pieces.append(one.data)
    return b"".join((*pieces, _END, struct.pack("<II", crc, size & 0xFFFFFFFF)))


def _stored(text: bytes) -> list[bytes]:
    pieces = [text[at : at + _LONGEST_STORED] for at in range(0, len(text), _LONGEST_STORED)]
    return [struct.pack("<BHH", 0, len(piece), len(piece) ^ 0xFFFF) + piece for piece in pieces]


def _times(a: int, b: int) -> int:
    """The product of two polynomials modulo CRC-32's, bits in its reflected order."""
    product = 0
    while a and b:
        if b & _ONE:
            product ^= a
        b = (b << 1) & 0xFFFFFFFF
        a = (a >> 1) ^ _POLYNOMIAL if a & 1 else a >> 1
    return product


@lru_cache(maxsize=4096)
def _power(size: int) -> int:
    """x^(8 · `size`)."""
    result, square = _ONE, _ONE >> 8
    while size:
        if size & 1:
            result = _times(result, square)
        square = _times(square, square)
        size >>= 1
    return result
