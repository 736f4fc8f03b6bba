"""Long runs of a page in one step: plain text, plain tags, and links in the monitor's own form. For speed only.

The form is ``<a href="/mount/…"``. No value in a run holds a "<", so each "<a" in it begins a link, and one
replacement does for all. Where the monitor is named in any other way, the run ends before; ``HtmlScanner`` reads that.
"""

from __future__ import annotations

import re
from functools import lru_cache

from .candidates import Candidates
from .runs import reach
from .streaming import View, replace_all
from .urls import UrlRules

LEAST_LIMIT = 32_768
"""No shorter limit of what is looked at as a whole can tell a link of this form from what passes unread."""
_RUN = re.compile(
    rb"(?:[^<]*+<(?:(?:/[a-z]|[a-hj-loqru-wyz]|t[adhrb]|s[aelmopu]|str|i(?=[nm >])|na|p(?=[ >ar])|me)[a-z0-9]*+"
    rb"(?: [a-z-]++(?:=\"[^\"<]*+\")?+)*+>|(?=[^A-Za-z/!?])))*+[^<]*+"
)
# Shorter than the least limit in any case; "&amp;" reads like "&".
_REST_OF_VALUE = rb"(?=[/?#][^\"<&]{0,1000}+(?:&amp;[^\"<&]{0,1000}+){0,16}+\")"


@lru_cache(maxsize=8)
def _other_mention(rules: UrlRules) -> re.Pattern[bytes]:
    """The monitor's word anywhere but at the beginning of a link's address in the certain form."""
    before, core, after = rules.plain.partition(rules.core)
    link = rb"(?<=%b)%b%b" % (re.escape(_link(before + core)), re.escape(after), _REST_OF_VALUE)
    return re.compile(rb"%b(?!%b)" % (re.escape(core), link))


def _link(address: bytes) -> bytes:
    return b'<a href="' + address


class PlainRuns:
    """The runs in one view of a page; asked with growing positions."""

    def __init__(self, rules: UrlRules, view: View, others: tuple[bytes, ...]) -> None:
        """`others`: words that end a run, besides the monitor's."""
        self._view = view
        self._others = Candidates(others, view.text, view.end)
        self._mention = _other_mention(rules)
        self._mentioned = -1
        self._theirs, self._ours = _link(rules.plain), _link(rules.mount)

    def end(self, position: int) -> int:
        """Step over the run at `position`, perhaps an empty one, and add the edits of its links."""
        stop = reach(_RUN, self._view.text, position, min(self._others.after(position), self._next_mention(position)))
        if stop > position:
            replace_all(self._view, position, stop, self._theirs, self._ours)
        return stop

    def _next_mention(self, position: int) -> int:
        if self._mentioned < position:
            found = self._mention.search(self._view.text, position, self._view.end)
            self._mentioned = found.start() if found else self._view.end
        return self._mentioned
