"""``GET api/panda/jobs/diagnose/``: faulty jobs with all their errors, as the MCP's ``panda_diagnose_jobs`` tells them.

Beyond the contract: the laboratory's monitor has no such address. The jobs are those of the diagnostics page.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

from rest_framework.request import Request
from sqlalchemy import RowMapping

from swf_monitor.panda.database import snapshot
from swf_monitor.panda.queries.components import FAULT_COLUMNS, SOURCES, Fault, faults_of
from swf_monitor.panda.queries.diagnostics import MOST_JOBS, CodeCount, code_counts, faulty_page, number_of_jobs
from swf_monitor.panda.queries.jobs import REST_COLUMNS
from swf_monitor.panda.queries.selection import JobSelection
from swf_monitor.panda.rest.parameters import choice, integer, panda_endpoint, text
from swf_monitor.panda.states import FAULTY_JOB_STATES
from swf_monitor.panda.task_fields import plain
from swf_monitor.panda.windows import DEFAULT_DAYS, window_of_days

MOST_CODES: Final = 20
"""Of the summary."""


@panda_endpoint
def diagnose(request: Request) -> dict[str, Any]:
    """A page of failed, cancelled and closed jobs, newest id first; the summary covers the whole window."""
    query = request.query_params
    days = integer(query, "days", minimum=1) or DEFAULT_DAYS
    limit = integer(query, "limit", minimum=1, maximum=MOST_JOBS) or MOST_JOBS
    before_id = integer(query, "before_id")
    filters = {
        **{name: text(query, name) for name in ("username", "site")},
        **{name: integer(query, name) for name in ("taskid", "reqid")},
    }
    component = choice(query, "error_component", SOURCES)
    selection = JobSelection(
        window_of_days(days),
        statuses=FAULTY_JOB_STATES,
        source=component,
        **filters,  # type: ignore[arg-type]
    )
    with snapshot() as connection:
        found = faulty_page(connection, selection, before_id=before_id, most=limit + 1)
        total = number_of_jobs(connection, selection)
        codes = code_counts(connection, selection)
    page, has_more = found[:limit], len(found) > limit
    return {
        "error_summary": _summary(total, codes),
        "jobs": [_item(row) for row in page],
        "count": len(page),
        "pagination": {
            "before_id": before_id,
            "has_more": has_more,
            "next_before_id": page[-1]["pandaid"] if has_more else None,
            "limit": limit,
        },
        "filters": {"days": days, **filters, "error_component": component},
    }


def told(fault: Fault) -> dict[str, Any]:
    """One error as REST gives it; the payload's exit code need not be a number."""
    return {"component": fault.component, "code": _number(fault.code), "diag": fault.diagnostic}


def _summary(total: int, codes: list[CodeCount]) -> dict[str, Any]:
    by_component: Counter[str] = Counter()
    for one in codes:
        by_component[one.component] += one.jobs
    return {
        "total_faulty_jobs": total,
        "by_component": dict(by_component.most_common()),
        "top_error_codes": [
            {"component": one.component, "code": _number(one.code), "count": one.jobs, "sample_diag": one.sample}
            for one in codes[:MOST_CODES]
        ],
    }


def _item(row: RowMapping) -> dict[str, Any]:
    return {
        **{name: plain(row[name]) for name in (*REST_COLUMNS, *FAULT_COLUMNS)},
        "errors": [told(fault) for fault in faults_of(row)],
    }


def _number(code: str) -> int | str:
    return int(code) if code.removeprefix("-").isdecimal() else code
