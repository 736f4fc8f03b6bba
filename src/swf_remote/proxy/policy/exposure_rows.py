"""One row of the exposure file becomes a ``Route``, with its defaults, or a list of what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Any

from . import refusals
from .floor import reaches_floor
from .patterns import is_pattern, places
from .rows import (
    EVERY,
    READ,
    REFRESH,
    WRITE,
    Access,
    Cache,
    Identity,
    Kind,
    Rewriting,
    Route,
    Spending,
    closed,
    is_ours,
)

_GROUPS = {"read": READ, "write": WRITE}
_METHODS = (*READ, *WRITE)
_LONGEST_WAIT = 3600
_LONGEST_LIFETIME = 31_536_000
_HEADER = re.compile(r"[a-z0-9-]+")
_SLOT = re.compile(r"[a-z][a-z0-9-]*")
_WITHIN = re.compile(r"https://[a-z0-9.-]+/(?:[\w.~-]+/)*")
_REWRITING = {
    Kind.PAGE: Rewriting.TEXT,
    Kind.DATA: Rewriting.TEXT,
    Kind.STATIC: Rewriting.FILES,
    Kind.STREAM: Rewriting.NONE,
}


class RowError(ValueError):
    """The row cannot be used; ``faults`` says why."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


def route_of(row: Mapping[str, object], number: int) -> Route:
    """The row as a route.

    Args:
        number: which row of its file it is, from 1.

    Raises:
        RowError: it has unknown keys, values that are not allowed, or says things that do not fit together.
    """
    values: dict[str, Any] = {}
    faults = [f"has the unknown key {key!r}; known are {', '.join(_KEYS)}" for key in row if key not in _KEYS]
    faults += ["has no 'path'"] if "path" not in row else []
    for key, value in row.items():
        if key in _KEYS:
            name, read = _KEYS[key]
            try:
                values[name] = read(value)
            except ValueError as error:
                faults.append(f"{key} is {value!r}: it must be {error}")
    if faults:
        raise RowError(faults)
    route = Route(**_with_defaults(values), number=number)
    if faults := list(_contradictions(route)):
        raise RowError(faults)
    return route


def _with_defaults(values: dict[str, Any]) -> dict[str, Any]:
    kind = values.get("kind", Kind.PAGE)
    if values.get("access") is Access.CLOSED:
        return {"methods": (), "rewriting": Rewriting.NONE} | values
    usual = {"rewriting": _REWRITING[kind], "cache": _cache(values, kind), "sample": _sample(values)}
    return usual | {"budget": _budget(values, kind)} | values


def _sample(values: dict[str, Any]) -> str:
    """The row's only page, where it has but one and can be asked for it without doing anything."""
    pattern = str(values["pattern"])
    only = not set(pattern) & set("<*") and "GET" in values.get("methods", READ)
    apart = any(values.get(name) for name in ("effects", "changes", "query", "shows", "url_within"))
    return pattern if only and not apart and values.get("kind") is not Kind.STREAM else ""


def _cache(values: dict[str, Any], kind: Kind) -> Cache:
    alive = values.get("effects") or values.get("changes") or kind is Kind.STREAM
    if alive or not set(values.get("methods", READ)) <= set(READ):
        return Cache.NONE
    if values.get("identity") is Identity.READER:
        return Cache.PRIVATE
    return Cache.STATIC if kind is Kind.STATIC else Cache.SHARED


def _budget(values: dict[str, Any], kind: Kind) -> Spending:
    if values.get("query") == REFRESH:
        return Spending.REFRESHES
    return Spending.FILES if kind is Kind.STATIC else Spending.MISSES


def _contradictions(route: Route) -> Iterator[str]:
    """What the row says that does not fit together."""
    if route.access is Access.CLOSED:
        yield from _of_closed(route)
        return
    if route.refusal is not None:
        yield "has a refusal, but is not closed"
    if why := reaches_floor(route.pattern) or (reaches_floor(route.shows) if route.shows else None):
        yield f"opens what no table can open: {why.title[0].lower()}{why.title[1:]}"
    yield from _of_writing(route)
    if route.cache is Cache.NONE and (route.lifetime is not None or route.longest is not None):
        yield "is not kept, and so has neither lifetime nor longest"
    if route.identity is Identity.READER and route.cache in (Cache.SHARED, Cache.STATIC):
        yield "depends on the reader's name, and so cannot be kept for all: cache must be private or none"
    if route.sample and not route.covers(route.sample):
        yield f"has the sample {route.sample}, which is none of its pages"
    if route.kind is Kind.STREAM and route.rewriting is not Rewriting.NONE:
        yield "is a stream, and streams are not rewritten: rewriting must be none"
    yield from _of_slot(route)


def _of_slot(route: Route) -> Iterator[str]:
    if route.slot and (route.kind is not Kind.PAGE or not route.rewrites):
        yield "has a slot, and so must be a page that is rewritten"
    if route.slot and places(route.pattern) > 1:
        yield "has a slot, whose key stands in the path, and so can have only one <name> or <int>"


def _of_writing(route: Route) -> Iterator[str]:
    writes = any(route.writes(method) for method in route.methods)
    nameless = route.access is Access.PUBLIC or route.identity is Identity.NONE
    if writes and nameless and not route.anonymous_writes:
        yield "writes, and so needs who = login or staff, and identity = reader"
    if route.anonymous_writes and not writes:
        yield "writes nothing, and so cannot have anonymous_writes"
    if route.anonymous_writes and (route.access is not Access.PUBLIC or route.identity is Identity.READER):
        yield "lets anybody write, and so has neither who nor identity"


def _of_closed(route: Route) -> Iterator[str]:
    if route.refusal is None:
        yield f"is closed, and so needs a refusal: {_choices(refusals.CLOSING)}"
    if route != closed(route.pattern, route.refusal, route.number):
        yield "is closed, and so has nothing but path, who and refusal"


def _choices(words: Iterable[str]) -> str:
    *most, last = words
    return f"{', '.join(most)} or {last}" if most else last


def _one_of(kind: type[StrEnum]) -> Callable[[object], StrEnum]:
    def read(value: object) -> StrEnum:
        allowed = [str(one) for one in kind]
        if value not in allowed:
            raise ValueError(_choices(allowed))
        return kind(value)

    return read


def _methods(value: object) -> tuple[str, ...]:
    if isinstance(value, str) and value in _GROUPS:
        return _GROUPS[value]
    names = value.split() if isinstance(value, str) else []
    if not names or not set(names) <= set(_METHODS) or len(set(names)) < len(names):
        raise ValueError(f'"read", "write" or some of {" ".join(_METHODS)}')
    return tuple(names)


def _refusal(value: object) -> refusals.Refusal:
    if not isinstance(value, str) or value not in refusals.CLOSING:
        raise ValueError(_choices(refusals.CLOSING))
    return refusals.CLOSING[value]


def _pattern(value: object) -> str:
    if not isinstance(value, str) or not is_pattern(value):
        raise ValueError("a path relative to the mount, of plain letters, <name>, <int> and **")
    return value


def _page(value: object) -> str:
    if not isinstance(value, str) or not value or not is_pattern(value) or set(value) & set("<*"):
        raise ValueError("one path relative to the mount, such as prod/")
    return value


def _parameter(value: object) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[\w.-]+", value):
        raise ValueError("the name of a query parameter")
    return value


def _address(value: object) -> str:
    if not isinstance(value, str) or not _WITHIN.fullmatch(value):
        raise ValueError("an address such as https://host/path/ with a slash at its end")
    return value


def _slot(value: object) -> str:
    if not isinstance(value, str) or not _SLOT.fullmatch(value):
        raise ValueError("a word of small letters, such as task")
    return value


def _headers(value: object) -> frozenset[str]:
    names = frozenset(value.lower().split()) if isinstance(value, str) else frozenset()
    if names == {EVERY}:
        return names
    if not names or any(is_ours(name) or not _HEADER.fullmatch(name) for name in names):
        raise ValueError('names of request headers, none that name somebody or say how a message is sent, or "*"')
    return names


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError("true or false")
    return value


def _seconds(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= _LONGEST_WAIT:
        raise ValueError(f"seconds, more than 0 and at most {_LONGEST_WAIT}")
    return float(value)


def _lifetime(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _LONGEST_LIFETIME:
        raise ValueError(f"seconds, at most {_LONGEST_LIFETIME}")
    return float(value)


def _size(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError("a number of bytes")
    return value


# Key in the file: field of ``Route``, and how its value is read.
_KEYS: Mapping[str, tuple[str, Callable[[object], object]]] = {
    "path": ("pattern", _pattern),
    "methods": ("methods", _methods),
    "who": ("access", _one_of(Access)),
    "identity": ("identity", _one_of(Identity)),
    "kind": ("kind", _one_of(Kind)),
    "cache": ("cache", _one_of(Cache)),
    "lifetime": ("lifetime", _lifetime),
    "longest": ("longest", _lifetime),
    "rewriting": ("rewriting", _one_of(Rewriting)),
    "first_byte": ("first_byte", _seconds),
    "headers": ("headers", _headers),
    "upload": ("upload", _size),
    "budget": ("budget", _one_of(Spending)),
    "query": ("query", _parameter),
    "url_within": ("url_within", _address),
    "effects": ("effects", _flag),
    "changes": ("changes", _flag),
    "anonymous_writes": ("anonymous_writes", _flag),
    "head_as_get": ("head_as_get", _flag),
    "shows": ("shows", _page),
    "sample": ("sample", _page),
    "slot": ("slot", _slot),
    "refusal": ("refusal", _refusal),
}
