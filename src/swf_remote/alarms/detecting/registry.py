"""Which detectors there are: entry points of the group ``swf_remote.detectors``, ours and those of other distributions.

An entry point's name is the detector's name, its object the detector's class. One that cannot be used is left out and
told; nothing else suffers from it.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from types import MappingProxyType
from typing import Any

from .contract import Detector, Parameters
from .fields import fields_of
from .reading import read_parameters

__all__ = ["GROUP", "UnknownDetector", "all_detectors", "detector", "forget", "problems", "read_parameters"]

LOG = logging.getLogger("swf_remote.alarms.detectors")
GROUP = "swf_remote.detectors"
OURS = "swf_remote."
NAME = re.compile(r"[a-z][a-z0-9_]{0,99}")


class UnknownDetector(LookupError):  # noqa: N818 - the name says what it is
    """There is no detector of that name."""


@dataclass(frozen=True, slots=True)
class _Found:
    detectors: Mapping[str, Detector[Any]]
    problems: tuple[str, ...]


def all_detectors() -> Mapping[str, Detector[Any]]:
    """Every detector by its name, in the order of titles."""
    return _found().detectors


def detector(name: str) -> Detector[Any]:
    """The detector of that name.

    Raises:
        UnknownDetector: there is none; the text lists those that there are.
    """
    found = all_detectors()
    if name not in found:
        raise UnknownDetector(f"there is no detector {name!r}; there are {', '.join(sorted(found)) or 'none'}")
    return found[name]


def problems() -> tuple[str, ...]:
    """One line for each entry point that was left out."""
    return _found().problems


def forget() -> None:
    """Look again when somebody asks next: distributions were added or removed."""
    _found.cache_clear()


@cache
def _found() -> _Found:
    found, told = _load(entry_points(group=GROUP))
    for line in told:
        LOG.warning("detector left out: %s", line)
    return _Found(MappingProxyType(found), told)


def _load(points: Iterable[EntryPoint]) -> tuple[dict[str, Detector[Any]], tuple[str, ...]]:
    found: dict[str, Detector[Any]] = {}
    told: list[str] = []
    # Ours first: a foreign one never takes the place of one of ours.
    for point in sorted(points, key=lambda one: (not one.value.startswith(OURS), one.name, one.value)):
        try:
            if point.name in found:
                raise TypeError("there is one of that name already")
            found[point.name] = _made(point.name, point.load())
        # Whatever code of others does while it is loaded, it must not take the alarms with it.
        except (Exception, SystemExit) as error:
            told.append(f"{point.name} ({point.value}): {type(error).__name__}: {error}")
    return dict(sorted(found.items(), key=lambda item: item[1].title)), tuple(told)


def _made(name: str, kind: Any) -> Detector[Any]:
    if not isinstance(kind, type) or not issubclass(kind, Detector):
        raise TypeError("is no subclass of Detector")
    made: Detector[Any] = kind()
    if made.name != name or not NAME.fullmatch(name):
        raise TypeError(f"calls itself {made.name!r}; allowed: the entry point's name, of a-z, 0-9 and underscore")
    if not (isinstance(made.title, str) and isinstance(made.summary, str)):
        raise TypeError("has no title or summary")
    if not (isinstance(made.Parameters, type) and issubclass(made.Parameters, Parameters)):
        raise TypeError("its Parameters are no subclass of Parameters")
    fields_of(made.Parameters)
    return made
