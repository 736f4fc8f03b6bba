"""The PanDA hub, and the figures of the production hub."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def panda_hub(request: HttpRequest) -> HttpResponse:
    """Cards that lead to the PanDA pages; no data (contract 4.3)."""
    return render(request, "panda/hub.html")


def hub_figures() -> dict[str, Any]:
    """Counts for the production hub."""
    return {}
