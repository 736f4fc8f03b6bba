"""The parts of the status page that change, each drawn alike for the page, for the stream and for scripts that ask.

Nothing in them belongs to one reader, so one drawing serves all readers of a level.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from importlib.metadata import version
from typing import Any

from django.template.loader import render_to_string

from swf_remote.configuration import configuration
from swf_remote.edge.history import STEP_SECONDS, Sample, history
from swf_remote.edge.metrics import FIRST_BYTE_SECONDS, SECONDS
from swf_remote.proxy import link
from swf_remote.web.moments import iso

from . import inside as within
from .access import Detail
from .hour import Hour, Span, hour_of
from .plots import plots_of
from .quantiles import number_in_words, quantile_in_words, share_in_words, time_in_words
from .report import Report, as_json, report

ROW_MINUTES = 5
_LEAST_PATIENCE = 20.0
_PARTS = (0.5, 0.95, 0.99)


def present_report() -> Report:
    """The link now, as this worker sees it."""
    patience = timedelta(seconds=max(3 * configuration().probe_interval, _LEAST_PATIENCE))
    return report(link.current(), datetime.now(UTC), patience)


def live_part() -> str:
    """The link, and what works."""
    facts = {"version": version("swf-remote"), "names_signed": configuration().monitor_jwt_key_file is not None}
    return render_to_string("status/_live.html", {"report": present_report(), **facts})


def plots_part() -> str:
    """The last hour; drawn once for each sample."""
    samples, now = _samples()
    newest = samples[-1].number if samples else 0
    return _plots_part(newest, int(now) // STEP_SECONDS)


def inside_part() -> str:
    """What only staff see."""
    return render_to_string("status/_inside.html", {"inside": _inside()})


PARTS: Mapping[str, Callable[[], str]] = {"live": live_part, "plots": plots_part, "inside": inside_part}
LEVELS: Mapping[Detail, Sequence[str]] = {
    Detail.PUBLIC: ("live", "plots"),
    Detail.FULL: ("live", "inside", "plots"),
}


def document(detail: Detail) -> dict[str, Any]:
    """All of it for programs."""
    hour = present_hour()
    told = as_json(present_report(), version("swf-remote")) | {
        "figures": {"last_5_minutes": _figures(hour.last(5)), "last_hour": _figures(hour.whole)},
        "hour": [_figures(row) for row in hour.rows(ROW_MINUTES)],
    }
    return told | {"full": within.as_json(_inside())} if detail is Detail.FULL else told


def present_hour() -> Hour:
    """The last hour of all workers of this host."""
    return hour_of(*_samples())


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the summary."""

    name: str
    five_minutes: str
    hour: str


def summary(hour: Hour) -> list[Row]:
    """The figures in words: of the last five minutes, and of the hour."""
    spans = (hour.last(5), hour.whole)
    told: tuple[tuple[str, Callable[[Span], str]], ...] = (
        ("Pages, data, files", lambda span: f"{number_in_words(span.rate)} per second"),
        ("Cache hit ratio", lambda span: share_in_words(span.free, span.requests)),
        ("First byte, readers", _reader_times),
        ("First byte, monitor", _monitor_times),
        ("Failed requests", lambda span: f"{span.failed:,.0f}"),
    )
    return [Row(name, *(words(span) for span in spans)) for name, words in told]


def _reader_times(span: Span) -> str:
    return " · ".join(quantile_in_words(span.first_byte(part), FIRST_BYTE_SECONDS) for part in _PARTS)


def _monitor_times(span: Span) -> str:
    return " · ".join(quantile_in_words(span.upstream_first_byte(part), SECONDS) for part in _PARTS)


@lru_cache(maxsize=2)
def _plots_part(newest: int, step: int) -> str:
    """`newest` sample and `step` say when it has to be drawn anew."""
    del newest
    hour = hour_of(_samples()[0], step * STEP_SECONDS)
    known = hour.known
    context = {
        "plots": plots_of(hour),
        "summary": summary(hour),
        "rows": [_TableRow.of(row) for row in hour.rows(ROW_MINUTES)],
        "since": known[0].begin if known else None,
    }
    return render_to_string("status/_plots.html", context)


@dataclass(frozen=True, slots=True)
class _TableRow:
    """Five minutes in the table, in words."""

    begin: datetime
    end: datetime
    cells: tuple[tuple[str, str], ...]
    """Head and text."""

    @classmethod
    def of(cls, span: Span) -> _TableRow:
        times = [quantile_in_words(span.first_byte(part), FIRST_BYTE_SECONDS) for part in _PARTS]
        cells = (
            ("Requests/s", number_in_words(span.rate)),
            ("Hit ratio", share_in_words(span.free, span.requests)),
            ("p50", times[0]),
            ("p95", times[1]),
            ("p99", times[2]),
            ("Link", _link(span)),
            ("Look", time_in_words(span.look)),
            ("Streams", f"{span.streams:,.0f}"),
            ("Failed", f"{span.failed:,.0f}"),
            ("Refused", f"{span.refused:,.0f}"),
        )
        return cls(span.begin, span.end, cells)


def _link(span: Span) -> str:
    if span.down:
        return f"down {span.down:.0f} s"
    return "not known" if span.unknown >= span.seconds else "up"


def _figures(span: Span) -> dict[str, Any]:
    return {
        "begin": iso(span.begin),
        "end": iso(span.end),
        "known_seconds": span.seconds,
        "requests": span.requests,
        "cache": span.results,
        "hit_ratio": None if span.hit_ratio is None else round(span.hit_ratio, 4),
        "first_byte_seconds": {
            name: within.finite(span.first_byte(part)) for name, part in zip(_NAMES, _PARTS, strict=True)
        },
        "monitor_first_byte_seconds": {
            name: within.finite(span.upstream_first_byte(part)) for name, part in zip(_NAMES, _PARTS, strict=True)
        },
        "look_seconds": within.finite(span.look),
        "link_down_seconds": span.down,
        "streams": span.streams,
        "failed": span.failed,
        "refused": span.refused,
    }


_NAMES = ("p50", "p95", "p99")


def _inside() -> within.Inside:
    return within.inside(_samples()[0], link.current().server, datetime.now(UTC))


def _samples() -> tuple[list[Sample], float]:
    now = time.time()
    return history().until(int(now) // STEP_SECONDS), now
