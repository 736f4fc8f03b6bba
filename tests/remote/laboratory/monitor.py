"""A stand-in for the laboratory's monitor, built from its contract alone: its paths, and who answers them.

``async with laboratory() as monitor`` serves it; put a real gateway in front (``gateways.gateway``) and ask.
"""

from __future__ import annotations

import re
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from urllib.parse import unquote

from tests.remote.laboratory import answers, other_pages, panda_pages, pcs_pages
from tests.remote.laboratory.base_page import page
from tests.remote.laboratory.wire import MOUNT, Asked, Laboratory, Said, on_the_wire

NAME = "pandaserver02.sdcc.bnl.gov"
Handler = Callable[..., Said | None]

_PCS_LISTS = r"pcs/(?:tags/[pesrk]|datasets|configs|tasks)"
_READS: tuple[tuple[str, Handler], ...] = (
    (r"", lambda asked: other_pages.home()),
    (r"prod/", other_pages.hub),
    (r"testbed/", lambda asked: page(asked, "Testbed - SWF Monitor", "<h1>Testbed</h1>")),
    (r"about/", other_pages.about),
    (r"panda/", panda_pages.hub),
    (r"panda/activity/", panda_pages.activity),
    (r"panda/jobs/", panda_pages.jobs),
    (r"panda/tasks/", panda_pages.tasks),
    (r"panda/errors/", panda_pages.errors),
    (r"panda/diagnostics/", panda_pages.diagnostics),
    (r"panda/(jobs|tasks|errors|diagnostics)/datatable/", lambda asked, name: answers.table(name, asked.parameters)),
    (
        r"panda/(jobs|tasks)/filter-counts/",
        lambda asked, name: answers.plain(answers.recorded(f"filter-counts-{name}")),
    ),
    (r"panda/jobs/(\d+)/", panda_pages.job),
    (r"panda/jobs/(\d+)/payload-log/", panda_pages.payload_log),
    (r"panda/tasks/(\d+)/", panda_pages.task),
    (r"panda/view-text/", panda_pages.view_text),
    (r"panda/epic-queues/", panda_pages.queues),
    (r"panda/epic-queues/([^/]+)/", panda_pages.queue),
    (r"panda/system/", panda_pages.system),
    (r"panda/system/status\.json", lambda asked: answers.plain(answers.recorded("status"))),
    (r"pcs/people/", other_pages.account),
    (r"panda/start/", lambda asked: other_pages.home()),
    (r"api/panda/(tasks|jobs|activity)/", panda_pages.rest_call),
    (r"api/panda/tasks/\d+/", lambda asked: panda_pages.rest_call(asked, "task")),
    (r"api/messages/stream/", other_pages.stream),
    (r"api/users/", lambda asked: answers.rest({"users": [{"username": "alice", "password": "pbkdf2_sha256$x"}]})),
    (r"alarms/", other_pages.alarms),
    (r"ai/assessments/", other_pages.assessments),
    (r"ai/assessments/legacy/(\d+)/", other_pages.assessment),
    (r"ai/assessments/legacy/(\d+)/body/", lambda asked, number: other_pages.legacy_body(number)),
    (r"ai/assessments/[0-9a-f-]{36}/", lambda asked: other_pages.store_down()),
    (r"ai/(?:proposals|narratives)/", lambda asked: pcs_pages.simple(asked, "AI - epicprod")),
    (r"pcs/", pcs_pages.hub),
    (rf"{_PCS_LISTS}/datatable/", lambda asked: pcs_pages.tag_table(asked.parameters)),
    (rf"{_PCS_LISTS}/compose/", pcs_pages.compose),
    (r"pcs/request/", pcs_pages.request),
    (r"pcs/notes/plan/edit/", pcs_pages.editor),
    (r"pcs/configs/create/", lambda asked: answers.to_login(asked.path) if asked.user is None else _new_config(asked)),
    (r"pcs/dashboard/panel/(\w+)/", lambda asked, slug: pcs_pages.panel(slug)),
    (r"pcs/rucio/(.+)/", pcs_pages.rucio),
    (r"pcs/api/(.*)", pcs_pages.api),
    (r"pcs/tasks/([^/]+)/", pcs_pages.task),
    (r"pcs/tasks/([^/]+)/compose-detail/", lambda asked, name: answers.plain({"name": name})),
    (rf"{_PCS_LISTS}/", lambda asked: pcs_pages.simple(asked, "A list - PCS")),
    (r"pcs/tags/[pesrk]/\d+/", lambda asked: pcs_pages.simple(asked, "A tag - PCS")),
    (
        r"pcs/(?:categories|catalog|physics|plan|find|evgen|questionnaires)/",
        lambda asked: pcs_pages.simple(asked, "PCS"),
    ),
    (r"pcs/config/pc\d+/", lambda asked: pcs_pages.simple(asked, "pc - Physics Configuration - SWF Monitor")),
    (r"static/(.*)", other_pages.file),
    (r"logs/", lambda asked: page(asked, "Logs", "<h1>Logs</h1>")),
    (r"admin/.*", lambda asked: page(asked, "Administration", "<h1>Administration</h1>")),
)
_WRITES: tuple[tuple[str, Handler], ...] = (
    (r"pcs/api/(.+)", pcs_pages.api),
    (r"pcs/notes/plan/save/", lambda asked: answers.plain({"version_num": 3, "modified": 1795490000.5})),
    (r"pcs/configs/create/", lambda asked: answers.redirect("pcs/configs/?selected=7")),
    (r"pcs/dashboard/prefs/", lambda asked: answers.plain({"ok": True, "saved": ["panda"]})),
    (r"pcs/tasks/[^/]+/delete/", lambda asked: answers.redirect("pcs/tasks/")),
    (r"ai/assessments/\d+/quality/", other_pages.quality_set),
    (r"ai/api/proposals/decide/", lambda asked: answers.rest({"decided": []})),
    (r"alarms/teams/create/|pcs/teams/create/", lambda asked: other_pages.team_created()),
)


def answering(asked: Asked) -> Said:
    """The monitor's answer: a page, a slash redirect, or nobody's page."""
    if asked.path.startswith("/"):
        return answers.apache_not_found()
    table = _READS if asked.method in ("GET", "HEAD", "OPTIONS") else _WRITES + _READS
    path = unquote(asked.path)
    for pattern, handler in table:
        found = re.fullmatch(pattern, path)
        said = handler(asked, *found.groups()) if found else None
        if said is not None:
            return said
    if not path.endswith("/") and any(re.fullmatch(pattern, path + "/") for pattern, _ in _READS):
        return answers.redirect(asked.path + "/" + (f"?{asked.query}" if asked.query else ""), 301)
    return answers.not_found()


def _new_config(asked: Asked) -> Said:
    return pcs_pages.simple(asked, "New configuration - PCS")


@asynccontextmanager
async def laboratory(*, compress: bool = False) -> AsyncIterator[Laboratory]:
    """Serve the stand-in on a free port."""
    # With its protocol named, so that asyncio sends small pieces at once.
    with socket.socket(proto=socket.IPPROTO_TCP) as listening:
        listening.bind(("127.0.0.1", 0))
        monitor = Laboratory(listening.getsockname()[1], answering, compress=compress)
        async with on_the_wire(monitor, listening):
            yield monitor


__all__ = ["MOUNT", "NAME", "Laboratory", "laboratory"]
