"""The exposure table: who may reach what of the monitor. Nothing outside of it is reachable.

One row per line, read from the top; the first row whose pattern and methods fit decides. A pattern is a path relative
to the mount: ``<name>`` stands for one segment, ``<int>`` for a number, ``**`` for anything, a final ``/**`` for the
folder itself (with or without its slash) and all below. A closed row takes every method.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum

from . import refusals
from .refusals import Refusal

READ = ("GET", "HEAD", "OPTIONS")
WRITE = ("POST", "PUT", "PATCH", "DELETE")
SAFE_METHODS = frozenset(READ)
_FILE = ("GET", "HEAD")
_PART = re.compile(r"<int>|<\w+>|/\*\*$|\*\*|/$")


class Access(StrEnum):
    """Who may."""

    PUBLIC = "public"
    LOGIN = "login"
    STAFF = "staff"
    CLOSED = "closed"


class Identity(StrEnum):
    """Under whose name the monitor is asked."""

    NONE = "none"
    READER = "reader"


class Kind(StrEnum):
    """How the answer is treated."""

    PAGE = "page"
    DATA = "data"
    STATIC = "static"
    STREAM = "stream"


class Rewriting(StrEnum):
    """What may be done to bodies."""

    NONE = "none"
    """Nothing: ranges, encodings and conditions mean the same to both sides."""
    TEXT = "text"
    """Bodies of a known type are rewritten, and asked for whole."""
    CELLS = "cells"
    """As ``TEXT``, and HTML inside JSON is made harmless."""
    FILES = "files"
    """Ranges go to the monitor; a body of a known type is rewritten, and asked for whole when a part of it comes."""


@dataclass(frozen=True, slots=True)
class Route:
    """One row of the table."""

    pattern: str
    """Paths it covers."""
    methods: tuple[str, ...] = READ
    """Methods it covers; a closed row covers all."""
    access: Access = Access.PUBLIC
    """Who may."""
    identity: Identity = Identity.NONE
    """Whether the monitor hears the reader's name."""
    kind: Kind = Kind.PAGE
    """How the answer is treated."""
    rewriting: Rewriting = Rewriting.TEXT
    """What may be done to bodies."""
    first_byte: float = 90.0
    """Seconds from the last byte of a request that changes nothing to the head of the monitor's answer."""
    effects: bool = False
    """Whether a GET, though an ordinary read, does something at the monitor (contract 10, quirk 16): never repeated."""
    changes: bool = False
    """Whether even a GET changes something (contract 10, quirk 16), and so needs what a write needs."""
    head_as_get: bool = False
    """Whether the monitor refuses HEAD here, so that it is asked by GET (contract 11)."""
    shows: str = ""
    """The monitor's path shown instead of the asked one."""
    refusal: Refusal | None = None
    """Why it is closed."""
    _matcher: re.Pattern[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_matcher", re.compile(_expression(self.pattern), re.DOTALL))

    def covers(self, path: str) -> bool:
        """Whether `path` (normalised, relative to the mount) lies in this row."""
        return self._matcher.fullmatch(path) is not None

    @property
    def rewrites(self) -> bool:
        """Whether bodies of a known type are rewritten."""
        return self.rewriting is not Rewriting.NONE

    @property
    def passes_parts(self) -> bool:
        """Whether ranges and encodings are the monitor's own business."""
        return self.rewriting in (Rewriting.NONE, Rewriting.FILES)

    def takes(self, method: str) -> bool:
        """Whether this row decides about `method`."""
        return self.access is Access.CLOSED or method in self.methods

    def writes(self, method: str) -> bool:
        """Whether `method` may change something here: then only same-origin, freshly looked-up readers may."""
        return self.changes or method not in SAFE_METHODS


@dataclass(frozen=True, slots=True)
class Decision:
    """What the table says about one request."""

    route: Route | None
    """The row that lets it through, once `Route.access` is met; None when it is refused."""
    refusal: Refusal | None = None
    """Why it is refused."""
    allowed: tuple[str, ...] = ()
    """With a refused method: the methods that would be answered."""
    writes: bool = False
    """Whether the request may change something at the monitor."""


def _expression(pattern: str) -> str:
    """The pattern as a regular expression; a final slash may be missing, since the monitor redirects to it."""
    parts, end = [], 0
    for match in _PART.finditer(pattern):
        parts += [re.escape(pattern[end : match.start()]), _part(match[0])]
        end = match.end()
    return "".join([*parts, re.escape(pattern[end:])])


def _part(written: str) -> str:
    if written == "<int>":
        return "[0-9]+"
    return {"/**": "(?:/.*)?", "**": ".*", "/": "/?"}.get(written, "[^/]+")


def closed(pattern: str, refusal: Refusal) -> Route:
    """A row that nobody passes, in whatever spelling."""
    return Route(pattern, (), Access.CLOSED, rewriting=Rewriting.NONE, refusal=refusal)


_LOGIN, _STAFF = Access.LOGIN, Access.STAFF
_READER = Identity.READER
_DATA, _STATIC, _STREAM = Kind.DATA, Kind.STATIC, Kind.STREAM

ROUTES: tuple[Route, ...] = (
    # Never, whatever the method (contract 1.2, 8.3).
    closed("admin/**", refusals.ADMINISTRATION),
    closed("accounts/**", refusals.ACCOUNTS),
    closed("account/**", refusals.ACCOUNTS),
    closed("api-auth/**", refusals.ACCOUNTS),
    closed("o/**", refusals.ACCOUNTS),
    closed(".well-known/**", refusals.ACCOUNTS),
    closed("api/users/**", refusals.PRIVATE_DATA),
    closed("pcs/api/questionnaires/**", refusals.PRIVATE_DATA),
    closed("logs/**", refusals.LOGS),
    closed("api/logs/**", refusals.LOGS),
    closed("mcp/**", refusals.AGENTS),
    closed("api/schema/**", refusals.AGENTS),
    closed("panda/system/refresh/**", refusals.OPERATORS_ONLY),
    # The hub; the monitor's own first page only redirects by script (contract 1.3).
    Route("", shows="prod/"),
    Route("prod/"),
    Route("about/"),
    Route("testbed/"),
    # PanDA: the same for everyone, so fetched without a name.
    Route("panda/system/status.json", kind=_DATA, first_byte=5.0),
    Route("panda/system/**", access=_STAFF),
    Route("panda/**"),
    Route("api/panda/**", kind=_DATA, head_as_get=True),
    # The physics configuration system and the assessments: as the reader.
    Route("pcs/tasks/<name>/commands/", access=_LOGIN, identity=_READER, changes=True),
    Route("pcs/api/**", kind=_DATA, identity=_READER),
    Route("pcs/**", identity=_READER),
    Route("pcs/**", WRITE, _LOGIN, _READER),
    Route("ai/api/**", ("POST",), _LOGIN, _READER, _DATA),
    Route("ai/assessments/<int>/quality/", ("POST",), _LOGIN, _READER),
    Route("ai/**", identity=_READER),
    # Files: only style sheets, scripts and the like can hold URLs; all others pass as they are, in ranges if asked.
    Route("static/**.css", _FILE, kind=_STATIC),
    Route("static/**.js", _FILE, kind=_STATIC),
    Route("static/**.mjs", _FILE, kind=_STATIC),
    Route("static/**.json", _FILE, kind=_STATIC),
    Route("static/**.html", _FILE, kind=_STATIC),
    Route("static/**", _FILE, kind=_STATIC, rewriting=Rewriting.NONE),
    Route("api/messages/stream/", ("GET",), _LOGIN, kind=_STREAM, rewriting=Rewriting.NONE),
)

# Parts that the monitor has and the table does not list: their links lead to a page that says so (contract 2).
_INSIDE_ONLY = (
    "home",
    "dashboard",
    "testbed",
    "analysis",
    "compute-usage",
    "system",
    "alarms",
    "epicprod",
    "panda-queues",
    "rucio-endpoints",
    "panda-database",
    "idds-database",
    "canary",
    "snapper",
    "workflows",
    "stf-files",
    "persistent-state",
    "api",
)
_INSIDE_ROWS = tuple(closed(f"{part}/**", refusals.NOT_EXPOSED) for part in _INSIDE_ONLY)


def decide(method: str, path: str) -> Decision:
    """What the table says about `method` on `path` (as ``paths.normalise`` returns it).

    A row that lets the request through may still ask for a login (`Route.access`); the caller looks the reader up.
    """
    covering = [route for route in ROUTES if route.covers(path)] or [row for row in _INSIDE_ROWS if row.covers(path)]
    for route in covering:
        if route.takes(method):
            if route.access is Access.CLOSED:
                return Decision(None, route.refusal)
            return Decision(route, writes=route.writes(method))
    if not covering:
        return Decision(None, refusals.UNKNOWN)
    allowed = dict.fromkeys(method for route in covering for method in route.methods)
    return Decision(None, refusals.METHOD, tuple(allowed))


def is_exposed(path: str) -> bool:
    """Whether a link to `path` (normalised, relative to the mount) leads to something the table shows to somebody."""
    return decide("GET", path).route is not None
