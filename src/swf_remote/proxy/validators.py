"""Entity tags of rewritten bodies: ours, made from the monitor's so that a 304 stays true (RFC 9110 8.8.3, 13.1).

A rewritten body is another representation than the monitor's. Its tag is the monitor's with the variant's name at the
end, and weak, since the body is equal in meaning only. On the way back the ending comes off, where it is still true.
"""

from __future__ import annotations

import re

_TAG = re.compile(rb'(?:W/)?"([\x21\x23-\x7e\x80-\xff]*)"')


def ours(tag: bytes, variant: bytes) -> bytes | None:
    """The monitor's entity tag as the tag of the rewritten body; None when it is not well formed."""
    match = _TAG.fullmatch(tag.strip())
    return b'W/"%b.%b"' % (match[1], variant) if match else None


def weak(tag: bytes) -> bytes | None:
    """The monitor's entity tag for the same text in other bytes (RFC 9110 8.8.3.3); None when it is not well formed."""
    match = _TAG.fullmatch(tag.strip())
    return b'W/"%b"' % match[1] if match else None


def theirs(condition: bytes, variant: bytes) -> bytes:
    """A reader's ``If-None-Match`` or ``If-Match`` as the monitor's tags.

    A tag of ours that is of another variant stays as it is and matches nothing at the monitor. One without a variant is
    of a body that was not rewritten.
    """
    ending = b"." + variant
    return _TAG.sub(lambda tag: b'"%b"' % tag[1].removesuffix(ending), condition)


def confirmed(tag: bytes, asked: bytes, variant: bytes) -> bytes:
    """The tag of a 304: the reader's own one that the monitor's `tag` confirms, else that of the rewritten body."""
    match = _TAG.fullmatch(tag.strip())
    ending = b"." + variant
    for found in _TAG.finditer(asked):
        if match and found[1].removesuffix(ending) == match[1]:
            return found[0]
    return ours(tag, variant) or b""
