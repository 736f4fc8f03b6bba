"""The error summary: patterns of component, code and text (contract 4.9).

The answer holds every pattern at once (at most 200), whatever paging or search the table asks for.
"""

from __future__ import annotations

from collections.abc import Mapping
from operator import attrgetter
from typing import Final

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.html import format_html
from sqlalchemy import Connection

from swf_monitor.panda.database import snapshot
from swf_monitor.panda.datatables import Order, TableRequest, answer, read_request, table_endpoint
from swf_monitor.panda.export import Export, Field, Found, exportable
from swf_monitor.panda.formatting import cell_link, duration, with_query
from swf_monitor.panda.queries.components import COMPONENTS
from swf_monitor.panda.queries.errors import MOST_PATTERNS, ErrorPattern, error_patterns
from swf_monitor.panda.states import FAULTY_JOB_STATES
from swf_monitor.panda.views.error_choices import choice_row, without_choices
from swf_monitor.panda.views.job_filters import requested_jobs
from swf_monitor.panda.views.list_page import Column, ListPage
from swf_monitor.panda.windows import Window, requested_window

PAGE: Final = ListPage(
    title="PanDA Error Summary",
    noun="error patterns",
    path="panda_errors_list",
    data="panda_errors_datatable_ajax",
    counts="",
    columns=(
        Column("Component", orderable=False),
        Column("Code", orderable=False, css="num"),
        Column("Diagnostic", orderable=False, css="wide", phone="title"),
        Column("Count", orderable=False, css="num", hint="job records with this error"),
        Column("Tasks", orderable=False, css="num"),
        Column("Avg time to error", orderable=False, hint="mean of end minus start"),
        Column("Users", orderable=False),
        Column("Sites", orderable=False),
    ),
    order=((3, "desc"),),
    fixed=("error_source", "status", "classified", "site", "username"),
    searchable=False,
)
_SOURCES: Final = tuple(component.name for component in COMPONENTS)
_CHOICES: Final = (
    ("error_source", "Component", (("", "all"), *((name, name) for name in _SOURCES))),
    ("status", "Status", (("", "all"), *((name, name) for name in FAULTY_JOB_STATES))),
    ("classified", "Count", (("", "in each component"), ("1", "in the first component only"))),
)
_USERS_SHOWN: Final = 5
_SITES_SHOWN: Final = 3


def _patterns(connection: Connection, query: Mapping[str, str], most: int) -> list[ErrorPattern]:
    return error_patterns(
        connection,
        requested_jobs(query, statuses=FAULTY_JOB_STATES),
        source=query.get("error_source") or None,
        first_only=query.get("classified") == "1",
        most=most,
    )


def _exported(connection: Connection, query: Mapping[str, str], _wanted: TableRequest) -> Found:
    # One more than is given, to see whether there are more.
    patterns = _patterns(connection, query, MOST_PATTERNS + 1)
    return Found(len(patterns), patterns[:MOST_PATTERNS])


EXPORT: Final = Export(
    name="errors",
    fields=(
        *(Field(name, attrgetter(name)) for name in ("component", "code", "diagnostic", "jobs", "tasks")),
        Field("mean_time_to_error_s", attrgetter("seconds")),
        *(Field(name, attrgetter(name)) for name in ("never_started", "users", "sites")),
    ),
    read=_exported,
    limit=MOST_PATTERNS,
)


@exportable(EXPORT)
def errors_list(request: HttpRequest) -> HttpResponse:
    """The page; its table asks for the patterns itself."""
    query = request.GET.dict()
    window = requested_window(query)
    context = PAGE.context(request, window)
    rows = [
        choice_row(name, label, values, path=reverse(PAGE.path), window=window, filters=context["filters"])
        for name, label, values in _CHOICES
    ]
    context["fixed_filters"] = without_choices(context["fixed_filters"], rows)
    return render(request, "panda/errors.html", {**context, "choice_rows": rows, "problem": _problem(query)})


@table_endpoint
def errors_datatable(request: HttpRequest) -> HttpResponseBase:
    """All patterns, the most frequent first."""
    query = request.GET.dict()
    wanted = read_request(query, [None] * len(PAGE.columns), Order("jobs"))
    with snapshot() as connection:
        patterns = _patterns(connection, query, MOST_PATTERNS)
    rows = [_cells(pattern, query, requested_window(query)) for pattern in patterns]
    return answer(wanted, total=len(rows), filtered=len(rows), rows=rows)


def _problem(query: dict[str, str]) -> str:
    source, status = query.get("error_source"), query.get("status")
    if source and source not in _SOURCES:
        return f"There is no error component called “{source}”, so no pattern can match."
    if status and status not in FAULTY_JOB_STATES:
        return f"Only failed, cancelled and closed jobs are looked at, so none of status “{status}” can be here."
    return ""


def _cells(pattern: ErrorPattern, query: dict[str, str], window: Window) -> list[str]:
    filters = {name: query.get(name) for name in ("username", "site")}
    diagnostics = with_query(
        reverse("panda_diagnostics_list"), {**window.parameters(), "error_source": pattern.component, **filters}
    )
    return [
        cell_link(diagnostics, pattern.component),
        str(pattern.code),
        format_html("{}", pattern.diagnostic),
        str(pattern.jobs),
        str(pattern.tasks),
        _time_to_error(pattern),
        format_html("{}", _first_names(pattern.users, _USERS_SHOWN)),
        format_html("{}", _first_names(pattern.sites, _SITES_SHOWN)),
    ]


def _time_to_error(pattern: ErrorPattern) -> str:
    if pattern.seconds is None:
        return "never started" if pattern.never_started else ""
    mean = duration(pattern.seconds)
    return f"{mean}, {pattern.never_started} never started" if pattern.never_started else mean


def _first_names(names: list[str], shown: int) -> str:
    rest = len(names) - shown
    return ", ".join(names[:shown]) + (f" (+{rest})" if rest > 0 else "")
