"""Lists as CSV (RFC 4180), so that no spreadsheet takes a cell for a formula."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

from django.http import HttpResponse

from .masking import masked
from .paging import Cursor, next_address
from .serving import Asked

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
COLUMNS = (
    "id", "alarm", "fingerprint", "state", "severity", "subject", "first_seen", "last_seen", "fired_at", "resolved_at",
    "resolution", "acknowledged_by", "acknowledged_at", "assignee", "flapping", "labels", "values", "url",
)  # fmt: skip


def csv_answer(asked: Asked, name: str, rows: Sequence[Mapping[str, Any]], following: Cursor | None) -> HttpResponse:
    """The rows as a file; where more follow, ``Link: rel="next"`` says where (RFC 8288)."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for row in rows:
        told = row if asked.signed_in else masked(dict(row))
        writer.writerow([cell(told[column]) for column in COLUMNS])
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    if (address := next_address(asked, following)) is not None:
        headers["Link"] = f'<{address}>; rel="next"'
    return HttpResponse(out.getvalue(), content_type="text/csv; charset=utf-8", headers=headers)


def cell(value: Any) -> str:
    """A value as text; what a spreadsheet would calculate gets an apostrophe before it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)
    return f"'{text}" if text.lstrip(" \n").startswith(_FORMULA) else text
