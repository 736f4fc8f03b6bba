"""Long runs of a page in one step: text, comments, plain tags, and links in the monitor's own form. For speed only.

The form is ``<a href="/mount/…"``. No value or comment in a run holds a "<", so each "<a" in it begins a link, and one
replacement does for all. Where the monitor is named in any other way, the run ends before; ``HtmlScanner`` reads that.
A stretch that is a run with such links only is proven to be one in a single pass.
"""

from __future__ import annotations

import re
from functools import lru_cache

from .automata import Automaton, AutomatonWithout, literally
from .candidates import Candidates
from .common_links import strange_mention
from .streaming import View, replace_all
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
# What is proven in one pass, or not at all.
_STRETCH = 8192
_LEAST_STRETCH = 256
_LINK = b'<a href="'
_NOT_AMPERSAND = rb"&(?:[^a]|a[^m]|am[^p]|amp[^;]|a?\z|am\z|amp\z)"
# A page has few longer addresses; "&amp;" reads like "&".
_REST_OF_VALUE = rb"(?=[/?#][^\"<&]{0,1000}+(?:&amp;[^\"<&]{0,1000}+){0,16}+\")"


@lru_cache(maxsize=8)
def _other_mention(rules: UrlRules) -> re.Pattern[bytes]:
    """The monitor's word anywhere but at the beginning of a link's address in the certain form."""
    before, core, after = rules.plain.partition(rules.core)
    link = rb"(?<=%b)%b%b" % (re.escape(_LINK + before + core), re.escape(after), _REST_OF_VALUE)
    return re.compile(rb"%b(?!%b)" % (re.escape(core), link))


@lru_cache(maxsize=16)
def _stretch(rules: UrlRules, words: tuple[bytes, ...]) -> AutomatonWithout:
    """A run without `words` that names the monitor in common links only."""
    mention = strange_mention(rules, _LINK, follows=b"/?#", doubtful=_NOT_AMPERSAND)
    return AutomatonWithout(_RUN, b"|".join((mention, *map(literally, words))))


class PlainRuns:
    """The runs in one view of a page; asked with growing positions."""

    def __init__(self, rules: UrlRules, view: View, words: tuple[bytes, ...], candidates: Candidates, limit: int) -> None:
        """`words`: what is of interest besides the monitor; `candidates`: where these and the monitor's stand.

        `limit`: the longest tag that is looked at as a whole.
        """
        self._view = view
        self._others = candidates.apart_from(rules.core)
        self._limit = limit
        self._stretch = _stretch(rules, words)
        self._unproven = -1
        self._mention = _other_mention(rules)
        self._mentioned = -1
        self._theirs, self._ours = _LINK + rules.plain, _LINK + rules.mount

    def end(self, position: int) -> int:
        """Step over the run at `position`, perhaps an empty one, and add the edits of its links."""
        position = self._over_stretches(position)
        limit = min(position + self._limit, self._others.after(position))
        limit = min(limit, self._next_mention(position, max(position + _STRETCH, self._unproven)))
        stop = _TO_END_OF_RUN.reach(self._view.text, position, limit)
        self._replace(position, stop)
        return stop

    def _over_stretches(self, position: int) -> int:
        text, longest = self._view.text, min(_STRETCH, self._limit)
        while position > self._unproven:
            stop = text.rfind(b"<", position, min(self._view.end, position + longest))
            if stop - position < _LEAST_STRETCH or not self._stretch.covers(text[position:stop]):
                self._unproven = max(stop, position)
            else:
                self._replace(position, stop)
                position = stop
        return position

    def _replace(self, start: int, end: int) -> None:
        if end > start:
            replace_all(self._view, start, end, self._theirs, self._ours)

    def _next_mention(self, position: int, far: int) -> int:
        """The next one from `position` on, or `far` where it is not before that."""
        if self._mentioned <= position:
            found = self._mention.search(self._view.text, position, min(far, self._view.end))
            self._mentioned = found.start() if found else min(far, self._view.end)
        return self._mentioned
