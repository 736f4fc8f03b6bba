"""``GET api/panda/errors/``: the error patterns of a window, with the field names of the MCP's ``panda_error_summary``.

Beyond the contract: the laboratory's monitor has no such address. The numbers are those of the error page.
"""

from __future__ import annotations

from typing import Any, Final

from rest_framework.request import Request

from swf_monitor.panda.database import snapshot
from swf_monitor.panda.formatting import iso
from swf_monitor.panda.queries.components import COMPONENTS
from swf_monitor.panda.queries.errors import MOST_PATTERNS, ErrorPattern, error_summary
from swf_monitor.panda.queries.selection import JobSelection
from swf_monitor.panda.rest.parameters import choice, integer, panda_endpoint, text
from swf_monitor.panda.states import FAULTY_JOB_STATES
from swf_monitor.panda.windows import window_of_days

DEFAULT_DAYS: Final = 10
DEFAULT_LIMIT: Final = 20
SOURCES: Final = tuple(component.name for component in COMPONENTS)


@panda_endpoint
def error_list(request: Request) -> dict[str, Any]:
    """The most frequent patterns of the failed, cancelled and closed jobs; `total_errors` counts all of them."""
    query = request.query_params
    days = integer(query, "days", minimum=1) or DEFAULT_DAYS
    limit = integer(query, "limit", minimum=1, maximum=MOST_PATTERNS) or DEFAULT_LIMIT
    filters = {
        **{name: text(query, name) for name in ("username", "site", "destinationse")},
        "taskid": integer(query, "taskid"),
    }
    source = choice(query, "error_source", SOURCES)
    selection = JobSelection(window_of_days(days), statuses=FAULTY_JOB_STATES, **filters)  # type: ignore[arg-type]
    with snapshot() as connection:
        summary = error_summary(connection, selection, source=source, most=limit)
    return {
        "total_errors": summary.total,
        "errors": [_item(pattern) for pattern in summary.patterns],
        "count": len(summary.patterns),
        "filters": {"days": days, **filters, "error_source": source},
    }


def _item(pattern: ErrorPattern) -> dict[str, Any]:
    return {
        "error_source": pattern.component,
        "error_code": pattern.code,
        "error_diag": pattern.diagnostic,
        "count": pattern.jobs,
        "task_count": pattern.tasks,
        "users": pattern.users,
        "sites": pattern.sites,
        "destination_sites": pattern.destinations,
        "avg_seconds_to_error": pattern.seconds,
        "never_started_count": pattern.never_started,
        "first_seen": iso(pattern.first),
        "last_seen": iso(pattern.last),
        "attribution_guidance": attribution(pattern),
    }


def attribution(pattern: ErrorPattern) -> str:
    """Where to look first, as far as the spread over sites and tasks tells it."""
    sites, one_task = len(pattern.sites), pattern.tasks <= 1
    if not sites:
        return "No site is known: look at brokerage and at how the tasks are defined."
    if sites == 1 and one_task:
        return "One task at one site: this does not tell whether the task or the site is the cause."
    if sites == 1:
        return f"Several tasks, all at {pattern.sites[0]}: look at the site first."
    if one_task:
        return "One task at several sites: look at the task and its payload first."
    if len(pattern.destinations) == 1:
        return f"Several tasks at several sites, all writing to {pattern.destinations[0]}: look at that storage first."
    return "Several tasks at several sites: look at what they share, such as a release or a central service."
