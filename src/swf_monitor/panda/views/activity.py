"""Activity: what happened in a window, by state, user, site and type (contract 4.4)."""

from __future__ import annotations

from typing import Any, Final

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse

from swf_monitor.panda import windows
from swf_monitor.panda.database import snapshot
from swf_monitor.panda.formatting import aware
from swf_monitor.panda.queries.activity import ActivityFilters, job_activity, task_activity
from swf_monitor.panda.queries.tasks import TaskSelection
from swf_monitor.panda.views import reading
from swf_monitor.panda.views.list_page import days_links

LONGEST: Final = 365


def activity(request: HttpRequest) -> HttpResponse:
    """The page, or with ``chip=1`` how fresh it would be; it is read anew each time, so nothing is ever refreshing."""
    window = windows.requested_window({"days": _clamped_days(request)})
    built_at = aware(windows.utc_now())
    if request.GET.get("chip"):
        return JsonResponse({"built_at": built_at.isoformat(), "refreshing": False})

    def read() -> dict[str, Any]:
        with snapshot() as connection:
            return {
                "jobs": job_activity(connection, window.since, ActivityFilters()),
                "tasks": task_activity(connection, TaskSelection(window.since, windows.utc_now())),
            }

    return reading.page(
        request,
        "panda/activity.html",
        read,
        window=window,
        days=window.days,
        data_as_of=built_at,
        days_links=days_links(reverse("panda_activity"), window, {}),
    )


def _clamped_days(request: HttpRequest) -> str:
    days = windows.requested_window(request.GET).days
    return str(min(max(days, 1), LONGEST))
