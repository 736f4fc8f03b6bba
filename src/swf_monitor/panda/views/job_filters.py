"""Reads the filters of a job list from a request, and builds the links that set them again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.urls import reverse

from swf_monitor.panda.datatables import integer
from swf_monitor.panda.formatting import with_query
from swf_monitor.panda.queries.selection import JobSelection
from swf_monitor.panda.windows import Window, requested_window


def requested_jobs(query: Mapping[str, str], *, statuses: tuple[str, ...] = ()) -> JobSelection:
    """The jobs a list was asked for.

    Args:
        query: the request's parameters; empty ones count as absent.
        statuses: the only states of this page; a `status` outside them selects nothing.

    Raises:
        swf_monitor.panda.datatables.BadRequestError: `taskid` or `reqid` is no integer.
    """
    return JobSelection(
        window=requested_window(query),
        status=query.get("status") or None,
        username=query.get("username") or None,
        site=query.get("site") or None,
        taskid=optional_integer(query, "taskid"),
        reqid=optional_integer(query, "reqid"),
        statuses=statuses,
    )


def optional_integer(query: Mapping[str, str], name: str) -> int | None:
    """The integer parameter `name`, or None when it is absent or empty.

    Raises:
        swf_monitor.panda.datatables.BadRequestError: it is no integer.
    """
    return integer(query, name, 0) if query.get(name) else None


def jobs_url(window: Window, **filters: Any) -> str:
    """The job list of the same window with these filters."""
    return with_query(reverse("panda_jobs_list"), {**window.parameters(), **filters})
