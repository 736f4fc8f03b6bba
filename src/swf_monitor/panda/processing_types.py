"""How processing types are named, grouped and filtered (contract, section 4).

PanDA stores the client's version inside the type, ``panda-client-<version>-jedi-<kind>``; readers see and filter all
versions as one. A type that holds "test" is marked as such; an empty one is shown as ``None``.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from swf_monitor.panda.queries.conditions import BLANK

NONE: Final = "None"
_VERSIONED: Final = re.compile(r"panda-client-.+?-jedi-(.+)")


@dataclass(frozen=True, slots=True)
class TypeCount:
    """A processing type as shown, how often, and the value that selects exactly these rows."""

    type: str
    count: int
    is_test: bool
    filter_value: str


def shown(processing_type: str | None) -> str:
    """The type as readers see it."""
    if not processing_type:
        return NONE
    match = _VERSIONED.fullmatch(processing_type)
    return f"panda-client-jedi-{match[1]}" if match else processing_type


def filter_value(processing_type: str | None) -> str:
    """The filter that selects all rows shown alike."""
    if not processing_type:
        return BLANK
    match = _VERSIONED.fullmatch(processing_type)
    return f"panda-client-%-jedi-{match[1]}" if match else processing_type


def type_counts(stored: Iterable[tuple[str | None, int]]) -> list[TypeCount]:
    """Counts of stored types put together as shown, largest first."""
    totals: Counter[tuple[str, str]] = Counter()
    for processing_type, number in stored:
        totals[shown(processing_type), filter_value(processing_type)] += number
    counts = [TypeCount(name, number, "test" in name, wanted) for (name, wanted), number in totals.items()]
    return sorted(counts, key=lambda found: (-found.count, found.type))
