"""From a scanner to a rewriter: keeps what is not settled yet, lets go of everything else.

What a scanner decides must not depend on how the text was cut. So it is asked again with more text whenever it could
not settle, up to ``LIMIT`` bytes, where every scanner has a rule for passing the rest by.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from .edits import Edit, applied
from .placement import Placement

# The longest tag, string or literal that is looked at as a whole; longer ones pass unrewritten.
LIMIT = 1 << 20
# How far back from where it stands a scanner may look and edit.
LOOK_BACK = 128
# Below this, unsettled text is looked at again with every piece; above, only when it has grown by half.
_PATIENCE = 4096


@dataclass(slots=True)
class View:
    """What a scanner sees of a text."""

    text: bytes
    end: int
    """It must not look at or beyond this position."""
    final: bool
    """Nothing more will come."""
    edits: list[Edit]
    """Where it adds what it finds, in order."""


def replace_all(view: View, start: int, end: int, old: bytes, new: bytes) -> None:
    """Add the edits of every `old` in ``text[start:end]``, all in one but for the last ones.

    An edit is kept back as a whole while its end is, so none may reach into what is kept and begin far before.
    """
    text, bulk_end = view.text, max(start, end - LOOK_BACK)
    across = text.find(old, max(start, bulk_end - len(old)), end)
    bulk_end = across if 0 <= across < bulk_end else bulk_end
    bulk = text[start:bulk_end]
    replaced = bulk.replace(old, new)
    if replaced is not bulk:
        view.edits.append(Edit(start, bulk_end, replaced))
    found = text.find(old, bulk_end, end)
    while found >= 0:
        view.edits.append(Edit(found, found + len(old), new))
        found = text.find(old, found + 1, end)


class Scanner(Protocol):
    """Finds edits in a text that comes in pieces; keeps its own state between calls."""

    def scan(self, view: View, position: int) -> int:
        """Look at the view from `position` on; return up to where all is settled.

        At least ``LOOK_BACK`` bytes before `position` are still there if the text has them. In a final view all is
        settled in the end, whatever is returned.
        """


class StreamRewriter:
    """A ``Rewriter`` around one scanner."""

    def __init__(self, scanner: Scanner, placement: Placement | None = None) -> None:
        self.placement = placement
        self._scanner = scanner
        self._text = b""
        self._scanned = 0
        self._edits: list[Edit] = []
        self._waiting: list[bytes] = []
        self._waiting_size = 0
        self._wanted = 0

    def feed(self, chunk: bytes) -> bytes:
        """Take a piece of the body; give back what of it is settled."""
        self._waiting.append(chunk)
        self._waiting_size += len(chunk)
        return self._advance(final=False) if self._waiting_size > self._wanted else b""

    def finish(self) -> bytes:
        """The rest, now that the body has come to its end."""
        return self._advance(final=True)

    def _advance(self, *, final: bool) -> bytes:
        text = b"".join((self._text, *self._waiting))
        self._waiting, self._waiting_size = [], 0
        end = len(text)
        settled = self._scanner.scan(View(text, end, final, self._edits), self._scanned)
        self._scanned = end if final else settled
        unsettled = end - self._scanned
        self._wanted = unsettled // 2 if unsettled > _PATIENCE else 0
        return self._released(text, end if final else self._scanned - LOOK_BACK)

    def _released(self, text: bytes, until: int) -> bytes:
        """``text[:until]`` rewritten, or a little less where an edit lies across; the rest is kept."""
        count = 0
        for edit in self._edits:
            if edit.end > until:
                until = min(until, edit.start)
                break
            count += 1
        until = max(until, 0)
        out = applied(text, 0, until, self._edits[:count])
        self._keep(text, until, count)
        return out

    def _keep(self, text: bytes, since: int, done: int) -> None:
        self._text = text[since:]
        self._scanned -= since
        self._edits = [Edit(edit.start - since, edit.end - since, edit.new) for edit in self._edits[done:]]
