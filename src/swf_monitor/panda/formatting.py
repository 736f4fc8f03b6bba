"""How PanDA's values look in cells and pages.

Every function takes a stored value and returns text; those that return markup escape what PanDA wrote, since names
and diagnostics may hold anything. PanDA's times are UTC without zone and are printed digit by digit (``YYYYMMDD
HH:MM:SS``); the zone stands in the column head. The date 1970-01-01 means "not set".
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any, Final
from urllib.parse import urlencode

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from swf_monitor.panda.states import shape_of, state_of

MISSING: Final = "\u2013"
_UNSET_YEAR: Final = 1970
_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def is_set(moment: datetime | None) -> bool:
    """False for NULL and for PanDA's default date of 1970."""
    return moment is not None and moment.year > _UNSET_YEAR


def stamp(moment: datetime | None) -> str:
    """A PanDA time as ``YYYYMMDD HH:MM:SS``, empty when not set."""
    return f"{moment:%Y%m%d %H:%M:%S}" if moment is not None and is_set(moment) else ""


def iso(moment: datetime | None) -> str | None:
    """A PanDA time as REST gives it: ISO without zone, or None."""
    return moment.isoformat() if moment is not None else None


def aware(moment: datetime) -> datetime:
    """The same moment with its zone said, for ``<time datetime>``."""
    return moment.replace(tzinfo=UTC)


def between(start: datetime | None, end: datetime | None) -> float | None:
    """Seconds from `start` to `end`, or None when either is not set or they run backwards."""
    if start is None or end is None or not is_set(start) or not is_set(end) or end < start:
        return None
    return (end - start).total_seconds()


def duration(seconds: float | timedelta | None) -> str:
    """One unit, as in lists: ``42s``, ``12.5m``, ``3.4h``, ``2.1d`` (contract 4.5); empty for None."""
    if seconds is None:
        return ""
    if isinstance(seconds, timedelta):
        seconds = seconds.total_seconds()
    if seconds < 2 * _MINUTE:
        return f"{seconds:.0f}s"
    if seconds < 2 * _HOUR:
        return f"{seconds / _MINUTE:.1f}m"
    if seconds < 2 * _DAY:
        return f"{seconds / _HOUR:.1f}h"
    return f"{seconds / _DAY:.1f}d"


def long_duration(seconds: float | None) -> str:
    """Two units, as in details: ``2 d 3 h``, ``4 min 10 s``; a dash for None."""
    if seconds is None:
        return MISSING
    whole = int(seconds)
    steps = ((_DAY, "d"), (_HOUR, "h"), (_MINUTE, "min"), (1, "s"))
    for (size, name), (next_size, next_name) in pairwise(steps):
        if whole >= size:
            rest = whole % size // next_size
            return f"{whole // size} {name}" + (f" {rest} {next_name}" if rest else "")
    return f"{whole} s"


def percent(rate: float | None) -> str:
    """A rate 0..1 as ``18.8%``, one decimal; empty for None (nothing to divide by)."""
    return "" if rate is None else f"{100 * rate:.1f}%"


def count(number: float | None) -> str:
    """A whole number with thousands separators, a dash for None."""
    return MISSING if number is None else f"{number:,.0f}"


def size(octets: float | None) -> str:
    """Storage in powers of 1000 with three significant digits; a dash for None."""
    if octets is None:
        return MISSING
    amount = float(octets)
    for unit in ("B", "kB", "MB", "GB"):
        if abs(amount) < 999.5:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{_three_digits(amount)} {unit}"
        amount /= 1000
    return f"{_three_digits(amount)} TB"


def _three_digits(amount: float) -> str:
    if abs(amount) >= 99.95:
        return f"{amount:.0f}"
    return f"{amount:.1f}" if abs(amount) >= 9.995 else f"{amount:.2f}"


def shorten(text: str, length: int) -> str:
    """`text` cut to `length` characters and ``...`` when it is longer."""
    return text if len(text) <= length else f"{text[:length]}..."


def with_query(url: str, parameters: Mapping[str, Any]) -> str:
    """`url` with a query string of those parameters that are neither None nor empty."""
    kept = {name: value for name, value in parameters.items() if value not in (None, "")}
    return f"{url}?{urlencode(kept)}" if kept else url


def cell_link(url: str, text: object, *, title: str | None = None) -> SafeString:
    """A link for a table cell; address, text and title are escaped."""
    if title is None:
        return format_html('<a href="{}">{}</a>', url, text)
    return format_html('<a href="{}" title="{}">{}</a>', url, title, text)


def fill(word: str | None, text: object) -> SafeString:
    """Text whose table cell takes the state's colour: the page's script reads ``data-fill``."""
    state = state_of(word)
    return format_html('<span data-fill="{}_fill" title="{}">{}</span>', state.word, state.meaning, text)


def status_cell(word: str | None, url: str) -> SafeString:
    """A state as a filled cell that links to the list of that state."""
    return format_html('<a href="{}" class="fill-link">{}</a>', url, fill(word, word or ""))


def count_cell(number: int, word: str) -> SafeString | int:
    """A count in the colour of `word`; a plain 0 stays plain (contract, sample of the task table)."""
    return fill(word, number) if number else number


def badge(word: str | None, kind: str) -> SafeString:
    """A state as badge: shape and word; `kind` is ``task`` or ``job`` and chooses the colour."""
    state = state_of(word)
    return format_html(
        '<span class="state {}-state state-{}" title="{}"><svg class="shape" aria-hidden="true">'
        '<use href="#shape-{}"></use></svg>{}</span>',
        kind,
        state.word,
        state.meaning,
        shape_of(word),
        state.word or MISSING,
    )


def breakdown(counts: Mapping[str, int], url: str, parameters: Mapping[str, Any]) -> SafeString:
    """``status:count`` links, one per state, in the given order."""
    links = ((with_query(url, {**parameters, "status": word}), word, number) for word, number in counts.items())
    return format_html_join(" ", '<a class="breakdown" href="{}">{}:{}</a>', links)
