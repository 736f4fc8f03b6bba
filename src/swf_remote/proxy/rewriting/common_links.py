"""What is said of the monitor in a text, other than by links in their commonest form: what keeps a run from being one.

Of such links one replacement does for all. An expression for automata, which know no looking around.
"""

from __future__ import annotations

from collections.abc import Iterable

from .automata import literally
from .urls import UrlRules


def strange_mention(rules: UrlRules, opening: bytes, *, follows: bytes, doubtful: bytes) -> bytes:
    """An expression of the monitor's word anywhere but in a link: `opening`, the mount, one of `follows`.

    And of such a link with something `doubtful` (an expression) before the next double quote.
    """
    before, core, after = rules.plain.partition(rules.core)
    named = literally(core + after)
    return b"|".join(
        (
            *_not_behind(opening + before, literally(core)),
            rb"%b(?:[^%b]|\z)" % (named, follows),
            rb"%b[%b][^\"]*%b" % (named, follows, doubtful),
        )
    )


def _not_behind(lead: bytes, named: bytes) -> Iterable[bytes]:
    """Expressions of what is `named` without `lead` before it."""
    for place in range(len(lead)):
        end, other = lead[place + 1 :], lead[place : place + 1]
        yield rb"(?:\A|[^%b])%b%b" % (literally(other), literally(end), named)
