"""Reads an exposure table from its TOML file and says of each fault which row it is in and what is allowed there.

The shipped table is ``exposure.toml`` beside this module. A file with any fault is not used at all.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path

from .exposure import Exposure, Part
from .exposure_rows import RowError, route_of
from .patterns import is_pattern
from .rows import Route

SHIPPED = Path(__file__).with_name("exposure.toml")
_LISTS = ("routes", "inside", "asset_hosts", "form_fields", "noise", "unfinished")
_KEYS = (*_LISTS, "echoed")
_ORIGIN = re.compile(r"https://[a-z0-9-]+(?:\.[a-z0-9-]+)+(?::[0-9]+)?")
_FIELD = re.compile(r"[\w.-]+")
_TEXT = re.compile(r"[\x20-\x7e]{4,}")


class ExposureError(ValueError):
    """The file cannot be used; ``lines`` says why, one line per fault."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


@lru_cache(maxsize=8)
def read_exposure(file: Path = SHIPPED) -> Exposure:
    """The table in `file`.

    Raises:
        ExposureError: it cannot be read or is no table.
    """
    try:
        return parsed(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ExposureError([f"cannot be read: {error.strerror}"]) from None
    except UnicodeDecodeError:
        raise ExposureError(["is not a text file in UTF-8"]) from None


def parsed(text: str) -> Exposure:
    """The table that `text` (TOML) describes.

    Raises:
        ExposureError: with a line for every fault.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ExposureError([f"is no TOML: {error}"]) from None
    faults = [f"has the unknown key {key!r}; known are {_listed(_KEYS)}" for key in document if key not in _KEYS]
    faults += [f"has {key!r} that is no list" for key in _LISTS if not isinstance(document.get(key, []), list)]
    if faults:
        raise ExposureError(faults)
    routes = _routes(document.get("routes", []), faults)
    inside = _inside(document.get("inside", []), faults)
    hosts = _texts("asset_hosts", document.get("asset_hosts", []), _ORIGIN, "an origin such as https://host", faults)
    fields = _texts("form_fields", document.get("form_fields", []), _FIELD, "the name of a form field", faults)
    noise = _texts("noise", document.get("noise", []), _FIELD, "the name of a query parameter", faults)
    echoed = _texts("echoed", [document["echoed"]] if "echoed" in document else [], _FIELD, "such a name", faults)
    unfinished = _texts("unfinished", document.get("unfinished", []), _TEXT, "a text in ASCII", faults)
    if faults:
        raise ExposureError(faults)
    return Exposure(
        routes,
        inside,
        hosts,
        frozenset(fields),
        noise=frozenset(noise),
        echoed="".join(echoed),
        unfinished=unfinished,
    )


def _routes(rows: list[object], faults: list[str]) -> tuple[Route, ...]:
    found = []
    for number, row in enumerate(rows, 1):
        try:
            found.append(route_of(_as_row(row), number))
        except RowError as error:
            faults += [f"row {number}{_named(row)}: {fault}" for fault in error.faults]
    faults += _unreachable(found)
    if not rows:
        faults.append("has no rows: without 'routes' nothing could be reached")
    return tuple(found)


def _as_row(row: object) -> Mapping[str, object]:
    if not isinstance(row, dict):
        raise RowError(['must be a table such as { path = "panda/**" }'])
    return row


def _named(row: object) -> str:
    return f" ({row['path']})" if isinstance(row, dict) and isinstance(row.get("path"), str) else ""


def _unreachable(routes: list[Route]) -> Iterator[str]:
    """Rows that repeat an earlier one, so that they never decide."""
    decided: dict[tuple[str, str], dict[str, int]] = {}
    for route in routes:
        methods = decided.setdefault((route.pattern, route.query), {})
        names = route.methods or ("any",)
        earlier = [methods.get("any", methods.get(name)) for name in names]
        if None not in earlier:
            yield f"row {route.number} ({route.pattern}): never decides, since row {earlier[0]} covers the same"
        for name in names:
            methods.setdefault(name, route.number)


def _inside(parts: list[object], faults: list[str]) -> tuple[Part, ...]:
    found = []
    for number, part in enumerate(parts, 1):
        match part:
            case {"path": str(path), "what": str(what), **others} if not others and is_pattern(path) and what:
                found.append(Part(path, what))
            case _:
                faults.append(f"inside, entry {number}: must have a 'path' and 'what' it is, nothing else")
    return tuple(found)


def _texts(key: str, values: list[object], form: re.Pattern[str], what: str, faults: list[str]) -> tuple[str, ...]:
    good = [value for value in values if isinstance(value, str) and form.fullmatch(value)]
    faults += [f"{key} holds {value!r}: it must be {what}" for value in values if value not in good]
    return tuple(good)


def _listed(words: tuple[str, ...]) -> str:
    return f"{', '.join(words[:-1])} and {words[-1]}"
