"""Long runs of a page in one step: text, comments, plain tags, and links in the monitor's own form. For speed only.

The form is ``<a href="/mount/…"``. No value or comment in a run holds a "<", so each "<a" in it begins a link, and one
replacement does for all. Where the monitor is named in any other way, the run ends before; ``HtmlScanner`` reads that.
A stretch that is a run with such links only is proven to be one in a single pass.
"""

from __future__ import annotations

import re
from functools import lru_cache

from .automata import Automaton
from .candidates import Candidates
from .streaming import View, replace_all
from .stretches import Form, Proof, Stretches
from .urls import UrlRules

_BLANK = rb"[ \t\n\r\f]"
# Neither raw text nor foreign content nor a template begins so; "template", "title", "textarea" are why "te", "ti" do
# not, and so on.
_CERTAIN_NAME = (
    rb"(?i:(?:[a-hj-loqru-wyz]|i[mn]|ma[ipr]|me|na|no[bs]|p[air]|s[aelmopu]|str|t[abdfhrt]|tim)[a-z0-9-]*|[ip])"
)
_ATTRIBUTE_NAME = rb"[A-Za-z_:@-][A-Za-z0-9_:.@-]*"
_VALUE = rb"\"[^\"<]*\"|'[^'<]*'|[^ \t\n\r\f\"'<>=`]+"
_START_TAG = rb"<%b(?:%b+%b(?:=(?:%b))?)*%b*/?>" % (_CERTAIN_NAME, _BLANK, _ATTRIBUTE_NAME, _VALUE, _BLANK)
_END_TAG = rb"</[A-Za-z][A-Za-z0-9-]*%b*>" % _BLANK
_NO_MARKUP = rb"<!--(?:-?[^<>-])*-->|<![A-Za-z][^<>]*>|<+[^A-Za-z/!?<]|[^<]"
_RUN = rb"(?:%b|%b|%b)*" % (_NO_MARKUP, _START_TAG, _END_TAG)
_TO_END_OF_RUN = Automaton(_RUN)
_LINK = b'<a href="'
_NOT_AMPERSAND = rb"&(?:[^a]|a[^m]|am[^p]|amp[^;]|a?\z|am\z|amp\z)"
_FORM = Form(_RUN, _LINK, follows=b"/?#", doubtful=_NOT_AMPERSAND, end=b"<", belongs=0)
# Of what is not proven, so much is looked at in one step.
_STEP = 4096
_LONGEST_OPEN = 256
# A page has few longer addresses; "&amp;" reads like "&".
_REST_OF_VALUE = rb"(?=[/?#][^\"<&]{0,1000}+(?:&amp;[^\"<&]{0,1000}+){0,16}+\")"


@lru_cache(maxsize=8)
def _other_mention(rules: UrlRules) -> re.Pattern[bytes]:
    """The monitor's word anywhere but at the beginning of a link's address in the certain form."""
    before, core, after = rules.plain.partition(rules.core)
    link = rb"(?<=%b)%b%b" % (re.escape(_LINK + before + core), re.escape(after), _REST_OF_VALUE)
    return re.compile(rb"%b(?!%b)" % (re.escape(core), link))


@lru_cache(maxsize=16)
def _proof(rules: UrlRules, words: tuple[bytes, ...]) -> Proof:
    return Proof(_FORM, rules, words)


class PlainRuns:
    """The runs of one page; asked with growing positions in each view of it."""

    def __init__(self, rules: UrlRules, words: tuple[bytes, ...]) -> None:
        """`words`: what is of interest besides the monitor."""
        self._rules = rules
        self._stretches = Stretches(_proof(rules, words))
        self._mention = _other_mention(rules)
        self._theirs, self._ours = _LINK + rules.plain, _LINK + rules.mount
        self._view = View(b"", 0, False, [])
        self._others = Candidates((), b"", 0)
        self._mentioned, self._limit = -1, 0

    def begin(self, view: View, position: int, candidates: Candidates, limit: int) -> None:
        """Look at `view` from `position` on.

        `candidates`: where the monitor and the words of interest stand; `limit`: the longest tag looked at as a whole.
        """
        self._view, self._limit = view, limit
        self._others = candidates.apart_from(self._rules.core)
        self._mentioned = -1
        self._stretches.begin(position)

    def end(self, position: int) -> int:
        """Step over the run at `position`, perhaps an empty one, and add the edits of its links."""
        position = self._stretches.end(self._view, position, self._limit)
        if self.is_open_tag(position):
            return position
        far = max(position + _STEP, self._stretches.looked_at)
        limit = min(position + self._limit, self._others.after(position), self._next_mention(position, far))
        stop = _TO_END_OF_RUN.reach(self._view.text, position, limit)
        if stop > position:
            replace_all(self._view, position, stop, self._theirs, self._ours)
        return stop

    def is_open_tag(self, position: int) -> bool:
        """Whether a short tag, or what looks like one, begins at `position` and waits for its end."""
        text, end = self._view.text, self._view.end
        waits = not self._view.final and end - position < _LONGEST_OPEN
        return waits and text.startswith(b"<", position, end) and text.find(b">", position, end) < 0

    def _next_mention(self, position: int, far: int) -> int:
        """The next one from `position` on, or `far` where it is not before that."""
        if self._mentioned <= position:
            far = min(far, self._view.end)
            found = self._mention.search(self._view.text, position, far)
            self._mentioned = found.start() if found else far
        return self._mentioned
