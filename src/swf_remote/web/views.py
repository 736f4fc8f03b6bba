"""The one page of this room: which parts of the monitor stay inside the laboratory."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from . import not_exposed as words


@require_safe
def not_exposed(request: HttpRequest, rest: str = "") -> HttpResponse:
    """Explains, below `/alarms/` until alarms arrive, what is missing here and where to find it."""
    context = {
        "title": words.ALARMS_TITLE,
        "advice": words.ALARMS_ADVICE,
        "general": words.ADVICE,
        "parts": words.parts(),
        "inside_url": words.inside_url(f"alarms/{rest}"),
    }
    return render(request, "web/not_exposed.html", context)
