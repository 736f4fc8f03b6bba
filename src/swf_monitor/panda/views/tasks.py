"""The task list: page, rows and filter values (contract 4.8)."""

from __future__ import annotations

from collections.abc import Mapping
from operator import attrgetter, itemgetter
from typing import Any, Final

from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render
from sqlalchemy import Connection

from swf_monitor.panda import datatables, windows
from swf_monitor.panda.database import snapshot
from swf_monitor.panda.export import Export, Field, Found, exportable
from swf_monitor.panda.processing_types import type_counts
from swf_monitor.panda.queries.conditions import BLANK
from swf_monitor.panda.queries.tasks import Task, TaskSelection, number_of_tasks, page_of_tasks, tasks_by
from swf_monitor.panda.views.list_page import Column, Facet, ListPage, Live
from swf_monitor.panda.views.task_cells import task_row

_COUNT: Final = "num"
PAGE: Final = ListPage(
    title="PanDA Tasks",
    noun="tasks",
    path="panda_tasks_list",
    data="panda_tasks_datatable_ajax",
    counts="panda_tasks_filter_counts",
    columns=(
        Column("Select", orderable=False, css="select", phone="hide"),
        Column("Task ID", css="mono", phone="title"),
        Column("Task Name", css="name", phone="show"),
        Column("Status"),
        Column("Processing type", phone="hide"),
        Column("User"),
        Column("Created (UTC)", css="nowrap", phone="hide"),
        Column("Modified (UTC)", css="nowrap"),
        Column("Progress", css=_COUNT, hint="Jobs that ended among all jobs counted"),
        Column(
            "Active", css=_COUNT, hint="Jobs defined, waiting, assigned, activated, sent, starting, running, ending"
        ),
        Column("Finished", css=_COUNT),
        Column("Failed", css=_COUNT, hint="Job records that failed; a retry that succeeded does not take one away"),
        Column("Running", css=_COUNT),
        Column("Retries", css=_COUNT, phone="hide", hint="Job records with an attempt number above 1"),
        Column("Avg Retries", css=_COUNT, phone="hide", hint="Retries per finished job"),
        Column("Fail Rate", css=_COUNT, hint="Failed among finished and failed job records"),
        Column("Final Failed Files", css=_COUNT, phone="hide", hint="Input files given up after their last attempt"),
        Column("Final Fail Rate", css=_COUNT, phone="hide", hint="Given-up among all processed input files"),
    ),
    facets=(Facet("status", "Status"), Facet("username", "User"), Facet("processingtype", "Type")),
    order=((1, "desc"),),
    fixed=("workinggroup",),
    live=Live("task_state", "jedi_task_id", id_column=1, status_column=3),
)
_ORDERS: Final = (
    None,
    "jeditaskid",
    "taskname",
    "status",
    "processingtype",
    "username",
    "creationdate",
    "modificationtime",
    "computed_progress",
    "nactive",
    "nfinished",
    "nfailed",
    "nrunning",
    "nretries",
    "avg_retries_success",
    "computed_failurerate",
    "nfinalfailed",
    "computed_finalfailurerate",
)
_DEFAULT: Final = datatables.Order("jeditaskid")
_FILTERS: Final = ("status", "username", "processingtype", "workinggroup")


def _exported(connection: Connection, query: Mapping[str, str], wanted: datatables.TableRequest) -> Found:
    selection = _selection(query, search=wanted.search)
    return Found(number_of_tasks(connection, selection), _page(connection, selection, wanted))


def _counted(name: str, attribute: str) -> Field:
    return Field(name, attrgetter(f"counts.{attribute}"), sort=attribute)


EXPORT: Final = Export(
    name="tasks",
    fields=(
        *(Field(name, itemgetter(name), sort=name) for name in _ORDERS[1:8] if name),
        _counted("progress_percent", "computed_progress"),
        *(_counted(name, name) for name in ("nactive", "nfinished", "nfailed", "nrunning", "nretries")),
        _counted("avg_retries_success", "avg_retries_success"),
        _counted("failurerate_fraction", "computed_failurerate"),
        _counted("nfinalfailed", "nfinalfailed"),
        _counted("finalfailurerate_fraction", "computed_finalfailurerate"),
    ),
    read=_exported,
    default=_DEFAULT,
    table=_ORDERS,
)


@exportable(EXPORT)
def tasks_list(request: HttpRequest) -> HttpResponse:
    """The page; its rows are asked for by its script."""
    window = windows.window_of_days(windows.requested_window(request.GET).days)
    return render(request, "panda/tasks.html", PAGE.context(request, window))


@datatables.table_endpoint
def tasks_datatable(request: HttpRequest) -> HttpResponseBase:
    """One draw of the table; the total counts the whole window, before filters and search."""
    wanted = datatables.read_request(request.GET, _ORDERS, _DEFAULT)
    selection = _selection(request.GET, search=wanted.search)
    days = windows.requested_window(request.GET).days
    with snapshot() as connection:
        total = number_of_tasks(connection, selection.window_only())
        filtered = number_of_tasks(connection, selection)
        tasks = _page(connection, selection, wanted)
    rows = [task_row(task, days, selection.now) for task in tasks]
    return datatables.answer(wanted, total=total, filtered=filtered, rows=rows)


@datatables.table_endpoint
def tasks_filter_counts(request: HttpRequest) -> HttpResponseBase:
    """How many tasks each value of a filter would leave, the other filters being as asked."""
    selection = _selection(request.GET)
    with snapshot() as connection:
        counts = {name: tasks_by(connection, selection.without(name), name) for name in _FILTERS}
    types = type_counts(counts.pop("processingtype").items())
    answer: dict[str, Any] = {
        name: [_choice(value, number) for value, number in found.items()] for name, found in counts.items()
    }
    answer["processingtype"] = [[kind.type, kind.count, kind.filter_value] for kind in types]
    return JsonResponse({"filter_counts": answer})


def _choice(value: str, number: int) -> list[Any]:
    return [value, number] if value else ["(blank)", number, BLANK]


def _page(connection: Connection, selection: TaskSelection, wanted: datatables.TableRequest) -> list[Task]:
    return page_of_tasks(
        connection,
        selection,
        order=wanted.order.column,
        descending=wanted.order.descending,
        start=wanted.start,
        length=wanted.length,
    )


def _selection(query: Mapping[str, str], search: str = "") -> TaskSelection:
    window = windows.requested_window(query)
    asked: dict[str, Any] = {name: query.get(name) or None for name in _FILTERS}
    return TaskSelection(since=window.since, now=windows.utc_now(), search=search, **asked)
