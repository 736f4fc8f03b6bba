"""Single faulty jobs with what each component said (contract 4.9)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from operator import itemgetter
from typing import Any, Final

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from sqlalchemy import Connection, RowMapping

from swf_monitor.panda.database import snapshot
from swf_monitor.panda.datatables import Order, TableRequest, answer, read_request, table_endpoint
from swf_monitor.panda.export import Export, Field, Found, exportable
from swf_monitor.panda.formatting import cell_link, fill, stamp
from swf_monitor.panda.queries.components import SOURCES, faults_of
from swf_monitor.panda.queries.diagnostics import MOST_JOBS, faulty_jobs
from swf_monitor.panda.states import FAULTY_JOB_STATES
from swf_monitor.panda.views.error_choices import choice_row, without_choices
from swf_monitor.panda.views.job_filters import requested_jobs
from swf_monitor.panda.views.list_page import Column, ListPage
from swf_monitor.panda.windows import requested_window

PAGE: Final = ListPage(
    title="PanDA Job Diagnostics",
    noun="jobs",
    path="panda_diagnostics_list",
    data="panda_diagnostics_datatable_ajax",
    counts="",
    columns=(
        Column("PanDA ID", orderable=False, css="mono", phone="title"),
        Column("Task ID", orderable=False, css="mono"),
        Column("User", orderable=False),
        Column("Status", orderable=False),
        Column("Site", orderable=False),
        Column("Errors", orderable=False, css="wide"),
        Column("Ended (UTC)", orderable=False, css="nowrap"),
    ),
    fixed=("error_source", "site", "username", "taskid"),
    searchable=False,
)
_SOURCES: Final = (("", "all"), *((name, name) for name in SOURCES))
_DIAGNOSTIC_LENGTH: Final = 80
_ELLIPSIS: Final = "..."


def _exported(connection: Connection, query: Mapping[str, str], _wanted: TableRequest) -> Found:
    # One more than is given, to see whether there are more.
    jobs = _jobs(connection, query, MOST_JOBS + 1)
    return Found(len(jobs), jobs[:MOST_JOBS])


def _faults(job: RowMapping) -> list[dict[str, Any]]:
    return [asdict(fault) for fault in faults_of(job)]


EXPORT: Final = Export(
    name="diagnostics",
    fields=(
        *(
            Field(name, itemgetter(name))
            for name in ("pandaid", "jeditaskid", "produsername", "jobstatus", "computingsite")
        ),
        Field("errors", _faults),
        Field("endtime", itemgetter("endtime")),
    ),
    read=_exported,
    limit=MOST_JOBS,
)


@exportable(EXPORT)
def diagnostics_list(request: HttpRequest) -> HttpResponse:
    """The page; its table asks for the rows itself."""
    query = request.GET.dict()
    window = requested_window(query)
    context = PAGE.context(request, window)
    row = choice_row(
        "error_source", "Component", _SOURCES, path=reverse(PAGE.path), window=window, filters=context["filters"]
    )
    context["fixed_filters"] = without_choices(context["fixed_filters"], [row])
    source = query.get("error_source")
    problem = f"There is no error component called “{source}”." if source and source not in SOURCES else ""
    return render(request, "panda/diagnostics.html", {**context, "choice_rows": [row], "problem": problem})


@table_endpoint
def diagnostics_datatable(request: HttpRequest) -> HttpResponseBase:
    """The newest faulty jobs, one page of them."""
    query = request.GET.dict()
    wanted = read_request(query, [None] * len(PAGE.columns), Order("pandaid"))
    with snapshot() as connection:
        jobs = _jobs(connection, query, MOST_JOBS)
    page = jobs[wanted.start : wanted.start + wanted.length]
    return answer(wanted, total=len(jobs), filtered=len(jobs), rows=[_cells(job) for job in page])


def _jobs(connection: Connection, query: Mapping[str, str], most: int) -> Sequence[RowMapping]:
    """The newest faulty jobs; none for a component that does not exist."""
    selection = replace(requested_jobs(query, statuses=FAULTY_JOB_STATES), status=None)
    source = query.get("error_source") or None
    if source is not None and source not in SOURCES:
        return []
    return faulty_jobs(connection, replace(selection, source=source), most)


def _cells(job: RowMapping) -> list[str]:
    task = job["jeditaskid"]
    return [
        cell_link(reverse("panda_job_detail", args=[job["pandaid"]]), job["pandaid"]),
        cell_link(reverse("panda_task_detail", args=[task]), task) if task else "",
        format_html("{}", job["produsername"] or ""),
        fill(job["jobstatus"], job["jobstatus"]),
        format_html("{}", job["computingsite"] or ""),
        _errors_cell(job),
        stamp(job["endtime"]),
    ]


def _errors_cell(job: RowMapping) -> str:
    lines = ((fault.component, fault.code, _cut(fault.diagnostic)) for fault in faults_of(job))
    return format_html_join(SafeString("<br>"), "<strong>{}</strong>:{} {}", lines)


def _cut(diagnostic: str) -> str:
    """At most 80 characters, the dots included (contract, sample of the diagnostics table)."""
    if len(diagnostic) <= _DIAGNOSTIC_LENGTH:
        return diagnostic
    return diagnostic[: _DIAGNOSTIC_LENGTH - len(_ELLIPSIS)] + _ELLIPSIS
