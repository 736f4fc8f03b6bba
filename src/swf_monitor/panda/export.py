"""Export of a list: the rows its table shows, whole and raw, at the page's own address with ``format=csv`` or ``json``.

Filters and window are the page's. ``search`` (or ``search[value]``) and ``sort=<field>`` with ``order=asc|desc`` (or
``order[0][column]`` and ``[dir]``) select and arrange as the table does; ``sort`` alone means descending.
No more rows than the export's limit, named in ``X-Row-Limit``; ``X-Truncated: true`` and JSON's ``truncated`` say that
there are more. Values are the stored ones: times ISO 8601 with Z, numbers as numbers, units in the fields' names.
Text that a spreadsheet would take for a formula gets a leading apostrophe in CSV; in JSON it stays as it is.
Rows are read `MOST_ROWS` at a time. The answer is complete before it is sent, so that a database that fails midway
gives an error and not half a file.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from functools import wraps
from itertools import islice
from typing import Any, Final

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from sqlalchemy import Connection

from swf_monitor.panda import windows
from swf_monitor.panda.database import snapshot
from swf_monitor.panda.datatables import (
    MOST_ROWS,
    BadRequestError,
    Order,
    TableRequest,
    read_request,
    table_endpoint,
)
from swf_monitor.panda.formatting import is_set

ROW_LIMIT: Final = 50_000
FORMATS: Final = {"csv": "text/csv; charset=utf-8", "json": "application/json"}
_FORMULA_SIGNS: Final = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Field:
    """One column of an export.

    Attributes:
        name: its head, with the unit where there is one.
        value: takes a row and gives the stored value.
        sort: the name by which the list's query sorts by it; None when it does not.
    """

    name: str
    value: Callable[[Any], Any]
    sort: str | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """Rows of one reading, and how many the filters and the search leave in all."""

    total: int
    rows: Sequence[Any]


@dataclass(frozen=True, slots=True)
class Export:
    """How one list is exported.

    Attributes:
        name: what its file is called, after ``panda-``.
        fields: its columns.
        read: reads the rows from ``start`` on, at most ``length`` of them, as the request's search and order want.
        default: the page's order; None for a list that `read` gives whole, in its order: search and sort are done here.
        table: per column of the page's table the name it sorts by, or None (`datatables.read_request`).
        limit: the most rows; None for `ROW_LIMIT`.
    """

    name: str
    fields: Sequence[Field]
    read: Callable[[Connection, Mapping[str, str], TableRequest], Found]
    default: Order | None = None
    table: Sequence[str | None] = ()
    limit: int | None = None

    @property
    def most(self) -> int:
        """The most rows of one answer."""
        return ROW_LIMIT if self.limit is None else self.limit

    def sortable(self) -> dict[str, str]:
        """What ``sort`` may name, each with the name the query knows."""
        if self.default is None:
            return {field.name: field.name for field in self.fields}
        sorts = {field.sort: field.sort for field in self.fields if field.sort}
        return sorts | {field.name: field.sort for field in self.fields if field.sort}


def exportable(export: Export) -> Callable[[Callable[..., HttpResponse]], Callable[..., HttpResponseBase]]:
    """Decorator of list pages: a request with a ``format`` gets the export, every other one the page."""

    def decorate(page: Callable[..., HttpResponse]) -> Callable[..., HttpResponseBase]:
        @wraps(page)
        def either(request: HttpRequest) -> HttpResponseBase:
            return answer(request, export) if request.GET.get("format") else page(request)

        return either

    return decorate


@dataclass(frozen=True, slots=True)
class Table:
    """What is written: the heads, how many rows there are in all, whether some are left out, and the rows."""

    names: list[str]
    total: int
    truncated: bool
    rows: Iterable[list[Any]]


@table_endpoint
def answer(request: HttpRequest, export: Export) -> HttpResponseBase:
    """The file; 400 with ``{"error"}`` for a format, sort or order that does not exist."""
    query = request.GET.dict()
    form = query["format"]
    if form not in FORMATS:
        raise BadRequestError(f"format must be one of {', '.join(FORMATS)}")
    wanted = requested(query, export)
    with snapshot() as connection:
        table = _table(connection, query, wanted, export)
        body = as_csv(table) if form == "csv" else as_json(table, export)
    response = HttpResponse(body, content_type=FORMATS[form])
    stamp = f"{windows.utc_now():%Y%m%dT%H%MZ}"
    response["Content-Disposition"] = f"attachment; filename=panda-{export.name}-{stamp}.{form}"
    response["X-Row-Limit"] = str(export.most)
    if table.truncated:
        response["X-Truncated"] = "true"
    return response


def requested(query: Mapping[str, str], export: Export) -> TableRequest:
    """The search and order of an export, from its own parameters or from DataTables' ones.

    Raises:
        BadRequestError: `sort` names no sortable field, or `order` is neither ``asc`` nor ``desc``.
    """
    default = export.default or Order("")
    names = ("order[0][column]", "order[0][dir]", "search[value]")
    table = {name: query[name] for name in names if name in query} | {"length": str(min(export.most, MOST_ROWS))}
    if "search" in query:
        table["search[value]"] = query["search"]
    wanted = read_request(table, export.table, default)
    return replace(wanted, order=_order(query, export.sortable(), wanted.order))


def _order(query: Mapping[str, str], sortable: Mapping[str, str], otherwise: Order) -> Order:
    name, direction = query.get("sort", ""), query.get("order", "")
    if direction not in ("", "asc", "desc"):
        raise BadRequestError("order must be asc or desc")
    if name and name not in sortable:
        raise BadRequestError(f"sort must be one of {', '.join(sortable)}")
    column = sortable[name] if name else otherwise.column
    descending = direction == "desc" if direction else bool(name) or otherwise.descending
    return Order(column, descending)


def _table(connection: Connection, query: Mapping[str, str], wanted: TableRequest, export: Export) -> Table:
    """The whole table; its rows are read while they are taken, so the connection must stay open until then."""
    names = [field.name for field in export.fields]
    first = export.read(connection, query, wanted)
    cut = first.total > export.most
    if export.default is None:
        rows = arranged([_values(export, row) for row in first.rows], names, wanted)
        return Table(names, len(rows), cut, islice(rows, export.most))

    def pages() -> Iterator[Sequence[Any]]:
        yield first.rows
        for start in range(wanted.length, min(first.total, export.most), wanted.length):
            page = replace(wanted, start=start, length=min(wanted.length, export.most - start))
            yield export.read(connection, query, page).rows

    return Table(names, first.total, cut, (_values(export, row) for page in pages() for row in page))


def _values(export: Export, row: Any) -> list[Any]:
    return [_plain(field.value(row)) for field in export.fields]


def _plain(value: Any) -> Any:
    """A value as JSON knows it; PanDA's times are UTC without zone, and 1970 means "not set"."""
    if isinstance(value, datetime):
        return f"{value.isoformat()}Z" if is_set(value) else None
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value


def arranged(rows: list[list[Any]], names: Sequence[str], wanted: TableRequest) -> list[list[Any]]:
    """The rows that hold every word of the search, sorted; missing values come last in both directions."""
    words = wanted.search.casefold().split()
    kept = [row for row in rows if all(_holds(row, word) for word in words)]
    if not wanted.order.column:
        return kept
    index = names.index(wanted.order.column)
    present = [row for row in kept if row[index] is not None]
    present.sort(key=lambda row: _sortable(row[index]), reverse=wanted.order.descending)
    return present + [row for row in kept if row[index] is None]


def _holds(row: Iterable[Any], word: str) -> bool:
    return any(word in str(_cell(value)).casefold() for value in row)


def _sortable(value: Any) -> tuple[bool, float, str]:
    """Numbers by size, before texts without regard to case."""
    if isinstance(value, int | float):
        return (False, float(value), "")
    return (True, 0.0, str(_cell(value)).casefold())


def as_csv(table: Table) -> bytes:
    """The table as RFC 4180 text in UTF-8, with a line of heads."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(table.names)
    writer.writerows([_guarded(_cell(value)) for value in row] for row in table.rows)
    return text.getvalue().encode(errors="replace")


def _cell(value: Any) -> Any:
    """A value for one CSV cell: nothing for None, JSON text for lists and objects."""
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False)
    return "" if value is None else value


def _guarded(value: Any) -> Any:
    """Text that begins like a formula gets an apostrophe, so that no spreadsheet runs what PanDA's users wrote."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA_SIGNS) else value


def as_json(table: Table, export: Export) -> bytes:
    """The table as one JSON object: what it is, and its rows as objects, one per line."""
    head = {
        "name": export.name,
        "generated_at": f"{windows.utc_now().isoformat(timespec='seconds')}Z",
        "limit": export.most,
        "total": table.total,
        "truncated": table.truncated,
        "columns": table.names,
    }
    text = io.StringIO()
    text.write(json.dumps(head, ensure_ascii=False)[:-1] + ', "rows": [')
    for number, row in enumerate(table.rows):
        text.write(",\n" if number else "\n")
        text.write(json.dumps(dict(zip(table.names, row, strict=True)), ensure_ascii=False))
    text.write("\n]}\n")
    return text.getvalue().encode(errors="replace")
