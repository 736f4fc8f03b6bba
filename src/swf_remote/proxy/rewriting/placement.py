"""What we put into a page: our controls in the place of ``<div class="nav-auth">`` (contract 3.1), and a banner.

Only a block whose end is near is replaced: where it is missing, broken or appears again, the page stays as it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from . import html_grammar as grammar
from .html_grammar import attribute_value

CLASS = b"nav-auth"
# The monitor's own block is some hundred bytes.
LONGEST_BLOCK = 16_384
# A page has one; looking for the ends of very many would take its time.
_MOST_WITHOUT_END = 8


class NoEnd(Enum):
    """Why a block has no end."""

    NOT_YET = "more text may bring it"
    NEVER = "it is missing or too far away"


@dataclass(slots=True)
class Placement:
    """What to put in, and what became of it: for the page's rewriter and the metrics."""

    controls: bytes
    """What replaces the first block; empty to leave the page as it is."""
    banner: bytes = b""
    """What is inserted behind ``<body>``, or before the first content where that tag is missing; empty for nothing."""
    blocks: int = 0
    """Blocks seen so far."""
    placed: int = 0
    """How often the controls were put in: 0 or 1."""
    without_end: int = 0
    """Blocks that were to be replaced, but have no end near by."""
    banners: int = 0
    """How often the banner was put in: 0 or 1."""

    @property
    def wanted(self) -> bool:
        """Whether the next block is to be replaced."""
        return bool(self.controls) and not self.placed and self.without_end < _MOST_WITHOUT_END

    @property
    def wants_banner(self) -> bool:
        """Whether the banner still has to be put in."""
        return bool(self.banner) and not self.banners


def is_block(text: bytes, name: bytes, start: int, end: int) -> bool:
    """Whether the tag `name` with attributes ``text[start:end]`` opens such a block."""
    if name != b"div" or text.find(CLASS, start, end) < 0:
        return False
    return CLASS in attribute_value(b"class", text, start, end).split()


def end_of_block(text: bytes, opened: int, start: int, end: int, *, final: bool) -> int | NoEnd:
    """Where the ``div`` opened at `opened` ends, looking from `start`, behind its tag."""
    limit = min(end, opened + LONGEST_BLOCK)
    depth, position = 1, text.find(b"<", start, limit)
    while position >= 0:
        tag = grammar.TAG.match(text, position, limit)
        after = tag.end() if tag else _behind_other(text, position, limit)
        if after is None:
            break
        if tag and tag["name"].lower() == b"div":
            depth += -1 if tag["slash"] else 1
            if not depth:
                return after
        if tag and not tag["slash"] and tag["name"].lower() in grammar.RAW_TEXT:
            closing = grammar.RAW_END[tag["name"].lower()].search(text, after, limit)
            if closing is None:
                break
            after = closing.start()
        position = text.find(b"<", after, limit)
    return NoEnd.NEVER if final or limit < end or limit - opened >= LONGEST_BLOCK else NoEnd.NOT_YET


def _behind_other(text: bytes, position: int, limit: int) -> int | None:
    """Behind what begins with the "<" at `position` and is no complete tag; None if its end is not in sight."""
    if grammar.A_TAG.match(text, position, limit):
        return None
    if not text.startswith(b"<!--", position, limit):
        return position + 1
    comment = grammar.COMMENT_END.search(text, position + 2, limit)
    return comment.end() if comment else None
