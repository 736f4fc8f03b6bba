"""What the monitor's pages link, against what the exposure table knows. Pure.

NEW is a path that neither a row nor the list of inside parts nor the floor covers: readers get "no such page" there.
GONE is a row whose sample page the monitor answers with 404, while it links to no other page of the row.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from html import unescape

from swf_remote.proxy.policy import refusals
from swf_remote.proxy.policy.exposure import Exposure
from swf_remote.proxy.policy.paths import normalise
from swf_remote.proxy.policy.refusals import RefusedPath
from swf_remote.proxy.policy.rows import Access, Kind, Route

NOT_FOUND = 404
# Where a path begins: behind a quote, a bracket or an equals sign, in markup, scripts and JSON alike.
_BEGINS = r"[\"'`(=]"
_ENDS = r"[^\"'`<>()\s?#\\]*"
# A path that a script completes, so that what stands there is only its beginning.
_UNFINISHED = re.compile(r"\$\{|\{\{")
_COMPLETED = re.compile(r"[\"'`]\s*\+")
_NUMBER = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Finding:
    """One difference between monitor and table."""

    kind: str
    """``NEW`` or ``GONE``."""
    path: str
    """Relative to the mount."""
    why: str
    """Where it was seen, or which row it is."""


def links(body: str, mount: str) -> set[str]:
    """Paths below `mount` that a page of the monitor names, relative to it and without their queries."""
    text = unescape(body)
    found = re.finditer(f"{_BEGINS}{re.escape(mount)}/({_ENDS})", text)
    return {match[1] for match in found if not _UNFINISHED.search(match[1]) and not _COMPLETED.match(text, match.end())}


def new_parts(linked: Mapping[str, str], table: Exposure) -> Iterator[Finding]:
    """Linked paths that the table does not know; pages of one part, which differ in numbers only, count once.

    Args:
        linked: path, and the page that links it.
    """
    seen: set[str] = set()
    for path, page in sorted(linked.items()):
        shape = _NUMBER.sub("0", path)
        if shape not in seen and not is_known(path, table):
            yield Finding("NEW", path, f"linked from {page or 'the first page'}")
        seen.add(shape)


def is_known(path: str, table: Exposure) -> bool:
    """Whether a row, the list of inside parts or the floor says something about `path` (as it stands in a link)."""
    try:
        decision = table.decide("GET", normalise(f"/{path}".encode(), ""))
    except RefusedPath:
        return False
    return decision.refusal is not refusals.UNKNOWN


def samples(table: Exposure) -> list[Route]:
    """Rows with a page to ask for: it may be fetched without a name and without doing anything."""
    return [route for route in table.routes if route.sample and route.access is not Access.CLOSED]


def gone(statuses: Mapping[str, int], linked: Iterable[str], table: Exposure) -> Iterator[Finding]:
    """Rows whose sample page answers 404, unless the monitor still links to others of their pages.

    Args:
        statuses: pages that were asked for, and how the monitor answered.
    """
    alive = {row.number for path in linked if statuses.get(path) != NOT_FOUND and (row := _row_of(path, table))}
    for route in samples(table):
        if statuses.get(route.sample) == NOT_FOUND and route.number not in alive:
            yield Finding("GONE", route.sample, f"row {route.number} ({route.pattern or 'first page'}) answers 404")


def _row_of(path: str, table: Exposure) -> Route | None:
    try:
        return table.decide("GET", normalise(f"/{path}".encode(), "")).row
    except RefusedPath:
        return None


def may_be_walked(path: str, table: Exposure) -> bool:
    """Whether `path` is a public page that may be fetched without doing anything at the monitor."""
    try:
        decision = table.decide("GET", normalise(f"/{path}".encode(), ""))
    except RefusedPath:
        return False
    route = decision.route
    if route is None or decision.writes or route.effects or route.url_within:
        return False
    return route.access is Access.PUBLIC and route.kind is Kind.PAGE


def one_of_each(paths: Iterable[str]) -> list[str]:
    """`paths` in order, of those that differ in numbers only the first."""
    shapes: dict[str, str] = {}
    for path in sorted(paths):
        shapes.setdefault(_NUMBER.sub("0", path), path)
    return list(shapes.values())
