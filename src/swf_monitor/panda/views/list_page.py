"""What a list page with a server-side table hands to ``panda/_datatable.html``.

The template, ``static/monitor/datatable.js`` and `swf_monitor.panda.datatables` are the three parts of one table.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from swf_monitor.panda.formatting import with_query
from swf_monitor.panda.windows import CHOICES, Window


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Attributes:
        label: the head's words; times carry their zone here.
        orderable: whether the server sorts by it.
        css: classes of its cells, e.g. ``num`` (right-aligned digits), ``mono``, ``nowrap``.
        phone: on a phone the row is a card: ``title`` heads it, ``show`` is a line of it, ``hide`` is left out.
        hint: explanation, shown as the head's title.
    """

    label: str
    orderable: bool = True
    css: str = ""
    phone: str = "show"
    hint: str = ""

    @property
    def classes(self) -> str:
        """All classes of the column's cells."""
        return f"{self.css} phone-{self.phone}".strip()


@dataclass(frozen=True, slots=True)
class Facet:
    """A filter filled from the filter-counts endpoint: query parameter and label."""

    name: str
    label: str


@dataclass(frozen=True, slots=True)
class Live:
    """How changes of the event stream reach the table.

    Attributes:
        event: the event's name, ``task_state`` or ``job_state``.
        key: the payload's key of the row's id.
        id_column, status_column: indexes of the columns that hold id and status.
    """

    event: str
    key: str
    id_column: int
    status_column: int


@dataclass(frozen=True, slots=True)
class ListPage:
    """One list page.

    Attributes:
        title: page title and heading.
        noun: what the rows are, in the plural.
        path: URL name of the page.
        data, counts: URL names of its data and filter-counts endpoints; counts may be empty.
        columns, facets: see there.
        order: default order as the script wants it, ``[[column, "desc"]]``.
        fixed: names of parameters that are passed on and shown with a [clear] link, but have no facet.
        searchable: whether the server searches.
    """

    title: str
    noun: str
    path: str
    data: str
    counts: str
    columns: Sequence[Column]
    facets: Sequence[Facet] = ()
    order: Sequence[tuple[int, str]] = ((0, "desc"),)
    fixed: Sequence[str] = ()
    searchable: bool = True
    live: Live | None = None

    def context(self, request: HttpRequest, window: Window) -> dict[str, Any]:
        """Template variables: ``page``, ``days_links``, ``window``, ``filters`` and the script's configuration."""
        asked = {name: request.GET[name] for name in self._parameters() if request.GET.get(name)}
        return {
            "page": self,
            "window": window,
            "filters": asked,
            "filters_text": json.dumps(asked),
            "fixed_filters": {name: asked[name] for name in self.fixed if name in asked},
            "days_links": days_links(reverse(self.path), window, asked),
            "table_configuration": self._configuration(window, asked),
        }

    def _parameters(self) -> list[str]:
        return [*(facet.name for facet in self.facets), *self.fixed]

    def _configuration(self, window: Window, asked: Mapping[str, str]) -> dict[str, Any]:
        return {
            "noun": self.noun,
            "order": [list(pair) for pair in self.order],
            "searchable": self.searchable,
            "columns": [
                {"label": column.label, "orderable": column.orderable, "className": column.classes}
                for column in self.columns
            ],
            "facets": [asdict(facet) for facet in self.facets],
            "window": {name: str(value) for name, value in window.parameters().items()},
            "filters": dict(asked),
            "live": asdict(self.live) if self.live else None,
        }


def days_links(path: str, window: Window, asked: Mapping[str, str]) -> list[dict[str, Any]]:
    """The days selector: one link per choice that keeps the filters."""
    return [
        {
            "label": label,
            "url": with_query(path, {"days": days, **asked}),
            "current": window.ended is None and window.days == days,
        }
        for days, label in CHOICES
    ]
