"""A page that cannot read the PanDA database still is a page: it says so in an alert (contract 4.4: HTTP 200)."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from sqlalchemy.exc import SQLAlchemyError

from swf_monitor.panda.database import UNREADABLE

log = logging.getLogger(__name__)


def page(request: HttpRequest, template: str, read: Callable[[], dict[str, Any]], **always: Any) -> HttpResponse:
    """Render `template` with `always` and what `read` returns; with ``problem`` instead when it fails."""
    try:
        found = read()
    except SQLAlchemyError:
        log.exception("the PanDA database failed in %s", request.path)
        found = {"problem": UNREADABLE}
    return render(request, template, {**always, **found})
