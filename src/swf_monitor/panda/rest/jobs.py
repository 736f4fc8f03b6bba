"""``GET api/panda/jobs/`` (contract 5.3)."""

from __future__ import annotations

from typing import Any, Final

from rest_framework.request import Request
from sqlalchemy import RowMapping

from swf_monitor.panda.database import snapshot
from swf_monitor.panda.formatting import iso
from swf_monitor.panda.queries.jobs import REST_COLUMNS, RestPage, rest_page
from swf_monitor.panda.queries.selection import JobSelection
from swf_monitor.panda.rest.parameters import integer, panda_endpoint, text
from swf_monitor.panda.windows import DEFAULT_DAYS, window_of_days

DEFAULT_LIMIT: Final = 200
DEFAULT_LIMIT_OF_TASK: Final = 100_000
_FILTERS: Final = ("status", "username", "site", "taskid", "reqid")
_TIMES: Final = ("creationtime", "starttime", "endtime", "modificationtime")


@panda_endpoint
def job_list(request: Request) -> dict[str, Any]:
    """Jobs of a window, the newest ids first; counts and summary cover the whole window."""
    query = request.query_params
    days = integer(query, "days", minimum=1) or DEFAULT_DAYS
    selection = JobSelection(
        window=window_of_days(days),
        status=text(query, "status"),
        username=text(query, "username"),
        site=text(query, "site"),
        taskid=integer(query, "taskid"),
        reqid=integer(query, "reqid"),
    )
    default_limit = DEFAULT_LIMIT if selection.taskid is None else DEFAULT_LIMIT_OF_TASK
    limit = integer(query, "limit", minimum=1) or default_limit
    before_id = integer(query, "before_id")
    with snapshot() as connection:
        page = rest_page(connection, selection, before_id=before_id, limit=limit)
    return _envelope(page, {"days": days} | {name: getattr(selection, name) for name in _FILTERS})


def _envelope(page: RestPage, filters: dict[str, Any]) -> dict[str, Any]:
    items = [_item(row) for row in page.rows]
    return {
        "items": items,
        "total_count": sum(page.summary.values()),
        "has_more": page.has_more,
        "next_before_id": items[-1]["pandaid"] if page.has_more else None,
        "summary": page.summary,
        "filters": filters,
    }


def _item(row: RowMapping) -> dict[str, Any]:
    return {name: iso(row[name]) if name in _TIMES else row[name] for name in REST_COLUMNS}
