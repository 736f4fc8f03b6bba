"""The job list: page, table data and filter values (contract 4.5)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from itertools import accumulate
from operator import itemgetter
from typing import Any, Final

from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.urls import reverse
from sqlalchemy import Connection

from swf_monitor.panda import windows
from swf_monitor.panda.database import snapshot
from swf_monitor.panda.datatables import BadRequestError, Order, TableRequest, answer, read_request, table_endpoint
from swf_monitor.panda.export import Export, Field, Found, exportable
from swf_monitor.panda.formatting import with_query
from swf_monitor.panda.queries.jobs import filter_counts, job_page
from swf_monitor.panda.queries.outcomes import Outcomes, outcomes
from swf_monitor.panda.queries.selection import JobSelection
from swf_monitor.panda.views import reading
from swf_monitor.panda.views.job_cells import JobCells, seconds_run
from swf_monitor.panda.views.job_filters import requested_jobs
from swf_monitor.panda.views.list_page import Column, Facet, ListPage, Live
from swf_monitor.panda.windows import requested_window

PAGE: Final = ListPage(
    title="PanDA Jobs",
    noun="jobs",
    path="panda_jobs_list",
    data="panda_jobs_datatable_ajax",
    counts="panda_jobs_filter_counts",
    columns=(
        Column("PanDA ID", css="mono", phone="title"),
        Column("Task ID", css="mono"),
        Column("User"),
        Column("Status"),
        Column("Site"),
        Column("Transformation", css="wide", phone="hide"),
        Column("Created (UTC)", css="nowrap", phone="hide"),
        Column("Ended (UTC)", css="nowrap"),
        Column("Exec time", orderable=False, css="num", hint="from start to end, of finished and failed jobs"),
        Column("Cores", css="num", phone="hide"),
    ),
    facets=(Facet("status", "Status"), Facet("username", "User"), Facet("site", "Site")),
    fixed=("taskid", "reqid"),
    live=Live(event="job_state", key="pandaid", id_column=0, status_column=3),
)
_SORTED_BY: Final = (
    "pandaid",
    "jeditaskid",
    "produsername",
    "jobstatus",
    "computingsite",
    "transformation",
    "creationtime",
    "endtime",
    None,
    "corecount",
)
_DEFAULT: Final = Order("pandaid")


def _exported(connection: Connection, query: Mapping[str, str], wanted: TableRequest) -> Found:
    page = job_page(connection, requested_jobs(query), wanted)
    return Found(page.filtered, page.rows)


EXPORT: Final = Export(
    name="jobs",
    fields=(
        *(Field(name, itemgetter(name), sort=name) for name in _SORTED_BY[:7] if name),
        Field("starttime", itemgetter("starttime")),
        Field("endtime", itemgetter("endtime"), sort="endtime"),
        Field("exectime_s", seconds_run),
        Field("corecount", itemgetter("corecount"), sort="corecount"),
    ),
    read=_exported,
    default=_DEFAULT,
    table=_SORTED_BY,
)


@exportable(EXPORT)
def jobs_list(request: HttpRequest) -> HttpResponse:
    """The page; its table asks for the rows itself, its plot is part of it."""
    query = request.GET.dict()
    context = PAGE.context(request, requested_window(query))
    return reading.page(request, "panda/jobs.html", lambda: _outcome_context(query), **context)


@table_endpoint
def jobs_datatable(request: HttpRequest) -> HttpResponseBase:
    """The rows of one draw."""
    query = request.GET.dict()
    wanted = read_request(query, _SORTED_BY, _DEFAULT)
    selection = requested_jobs(query)
    with snapshot() as connection:
        page = job_page(connection, selection, wanted)
    cells = JobCells(selection.window)
    rows = [cells.row(job) for job in page.rows]
    return answer(wanted, total=page.total, filtered=page.filtered, rows=rows)


@table_endpoint
def jobs_filter_counts(request: HttpRequest) -> HttpResponseBase:
    """The values of each filter and how many jobs have them."""
    with snapshot() as connection:
        counts = filter_counts(connection, requested_jobs(request.GET.dict()))
    return JsonResponse({"filter_counts": counts})


def _outcome_context(query: dict[str, str]) -> dict[str, Any]:
    """The plot's figures, or why there is none."""
    try:
        selection = requested_jobs(query)
    except BadRequestError as problem:
        return {"problem": str(problem)}
    now = windows.utc_now()
    with snapshot() as connection:
        found = outcomes(connection, selection, now)
    return {
        "outcome_data": _plot_data(found, selection, now),
        "outcome_bins": [_bin_row(found, selection, index) for index in reversed(range(len(found.bins)))],
        "outcome_totals": _linked(_totals(found), found.start, found.end, selection),
    }


def _plot_data(found: Outcomes, selection: JobSelection, now: datetime) -> dict[str, Any]:
    """What the plot's script reads; keys of the contract, times UTC."""
    return {
        "bucket": found.bucket,
        "bins": [beginning.isoformat() for beginning in found.bins],
        "series": [_series(status, values) for status, values in found.values.items()],
        "site": selection.site or "",
        "window": {
            "start": found.start.isoformat(),
            "end": found.end.isoformat(),
            "days": selection.window.days,
            "timezone": "UTC",
        },
        "built_at_text": f"{now:%Y%m%d %H:%M:%S} UTC",
    }


def _series(status: str, values: list[int]) -> dict[str, Any]:
    cumulative = list(accumulate(values))
    return {"status": status, "values": values, "cumulative": cumulative, "total": sum(values)}


def _totals(found: Outcomes) -> dict[str, int]:
    return {status: sum(values) for status, values in found.values.items()}


def _bin_row(found: Outcomes, selection: JobSelection, index: int) -> dict[str, Any]:
    """One bin as a row of the plot's table; every count links to exactly its jobs."""
    after, before = found.drill_down(index)
    counts = {status: values[index] for status, values in found.values.items()}
    form = "%Y-%m-%d %H:%M" if found.bucket == "hour" else "%Y-%m-%d"
    return {"label": found.bins[index].strftime(form), "counts": _linked(counts, after, before, selection)}


def _linked(counts: dict[str, int], after: datetime, before: datetime, selection: JobSelection) -> list[dict[str, Any]]:
    """Counts by outcome, each with the address of the jobs that ended in (after, before]."""
    window = {"ended_after": f"{after.isoformat()}Z", "ended_before": f"{before.isoformat()}Z"}
    filters = {"username": selection.username, "site": selection.site, "taskid": selection.taskid}
    address = reverse("panda_jobs_list")
    return [
        {"status": status, "count": number, "url": with_query(address, {**window, "status": status, **filters})}
        for status, number in counts.items()
    ]
