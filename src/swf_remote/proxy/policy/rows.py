"""One row of the exposure table, and what a row says about a request. Values only; the table is read elsewhere."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum

from .patterns import matcher
from .refusals import Refusal

READ = ("GET", "HEAD", "OPTIONS")
WRITE = ("POST", "PUT", "PATCH", "DELETE")
EVERY = "*"
REFRESH = "refresh"
"""The parameter by which a reader wants an answer computed anew."""
SAFE_METHODS = frozenset(READ)
_OURS = re.compile(
    r"authorization|cookie2?|proxy-.*|x-remote-.*|remote-.*|via|forwarded|x-forwarded-.*|x-real-ip|x-client-ip|host|"
    r"connection|keep-alive|te|trailer|transfer-encoding|upgrade|expect|content-length|content-encoding|"
    r"accept-encoding|range|if-.*"
)


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

    @property
    def is_done(self) -> bool:
        """Whether bodies of a known type are rewritten."""
        return self is not Rewriting.NONE

    @property
    def passes_parts(self) -> bool:
        """Whether ranges and encodings are the monitor's own business."""
        return self in (Rewriting.NONE, Rewriting.FILES)


class Cache(StrEnum):
    """Who may keep an answer to a read. What the monitor itself says of an answer can only narrow this."""

    NONE = "none"
    """Nobody: it is alive, or asking does something."""
    PRIVATE = "private"
    """Whoever asked: it depends on the name that the monitor heard. ``Cache-Control: private`` unless it says more."""
    SHARED = "shared"
    """Everybody: no name was sent, so it is the same for all."""
    STATIC = "static"
    """Everybody, for as long as its validators hold; names of files carry no version (contract 10, quirk 22)."""


class Spending(StrEnum):
    """Which of a reader's budgets a question to the monitor is taken from."""

    MISSES = "misses"
    """What no other one is for: pages and data that are not kept."""
    FILES = "files"
    REFRESHES = "refreshes"
    """What is to be computed anew."""
    LOGS = "logs"
    """What the monitor has to fetch from elsewhere, such as logs of jobs."""
    WRITES = "writes"


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
    cache: Cache = Cache.NONE
    """Who may keep the answer."""
    lifetime: float | None = None
    """Seconds for which an answer is fresh where the monitor says nothing; None: as usual for its kind."""
    longest: float | None = None
    """Seconds for which an answer is fresh at most, whatever the monitor says."""
    first_byte: float = 90.0
    """Seconds from the last byte of a request that changes nothing to the head of the monitor's answer."""
    headers: frozenset[str] = frozenset()
    """Further request headers that pass, lower case, besides those that pass on every row; ``EVERY`` stands for all."""
    budget: Spending = Spending.MISSES
    """Which of the reader's budgets a read is taken from; a write is always taken from that of writes."""
    upload: int | None = None
    """Bytes of the largest request body, where that is less than ``SWF_REMOTE_UPLOAD_LIMIT``."""
    query: str = ""
    """The row is only about requests whose query has a parameter of this name."""
    url_within: str = ""
    """The query must have one ``url``, and that must lie below this address (contract 2.2)."""
    effects: bool = False
    """Whether a GET, though an ordinary read, does something at the monitor (contract 10, quirk 16): never repeated."""
    changes: bool = False
    """Whether even a GET changes something (contract 10, quirk 16), and so needs what a write needs."""
    anonymous_writes: bool = False
    """Whether anybody on any site may write, under no name. Never in the shipped table."""
    head_as_get: bool = False
    """Whether the monitor refuses HEAD here, so that it is asked by GET (contract 11)."""
    shows: str = ""
    """The monitor's path shown instead of the asked one."""
    sample: str = ""
    """A page of the row that every monitor with this part has; empty when nothing is to be asked for."""
    slot: str = ""
    """Of a page: the kind of marker that may stand above its content (``proxy.slots``); empty for none."""
    refusal: Refusal | None = None
    """Why it is closed."""
    number: int = 0
    """Which row of the table it is, from 1; 0 for rows that stand in no file."""
    _matcher: re.Pattern[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_matcher", matcher(self.pattern))

    def covers(self, path: str) -> bool:
        """Whether `path` (normalised, relative to the mount) lies in this row."""
        return self._matcher.fullmatch(path) is not None

    @property
    def rewrites(self) -> bool:
        """Whether bodies of a known type are rewritten."""
        return self.rewriting.is_done

    @property
    def passes_parts(self) -> bool:
        """Whether ranges and encodings are the monitor's own business."""
        return self.rewriting.passes_parts

    @property
    def guards(self) -> bool:
        """Whether this row withholds what a later one would let through, and so counts in every spelling."""
        return self.access is not Access.PUBLIC or self.changes or bool(self.url_within)

    def takes(self, method: str) -> bool:
        """Whether this row decides about `method`."""
        return self.access is Access.CLOSED or method in self.methods

    def writes(self, method: str) -> bool:
        """Whether `method` may change something here: then only same-origin, freshly looked-up readers may."""
        return self.changes or method not in SAFE_METHODS

    def passes(self, header: str) -> bool:
        """Whether a request header (lower case) that does not pass everywhere passes here."""
        return header in self.headers or (EVERY in self.headers and not is_ours(header))


def is_ours(header: str) -> bool:
    """Whether a request header (lower case) never passes: it names somebody, or says how a message is sent."""
    return _OURS.fullmatch(header) is not None


def closed(pattern: str, refusal: Refusal | None, number: int = 0) -> Route:
    """A row that nobody passes, by whatever method and in whatever spelling."""
    return Route(pattern, (), Access.CLOSED, rewriting=Rewriting.NONE, refusal=refusal, number=number)


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
    row: Route | None = None
    """The row that decided; None where no row of the file did."""
