"""The list of events with its filters, page by page and as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from swf_remote.alarms.models import Event
from swf_remote.alarms.selection import Selection, SelectionError, read_selection
from swf_remote.web.moments import iso

from .alarm_table import present_alarms
from .dashboard import filter_context
from .keyset import SIZE, Mark
from .listing import PARTS, listed
from .serving import page

MOST_ROWS = 10_000
_PIECE = 1000
_COLUMNS = (
    "id", "alarm", "state", "severity", "about", "subject", "metric", "first_seen_utc", "fired_utc", "last_seen_utc",
    "resolved_utc", "resolution", "acknowledged_by", "acknowledged_utc", "assignee", "flapping",
)  # fmt: skip


@page("GET")
def events(request: HttpRequest) -> HttpResponse:
    """The page, or all of it (up to `MOST_ROWS`) by ``?format=csv``."""
    selection = read_selection(request.GET)
    form, now = request.GET.get("format"), timezone.now()
    if form == "csv":
        return _csv(selection, now)
    if form:
        raise SelectionError(f"format is {form[:20]!r}: give csv, or nothing for the page.")
    mark = Mark.read(request.GET.get("after", ""), PARTS)
    found = listed(selection, now, mark, SIZE)
    context = {
        "now": now,
        "listed": found,
        "older": str(found.next) if found.next else "",
        "is_first": mark is None,
        "most_rows": MOST_ROWS,
        **filter_context(request, selection, present_alarms()),
    }
    return render(request, "alarms/events.html", context)


def _csv(selection: Selection, now: datetime) -> HttpResponse:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(_COLUMNS)
    writer.writerows([_cell(one) for one in _row(event)] for event in _all(selection, now))
    name = f"alarm-events-{now:%Y%m%d-%H%M}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(text.getvalue(), content_type="text/csv; charset=utf-8", headers=headers)


def _all(selection: Selection, now: datetime) -> Iterator[Event]:
    mark: Mark | None = None
    left = MOST_ROWS
    while left:
        found = listed(selection, now, mark, min(_PIECE, left))
        yield from found.events
        left -= len(found.events)
        if found.next is None or found.next == mark:
            return
        mark = found.next


def _row(event: Event) -> Iterator[object]:
    yield from (event.pk, event.alarm.name, event.state, event.severity, event.fingerprint, event.subject)
    yield event.values.get("metric", "")
    yield from map(_time, (event.first_seen, event.fired_at, event.last_seen, event.resolved_at))
    yield from (event.resolution, event.acknowledged_by, _time(event.acknowledged_at), event.assignee, event.flapping)


def _time(when: datetime | None) -> str:
    return iso(when) if when else ""


def _cell(value: object) -> str:
    """Text that a spreadsheet would take for a formula begins with an apostrophe."""
    text = str(value)
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
