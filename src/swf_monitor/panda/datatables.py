"""The DataTables protocol of the list pages (contract 3.7): reading a request, writing the answer.

Defaults are the contract's: draw 1, start 0, length 100; a column out of range or an odd direction falls back to the
list's own order. Where the laboratory's monitor answers an unreadable number with HTTP 500 in HTML, this one answers
400 with ``{"error"}``, which DataTables shows as well. A negative length ("all") means `MOST_ROWS`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any, Final

from django.http import HttpRequest, HttpResponseBase, JsonResponse
from sqlalchemy.exc import SQLAlchemyError

from swf_monitor.panda.database import UNREADABLE

log = logging.getLogger(__name__)

MOST_ROWS: Final = 10_000
_LARGEST: Final = 2**63 - 1


class BadRequestError(ValueError):
    """A parameter that cannot be read; the message is for the reader."""


@dataclass(frozen=True, slots=True)
class Order:
    """A column's name and its direction."""

    column: str
    descending: bool = True


@dataclass(frozen=True, slots=True)
class TableRequest:
    """What one draw asks for; `start` is never negative and `length` lies in 0..MOST_ROWS."""

    draw: int
    start: int
    length: int
    search: str
    order: Order


def read_request(query: Mapping[str, str], columns: Sequence[str | None], default: Order) -> TableRequest:
    """Read a DataTables request.

    Args:
        query: the request's parameters.
        columns: the name of each column in order, None where it cannot be sorted by.
        default: the order when none, or none possible, is asked for.

    Raises:
        BadRequestError: `draw`, `start`, `length` or the column index is no integer.
    """
    start, length = integer(query, "start", 0), integer(query, "length", 100)
    return TableRequest(
        draw=integer(query, "draw", 1),
        start=max(start, 0),
        length=0 if start < 0 else MOST_ROWS if length < 0 else min(length, MOST_ROWS),
        search=query.get("search[value]", "").strip(),
        order=_order(query, columns, default),
    )


def _order(query: Mapping[str, str], columns: Sequence[str | None], default: Order) -> Order:
    index = integer(query, "order[0][column]", -1)
    direction = query.get("order[0][dir]", "")
    name = columns[index] if 0 <= index < len(columns) else None
    if name is None or direction not in ("asc", "desc"):
        return default
    return Order(name, direction == "desc")


def integer(query: Mapping[str, str], name: str, default: int) -> int:
    """The integer parameter `name`, or `default` when it is absent or empty.

    Raises:
        BadRequestError: it is no integer, or one no database holds.
    """
    text = query.get(name, "")
    if not text:
        return default
    try:
        number = int(text)
    except ValueError:
        raise BadRequestError(f"{name} must be an integer") from None
    if abs(number) > _LARGEST:
        raise BadRequestError(f"{name} is out of range")
    return number


def answer(
    request: TableRequest, *, total: int, filtered: int, rows: Sequence[Sequence[Any]], **more: Any
) -> JsonResponse:
    """The answer of one draw; `more` adds keys such as ``product_built_at``."""
    return JsonResponse(
        {"draw": request.draw, "recordsTotal": total, "recordsFiltered": filtered, "data": list(rows), **more}
    )


def table_endpoint(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Decorator of data endpoints: a `BadRequestError` is 400, an unreadable database 500, both ``{"error"}``."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return view(request, *args, **kwargs)
        except BadRequestError as problem:
            return JsonResponse({"error": str(problem)}, status=400)
        except SQLAlchemyError:
            log.exception("the PanDA database failed in %s", request.path)
            return JsonResponse({"error": UNREADABLE}, status=500)

    return guarded
