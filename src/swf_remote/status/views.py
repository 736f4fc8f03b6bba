"""What works right now: a page for people, short answers for machines, figures for Prometheus. Nothing is stored."""

from datetime import UTC, datetime, timedelta
from importlib.metadata import version

from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers
from prometheus_client import CONTENT_TYPE_LATEST

from swf_remote.configuration import configuration
from swf_remote.edge.exposition import exposition
from swf_remote.proxy import link
from swf_remote.web.handlers import NOT_FOUND, problem_response
from swf_remote.web.negotiation import HTML, JSON, preferred

from .access import may_see_all
from .openapi import document
from .report import Report, as_json, report

_LEAST_PATIENCE = 20.0


@never_cache
@vary_on_headers("Accept")
@require_safe
def status(request: HttpRequest) -> HttpResponse:
    """The link status page; JSON by `Accept` or `?format=json`, the part that changes alone by `?part=live`."""
    found = _report()
    if wants_json(request):
        return JsonResponse(as_json(found, version("swf-remote")))
    template = "status/_live.html" if request.GET.get("part") == "live" else "status/status.html"
    facts = {"version": version("swf-remote"), "names_signed": configuration().monitor_jwt_key_file is not None}
    return render(request, template, {"report": found, **facts})


@require_safe
def openapi(_request: HttpRequest) -> HttpResponse:
    """What the gateway's own JSON endpoints take and give."""
    return JsonResponse(document(configuration().mount, version("swf-remote")))


@never_cache
@require_safe
def healthz(_request: HttpRequest) -> HttpResponse:
    """This process answers; nothing else is looked at."""
    return JsonResponse({"status": "ok"})


@never_cache
@require_safe
def readyz(_request: HttpRequest) -> HttpResponse:
    """Ready for readers: our database answers and the link was looked at. A broken link is told, but no obstacle."""
    state = link.current()
    database = _database_answers()
    ready = database and state.probed
    parts = {
        "database": "ok" if database else "failed",
        "link": "not looked at yet" if not state.probed else (state.broken_at or "ok"),
    }
    return JsonResponse({"status": "ready" if ready else "not ready", "parts": parts}, status=200 if ready else 503)


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Figures of all workers for Prometheus; nobody but staff and holders of the token learns that they are there."""
    if not may_see_all(request):
        return problem_response(request, NOT_FOUND)
    return HttpResponse(exposition(), content_type=CONTENT_TYPE_LATEST)


def wants_json(request: HttpRequest) -> bool:
    """Whether the client asked for JSON, by `?format=` or else by its `Accept` header."""
    asked = request.GET.get("format")
    return asked == JSON or (asked is None and preferred(request.headers.get("Accept", ""), default=HTML) == JSON)


def _report() -> Report:
    patience = timedelta(seconds=max(3 * configuration().probe_interval, _LEAST_PATIENCE))
    return report(link.current(), datetime.now(UTC), patience)


def _database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True
