"""Long stretches of a text in one step: what is said of the monitor there is links in their commonest form, or nothing.

A stretch is proven in one pass of automata, and one replacement does for all its links. For speed only: where nothing
is proven, others look closely. How long the next stretch is to be depends on how the last ones went.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from .automata import SeveralAutomata, literally
from .streaming import View, replace_all
from .urls import UrlRules

_SHORTEST, _SHORT, _LONGEST = 256, 4096, 1 << 17
# Of the three expressions that are looked for: a run, the monitor's word, what is unwanted.
_VERDICTS = {(0,): False, (0, 1): True}


@dataclass(frozen=True, slots=True)
class Form:
    """How a language writes what a stretch may hold; expressions are those of automata."""

    run: bytes
    """Expression of texts in which only links matter, and all that looks like a common link is one."""
    link: bytes
    """What opens a common link, up to its address."""
    follows: bytes
    """The bytes of which one follows the mount in the address."""
    doubtful: bytes
    """Expression of what a common address does not hold; a double quote ends it."""
    end: bytes
    """Where a stretch may end."""
    belongs: int
    """How many bytes of `end` still belong to it."""


class Proof:
    """What can be proven of a text, for one pair of sites."""

    def __init__(self, form: Form, rules: UrlRules, words: Iterable[bytes]) -> None:
        """`words`: what is in no stretch, besides the monitor otherwise than in links."""
        self.end, self.belongs = form.end, form.belongs
        self.theirs, self.ours = form.link + rules.plain, form.link + rules.mount
        unwanted = b"|".join((*_strange_mentions(form, rules), *map(literally, words)))
        self._automata = SeveralAutomata(form.run, _holding(literally(rules.core)), _holding(unwanted))

    def links(self, text: memoryview) -> bool | None:
        """Whether the stretch `text` has links to map; None if it may be no stretch."""
        return _VERDICTS.get(self._automata.covering(text))


class Stretches:
    """Steps over the stretches of one text that comes in views."""

    def __init__(self, proof: Proof) -> None:
        self._proof = proof
        self._size = _SHORT
        self._unproven = -1

    def begin(self, position: int) -> None:
        """Look at another view, from `position` on."""
        self._unproven = position - 1

    def end(self, view: View, position: int, limit: int) -> int:
        """Step over the stretches from `position` on, no longer ones than `limit`, and add the edits of their links.

        From where it returns, up to `looked_at`, it sees none.
        """
        while position > self._unproven:
            furthest = min(view.end, position + min(self._size, limit))
            stop = view.text.rfind(self._proof.end, position, furthest) + self._proof.belongs
            if stop - position < _SHORTEST:
                self._unproven = max(position, stop)
            elif self._step(view, position, stop):
                position = stop
        return position

    def _step(self, view: View, start: int, stop: int) -> bool:
        """Whether ``text[start:stop]`` is a stretch; if so, add its edits, and let the next one be longer."""
        links = self._proof.links(memoryview(view.text)[start:stop])
        if links:
            replace_all(view, start, stop, self._proof.theirs, self._proof.ours)
        if links is not None:
            self._size = min(2 * self._size, _LONGEST)
        elif self._size > _SHORT:
            self._size = _SHORT
        else:
            self._unproven = stop
        return links is not None

    @property
    def looked_at(self) -> int:
        """Up to where no stretch is to be seen."""
        return self._unproven


def _strange_mentions(form: Form, rules: UrlRules) -> Iterable[bytes]:
    """Expressions of the monitor's word anywhere but in a common link; they do without looking around."""
    before, core, after = rules.plain.partition(rules.core)
    named = literally(core + after)
    yield from _not_behind(form.link + before, literally(core))
    yield rb"%b(?:[^%b]|\z)" % (named, form.follows)
    yield rb"%b[%b][^\"]*%b" % (named, form.follows, form.doubtful)


def _not_behind(lead: bytes, named: bytes) -> Iterable[bytes]:
    """Expressions of what is `named` without `lead` before it."""
    for place in range(len(lead)):
        end, other = lead[place + 1 :], lead[place : place + 1]
        yield rb"(?:\A|[^%b])%b%b" % (literally(other), literally(end), named)


def _holding(expression: bytes) -> bytes:
    return rb"(?s).*(?:%b).*" % expression
