"""Shows a transformation script of PanDA's own server as a page; no other address is fetched (contract 2.2)."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from swf_monitor.panda.scripts import NotAScriptError, ScriptUnavailableError, read_script, script_path


def view_text(request: HttpRequest) -> HttpResponse:
    """The script at `url`; 400 when that is not an address of a script, 502 when it cannot be read."""
    address = request.GET.get("url", "")
    try:
        script = read_script(script_path(address))
    except NotAScriptError:
        return _plain("Missing or invalid url parameter", 400)
    except ScriptUnavailableError as problem:
        return _plain(f"{address} cannot be read: {problem}", 502)
    return render(request, "panda/view_text.html", {"address": address, "script": script})


def _plain(text: str, status: int) -> HttpResponse:
    return HttpResponse(text, status=status, content_type="text/plain; charset=utf-8")
