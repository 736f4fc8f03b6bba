"""One step of a scanner in C: how far a pattern reaches."""

from __future__ import annotations

import re


def reach(pattern: re.Pattern[bytes], text: bytes, start: int, end: int) -> int:
    """Up to where `pattern`, which also matches nothing, reaches from `start`; never beyond `end`."""
    match = pattern.match(text, start, end)
    return match.end() if match else start
