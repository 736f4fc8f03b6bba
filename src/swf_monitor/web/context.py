"""What the base template needs on every page: navigation, build time, and the page's address on the other side."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from django.http import HttpRequest
from django.urls import reverse

from swf_monitor.configuration import configuration


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the navigation: its words, its URL name, and the path prefixes for which it is current."""

    label: str
    url_name: str
    prefixes: tuple[str, ...]


PANDA_ENTRIES: Final = (
    Entry("Activity", "panda_activity", ("/panda/activity/",)),
    Entry("Tasks", "panda_tasks_list", ("/panda/tasks/",)),
    Entry("Jobs", "panda_jobs_list", ("/panda/jobs/", "/epicprod/jobs/")),
    Entry("Errors", "panda_errors_list", ("/panda/errors/",)),
    Entry("Alarms", "alarms_dashboard", ("/alarms/",)),
    Entry("Diagnostics", "panda_diagnostics_list", ("/panda/diagnostics/",)),
    Entry("Sites", "epic_queues_list", ("/panda/epic-queues/",)),
)


def page_context(request: HttpRequest) -> dict[str, Any]:
    """Context processor of all pages."""
    own = configuration()
    path = request.get_full_path()
    below_mount = path.removeprefix(own.subpath)
    return {
        "is_tunnel": getattr(request, "is_tunnel", False),
        "nav_entries": [_navigation(entry, request.path_info) for entry in PANDA_ENTRIES],
        "built_at": datetime.now(UTC),
        "mount": own.subpath,
        "internal_page_url": f"{own.internal_url}{path}",
        "testbed_url": f"{own.internal_url}{own.subpath}/testbed/",
        "external_page_url": f"{own.external_url}{below_mount}",
        "next_path": path,
    }


def _navigation(entry: Entry, path: str) -> dict[str, Any]:
    return {
        "label": entry.label,
        "url": reverse(entry.url_name),
        "current": path.startswith(entry.prefixes),
    }
