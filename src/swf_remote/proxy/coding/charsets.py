"""Charsets in which ASCII bytes do not mean ASCII: such text becomes UTF-8 before it is rewritten.

Rewriting works on bytes and is right for every charset that keeps ASCII as it is, known or not. UTF-16 and UTF-32
hold no ASCII bytes at all, and some Asian charsets use them as second bytes, where a backslash is none.
"""

from __future__ import annotations

import codecs
import re

_CHARSET = re.compile(rb";\s*charset\s*=\s*(?:\"([^\"]*)\"|([^\s;,\"]+))", re.IGNORECASE)
# By the names of Python's codecs. A label without byte order means little-endian, as in browsers. UTF-7 is not here:
# no browser reads it, and reading it here would make markup of what is none.
_NOT_ASCII = {
    "utf-16": "utf-16-le",
    "utf-16-le": "utf-16-le",
    "utf-16-be": "utf-16-be",
    "utf-32": "utf-32-le",
    "utf-32-le": "utf-32-le",
    "utf-32-be": "utf-32-be",
    "shift_jis": "cp932",
    "cp932": "cp932",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "gb18030": "gb18030",
    "big5": "big5hkscs",
    "big5hkscs": "big5hkscs",
    "iso2022_jp": "iso2022_jp",
    "iso2022_kr": "iso2022_kr",
    "hz": "hz",
}
# Those that keep ASCII as it is, by the beginnings of their codecs' names.
_ASCII_BASED = ("iso8859", "cp125", "koi8", "euc_", "cp949", "mac-")
_UTF_8_MARK = b"\xef\xbb\xbf"
# The longer marks first: one begins with a shorter one.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_LONGEST_MARK = 4


def label_of(content_type: bytes) -> str:
    """The charset that a ``Content-Type`` names; empty when it names none."""
    found = _CHARSET.search(content_type)
    return (found[1] or found[2] or b"").decode("latin-1").strip() if found else ""


def codec_for(label: str, *, every: bool = False) -> str | None:
    """The codec to read text of this charset with, where its bytes cannot be rewritten as they are.

    With `every`, of any charset but UTF-8: for readers that understand nothing else.
    """
    try:
        name = codecs.lookup(label).name if label.isascii() else ""
    except (LookupError, ValueError):
        return None
    return _NOT_ASCII.get(name) or (name if every and name.startswith(_ASCII_BASED) else None)


def as_utf_8(content_type: bytes) -> bytes:
    """The ``Content-Type`` with ``charset=utf-8`` in place of the one it names."""
    return _CHARSET.sub(b"; charset=utf-8", content_type, count=1)


class Transcoding:
    """One body to UTF-8. A byte order mark outranks what the head says, as in browsers, and is kept."""

    def __init__(self, codec: str | None, *, keep_mark: bool = True) -> None:
        """`codec`: as ``codec_for`` gives it; None: the body passes as it is unless a mark says otherwise.

        `keep_mark` is for texts whose readers need the mark to know that this is UTF-8.
        """
        self._codec = codec
        self._keep_mark = keep_mark
        self._decoder: codecs.IncrementalDecoder | None = None
        self._begin = b""
        self._decided = False

    def feed(self, chunk: bytes) -> bytes:
        """The next piece in UTF-8; what is no text of its charset becomes U+FFFD."""
        if self._decided:
            return self._utf_8(chunk, final=False)
        self._begin += chunk
        return self._decide() if len(self._begin) >= _LONGEST_MARK else b""

    def finish(self) -> bytes:
        """The rest."""
        begin = b"" if self._decided else self._decide()
        return begin + self._utf_8(b"", final=True)

    def _decide(self) -> bytes:
        self._decided = True
        marked = next((codec for mark, codec in _MARKS if self._begin.startswith(mark)), None)
        codec = None if self._begin.startswith(_UTF_8_MARK) else marked or self._codec
        self._decoder = codecs.getincrementaldecoder(codec)("replace") if codec else None
        begin, self._begin = self._begin, b""
        text = self._utf_8(begin, final=False)
        return text if codec is None or self._keep_mark else text.removeprefix(_UTF_8_MARK)

    def _utf_8(self, data: bytes, *, final: bool) -> bytes:
        if self._decoder is None:
            return data
        return self._decoder.decode(data, final).encode("utf-8", "replace")
