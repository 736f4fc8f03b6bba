"""The exposure table in force: what it lists, and its word about one request. Nothing outside of it is reachable.

Rows are read from the top; the first whose pattern, query and methods fit decides. Before any row stands the floor
(``floor``), behind all rows the list of parts that exist but stay inside the laboratory.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from urllib.parse import unquote_plus

from . import refusals
from .floor import changes_by_reading, refused
from .patterns import matcher, spellings
from .rows import Access, Decision, Route


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the monitor that stays inside the laboratory."""

    pattern: str
    """Its paths, relative to either mount."""
    what: str
    """What it is, in words."""

    @property
    def path(self) -> str:
        """Its first page."""
        return self.pattern.replace("**", "")

    def covers(self, path: str) -> bool:
        """Whether `path` (normalised, relative to the mount) lies in it."""
        return matcher(self.pattern).fullmatch(path) is not None


@dataclass(frozen=True, slots=True, eq=False)
class Exposure:
    """One table, read and checked."""

    routes: tuple[Route, ...]
    """Rows, in the order in which they are asked."""
    inside: tuple[Part, ...] = ()
    """What the monitor has and nobody reaches from outside: a link there is answered by a page that says so."""
    asset_hosts: tuple[str, ...] = ()
    """Origins (``https://host``) of which the monitor's pages may load scripts, styles and fonts (contract 3.3)."""
    form_fields: frozenset[str] = frozenset()
    """Names of form fields that hold one of the monitor's paths, to be mapped back when they are posted."""
    noise: frozenset[str] = frozenset()
    """Names of parameters that change nothing in an answer: requests that differ only in them share it."""
    echoed: str = ""
    """Name of the parameter whose number comes back in the answer (contract 3.5: DataTables' ``draw``)."""
    unfinished: tuple[str, ...] = ()
    """Texts by which the monitor says that a product is still being built: such answers are never kept."""

    _parameters: frozenset[str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_parameters", frozenset(route.query for route in self.routes))

    def decide(self, method: str, path: str, query: bytes = b"") -> Decision:
        """What the table says about `method` on `path` (as ``paths.normalise`` returns it) with the raw `query`.

        A row that lets the request through may still ask for a login (`Route.access`); the caller looks the reader up.
        """
        return _decided(self, method, path, parameter_names(query) & self._parameters)

    def is_exposed(self, path: str) -> bool:
        """Whether a link to `path` (normalised, relative to the mount) leads to something shown to somebody."""
        return self.decide("GET", path).route is not None


# The same pages are asked for again and again, and a table never changes.
@lru_cache(maxsize=2048)
def _decided(table: Exposure, method: str, path: str, parameters: frozenset[str]) -> Decision:
    others = spellings(path)
    if why := refused(path, others):
        return Decision(None, why)
    covering: list[Route] = []
    for route in table.routes:
        if route.query and route.query not in parameters:
            continue
        if route.covers(path):
            if route.takes(method):
                return _word_of(route, method, changes=changes_by_reading(path, others))
            covering.append(route)
        elif route.guards and any(route.covers(other) for other in others):
            return Decision(None, route.refusal or refusals.UNKNOWN, row=route)
    return _wrong_method(covering) if covering else Decision(None, _outside_of_rows(table, path))


def _outside_of_rows(table: Exposure, path: str) -> refusals.Refusal:
    is_inside = any(part.covers(path) for part in table.inside)
    return refusals.NOT_EXPOSED if is_inside else refusals.UNKNOWN


def _word_of(route: Route, method: str, *, changes: bool) -> Decision:
    if route.access is Access.CLOSED:
        return Decision(None, route.refusal, row=route)
    return Decision(route, writes=changes or route.writes(method), row=route)


def _wrong_method(covering: list[Route]) -> Decision:
    allowed = dict.fromkeys(method for route in covering for method in route.methods)
    return Decision(None, refusals.METHOD, tuple(allowed), row=covering[0])


@lru_cache(maxsize=512)
def parameter_names(query: bytes) -> frozenset[str]:
    """Names in a raw query, decoded as the monitor decodes them."""
    pairs = query.decode("latin-1").split("&") if query else ()
    return frozenset(unquote_plus(pair.partition("=")[0]) for pair in pairs)
