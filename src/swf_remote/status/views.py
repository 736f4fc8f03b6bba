"""What works right now: a page for people, short answers for machines, figures for Prometheus. Nothing is stored."""

from __future__ import annotations

from importlib.metadata import version

from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.utils.safestring import SafeString
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers
from prometheus_client import CONTENT_TYPE_LATEST

from swf_remote.configuration import configuration
from swf_remote.edge.exposition import exposition
from swf_remote.operations.drift_watch import ask_for_look
from swf_remote.proxy import link
from swf_remote.web.addresses import own_url
from swf_remote.web.handlers import BAD_REQUEST, NOT_FOUND, problem_response, wrong_method
from swf_remote.web.negotiation import HTML, JSON, preferred

from .access import Detail, may_see_all
from .openapi import document as description
from .parts import LEVELS, PARTS, document, present_report


@never_cache
@vary_on_headers("Accept", "Authorization", "Cookie")
@require_safe
def status(request: HttpRequest) -> HttpResponse:
    """The status page; JSON by `Accept` or `?format=json`, one changing part alone by `?part=live`.

    Staff and holders of the token are told all, unless they ask for `?detail=public`; `?detail=full` does not exist for
    others.
    """
    asked, may = request.GET.get("detail"), may_see_all(request)
    if asked not in (None, *Detail):
        return problem_response(request, BAD_REQUEST)
    if asked == Detail.FULL and not may:
        return problem_response(request, NOT_FOUND)
    detail = Detail.FULL if may and asked != Detail.PUBLIC else Detail.PUBLIC
    if wants_json(request):
        return JsonResponse(document(detail))
    part = request.GET.get("part")
    if part is not None:
        known = part in LEVELS[detail]
        return HttpResponse(PARTS[part]()) if known else problem_response(request, NOT_FOUND)
    return _page(request, detail, may=may)


def _page(request: HttpRequest, detail: Detail, *, may: bool) -> HttpResponse:
    context = {
        "report": present_report(),
        "parts": {name: SafeString(PARTS[name]()) for name in LEVELS[detail]},
        "detail": detail,
        "may_see_all": may,
    }
    return render(request, "status/status.html", context)


@never_cache
def drift(request: HttpRequest) -> HttpResponse:
    """Staff have the monitor looked at for drift now; others do not learn that this is there."""
    if not may_see_all(request):
        return problem_response(request, NOT_FOUND)
    if request.method != "POST":
        return wrong_method(request, "POST")
    ask_for_look()
    return HttpResponseRedirect(f"{own_url('status/')}#drift", status=303)


@require_safe
def openapi(_request: HttpRequest) -> HttpResponse:
    """What the gateway's own JSON endpoints take and give."""
    return JsonResponse(description(configuration().mount, version("swf-remote")))


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


def _database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True
