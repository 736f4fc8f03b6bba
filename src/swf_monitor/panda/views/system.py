"""System status: the page, and the JSON that every page polls (contract 3.4)."""

from __future__ import annotations

from typing import Final

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from swf_monitor.configuration import configuration
from swf_monitor.panda.system import ERROR, OK, UNKNOWN, WARNING, system_status

TONES: Final = {OK: "success", WARNING: "warning", ERROR: "danger", UNKNOWN: "info"}


def page(request: HttpRequest) -> HttpResponse:
    """What was checked and how it is."""
    status = system_status(configuration().feed_max_age)
    return render(
        request,
        "panda/system.html",
        {"status": status, "counts": status.counts(), "overall_tone": TONES[status.worst.status]},
    )


def status_json(_request: HttpRequest) -> JsonResponse:
    """``{overall_status, overall_reason, latest_checked_at, counts}`` and, beyond the contract, ``data_as_of``."""
    status = system_status(configuration().feed_max_age)
    return JsonResponse(
        {
            "overall_status": status.worst.status,
            "overall_reason": status.reason,
            "latest_checked_at": status.checked_at.isoformat(),
            "counts": status.counts(),
            "data_as_of": None if status.data_as_of is None else status.data_as_of.isoformat(),
        }
    )


@require_POST
def refresh(_request: HttpRequest) -> HttpResponse:
    """The page's Check again button; the page itself checks when it is asked for."""
    return redirect("panda_system")
