"""A trial as a picture: a row of bars for each thing that would have fired, and marks where people would be told.

One SVG without inline styles; its colours are those of the stylesheet, so that it follows light and dark. Everything
that comes from data is escaped, and every bar says in words what it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from swf_remote.web.moments import duration, stamp

from .result import Backtest, Episode

MOST_ROWS = 30
ROW = 20
LABELS = 220
"""Width of the names on the left, in the picture's units (pixels at its own size)."""
BARS = 740
TOP = 24
MOST_DAYS = 10
_LONGEST_LABEL = 34
_THINNEST = 3
_SEVERITIES = ("critical", "warning", "info")


@dataclass(frozen=True, slots=True)
class _Bar:
    x: int
    width: int
    severity: str
    words: str


class _Scale:
    """Moments to places."""

    def __init__(self, begin: datetime, end: datetime) -> None:
        self.begin, self.end = begin, max(end, begin + timedelta(minutes=1))

    def x(self, moment: datetime) -> int:
        share = (min(max(moment, self.begin), self.end) - self.begin) / (self.end - self.begin)
        return LABELS + round(share * BARS)


def strip(found: Backtest, name: str = "trial") -> SafeString:
    """The picture; give it room to scroll sideways on narrow screens.

    Args:
        found: what was tried.
        name: begins its identifiers, where a page has several.
    """
    end = max([found.until, *(one.resolved_at or one.fired_at for one in found.episodes)])
    scale = _Scale(found.asked_since, end)
    rows = _rows(found)
    height = TOP + ROW * (len(rows) + 1) + 4
    return format_html(
        '<svg class="trial" viewBox="0 0 {} {}" width="{}" height="{}" role="img" '
        'aria-labelledby="{}-title {}-words">'
        '<title id="{}-title">When it would have fired</title><desc id="{}-words">{}</desc>{}{}{}{}</svg>',
        LABELS + BARS + 10,
        height,
        LABELS + BARS + 10,
        height,
        *(name,) * 4,
        " ".join(found.words()),
        _unseen(found, scale, height),
        _days(scale, height),
        _told(found, scale),
        format_html_join("", "{}", ((_row(at, row, scale, found.until),) for at, row in enumerate(rows, 1))),
    )


def _rows(found: Backtest) -> list[tuple[str, list[Episode]]]:
    """Names and what fired; where there are too many, the last row is all others together."""
    by_name: dict[str, list[Episode]] = {}
    for one in found.episodes:
        by_name.setdefault(one.fingerprint, []).append(one)
    if len(by_name) <= MOST_ROWS:
        return list(by_name.items())
    longest = sorted(by_name, key=lambda name: -_fired_for(by_name[name], found.until))[: MOST_ROWS - 1]
    shown = [(name, episodes) for name, episodes in by_name.items() if name in set(longest)]
    others = [one for one in found.episodes if one.fingerprint not in set(longest)]
    return [*shown, (f"{len(by_name) - len(shown)} others", others)]


def _fired_for(episodes: Sequence[Episode], until: datetime) -> float:
    return sum(((one.resolved_at or until) - one.fired_at).total_seconds() for one in episodes)


def _row(at: int, row: tuple[str, list[Episode]], scale: _Scale, until: datetime) -> SafeString:
    name, episodes = row
    y = TOP + ROW * at
    return format_html(
        '<text class="trial-name" x="0" y="{}" font-size="12" fill="currentColor">{}</text>{}',
        y + 14,
        _short(name),
        format_html_join(
            "",
            '<rect class="trial-{}" x="{}" y="{}" width="{}" height="{}"><title>{}</title></rect>',
            ((bar.severity, bar.x, y + 3, bar.width, ROW - 6, bar.words) for bar in _bars(episodes, scale, until)),
        ),
    )


def _bars(episodes: Iterable[Episode], scale: _Scale, until: datetime) -> Iterator[_Bar]:
    """Those that would touch each other are one."""
    last: _Bar | None = None
    count = 1
    for one in episodes:
        begin, end = scale.x(one.fired_at), scale.x(one.resolved_at or until)
        width = max(end - begin, _THINNEST)
        if last is not None and begin <= last.x + last.width + 1:
            count += 1
            right = max(last.x + last.width, begin + width)
            severity = min(last.severity, _severity(one), key=_SEVERITIES.index)
            words = last.words if count > 2 else f"{last.words} (and more)"
            last = _Bar(last.x, right - last.x, severity, words)
            continue
        if last is not None:
            yield last
        last, count = _Bar(begin, width, _severity(one), _words(one, until)), 1
    if last is not None:
        yield last


def _severity(one: Episode) -> str:
    return one.severity if one.severity in _SEVERITIES else "warning"


def _words(one: Episode, until: datetime) -> str:
    lasted = duration((one.resolved_at or until) - one.fired_at)
    end = f"for {lasted}" if one.resolved_at else f"to the end, {lasted}"
    return _plain(f"{one.fingerprint}, {one.severity}: fired {stamp(one.fired_at)} {end}. {one.subject}")


def _told(found: Backtest, scale: _Scale) -> SafeString:
    marks = []
    for x, at_once in groupby(found.messages, key=lambda one: scale.x(one.at)):
        messages = list(at_once)
        new, continuing, cleared = (
            sum(getattr(one, name) for one in messages) for name in ("new", "continuing", "cleared")
        )
        many = f"{len(messages)} messages" if len(messages) > 1 else "message"
        words = f"{stamp(messages[0].at)}: {many}, {new} new, {continuing} still firing, {cleared} over"
        marks.append((x, TOP + 5, words))
    return format_html(
        '<text class="trial-name" x="0" y="{}" font-size="12" fill="currentColor">messages</text>{}',
        TOP + 14,
        format_html_join(
            "", '<path class="trial-mark" fill="currentColor" d="M{} {}l4 9h-8z"><title>{}</title></path>', marks
        ),
    )


def _days(scale: _Scale, height: int) -> SafeString:
    """Lines at midnight (UTC), as many as there is room for."""
    length = scale.end - scale.begin
    step = max(1, -(-length.days // MOST_DAYS))
    midnight = scale.begin.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    days = []
    while midnight <= scale.end:
        days.append(midnight)
        midnight += timedelta(days=step)
    if not days:
        days = [scale.begin]
    return format_html_join(
        "",
        '<path class="trial-day" d="M{} {}V{}"></path>'
        '<text class="trial-axis" x="{}" y="14" font-size="11" fill="currentColor" text-anchor="middle">{}</text>',
        ((scale.x(day), TOP - 4, height, scale.x(day), f"{day:%m-%d}") for day in days),
    )


def _unseen(found: Backtest, scale: _Scale, height: int) -> SafeString:
    """Pale: nothing is kept of this time, or it was not tried."""
    seen = found.sees_since or found.until
    left, right = scale.x(found.asked_since), scale.x(seen)
    spans = [(left, TOP, right - left, height - TOP)] if right - left > 1 else []
    return format_html_join(
        "",
        '<rect class="strip-unseen" x="{}" y="{}" width="{}" height="{}"><title>nothing is kept of it</title></rect>',
        spans,
    )


def _short(name: str) -> str:
    name = _plain(name)
    return name if len(name) <= _LONGEST_LABEL else f"{name[: _LONGEST_LABEL - 1]}…"


def _plain(text: str) -> str:
    """Without what no document may hold."""
    return "".join(one if one.isprintable() else " " for one in text)
