"""Parts of a kept body (RFC 9110 14): one range, or the whole where several are asked for. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from .directives import moment

_RANGE = re.compile(rb"[Bb][Yy][Tt][Ee][Ss][ \t]*=[ \t]*(\d{0,18})[ \t]*-[ \t]*(\d{0,18})[ \t]*")
# A date is a strong validator only if the file was not changed within the same minute (RFC 9110 8.8.2.2).
_SETTLED_SECONDS = 60


@lru_cache(maxsize=256)
def span(value: bytes, size: int) -> tuple[int, int] | None:
    """Where the asked part begins and ends in a body of `size` bytes; None to send the whole.

    An empty part (both the same) cannot be satisfied.
    """
    match = _RANGE.fullmatch(value)
    if match is None or not (match[1] or match[2]):
        return None
    if not match[1]:
        return max(size - int(match[2]), 0), size
    first, last = int(match[1]), int(match[2]) if match[2] else size - 1
    if match[2] and last < first:
        return None
    return (first, min(last + 1, size)) if first < size else (size, size)


def may_be_part(fields: Mapping[bytes, bytes], tag: bytes, told: Mapping[bytes, bytes]) -> bool:
    """Whether ``If-Range``, if there is one, lets a part be sent (RFC 9110 13.1.5); `told` are the answer's fields."""
    condition = fields.get(b"if-range")
    if condition is None:
        return True
    if condition.startswith((b'"', b"W/")):
        return condition == tag and not tag.startswith(b"W/")
    changed, sent = moment(told.get(b"last-modified")), moment(told.get(b"date"))
    settled = changed is not None and sent is not None and sent - changed >= _SETTLED_SECONDS
    return settled and condition == told[b"last-modified"]
