"""The monitor's ``<div class="nav-auth">`` and what stands in its place (contract 3.1).

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


class NoEnd(Enum):
    """Why a block has no end."""

    NOT_YET = "more text may bring it"
    NEVER = "it is missing or too far away"


@dataclass(slots=True)
class Placement:
    """The controls to put in, and what became of them: for the page's rewriter and the metrics."""

    controls: bytes
    """What replaces the first block; empty to leave the page as it is."""
    blocks: int = 0
    """Blocks seen so far."""
    placed: int = 0
    """How often the controls were put in: 0 or 1."""

    @property
    def wanted(self) -> bool:
        """Whether the next block is to be replaced."""
        return bool(self.controls) and not self.placed


def is_block(text: bytes, name: bytes, start: int, end: int) -> bool:
    """Whether the tag `name` with attributes ``text[start:end]`` opens such a block."""
    if name != b"div" or text.find(CLASS, start, end) < 0:
        return False
    return CLASS in attribute_value(b"class", text, start, end).split()


def end_of_block(text: bytes, opened: int, start: int, end: int, *, final: bool) -> int | NoEnd:
    """Where the ``div`` opened at `opened` ends, looking from `start`, behind its tag."""
    limit = min(end, opened + LONGEST_BLOCK)
    depth = 1
    position = text.find(b"<", start, limit)
    while position >= 0:
        tag = grammar.TAG.match(text, position, limit)
        if tag is None and grammar.A_TAG.match(text, position, limit):
            break
        if tag and tag["name"].lower() == b"div":
            depth += -1 if tag["slash"] else 1
            if not depth:
                return tag.end()
        position = text.find(b"<", tag.end() if tag else position + 1, limit)
    return NoEnd.NEVER if final or limit < end or limit - opened >= LONGEST_BLOCK else NoEnd.NOT_YET
