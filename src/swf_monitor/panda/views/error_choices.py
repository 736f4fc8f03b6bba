"""The filter links above the error tables: component, status, and how jobs are counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from swf_monitor.panda.formatting import with_query
from swf_monitor.panda.windows import Window


@dataclass(frozen=True)
class Choice:
    """One value of a filter and the address that sets it."""

    label: str
    url: str
    current: bool


@dataclass(frozen=True)
class ChoiceRow:
    """A filter with its values; the first one lifts it."""

    name: str
    label: str
    choices: list[Choice]


def choice_row(
    name: str,
    label: str,
    values: Sequence[tuple[str, str]],
    *,
    path: str,
    window: Window,
    filters: Mapping[str, str],
) -> ChoiceRow:
    """Links for the values of one filter, each a pair of value and label; the other filters stay as they are."""
    asked = filters.get(name, "")
    choices = [
        Choice(words, with_query(path, {**window.parameters(), **filters, name: value}), value == asked)
        for value, words in values
    ]
    return ChoiceRow(name, label, choices)


def without_choices(fixed: Mapping[str, str], rows: Sequence[ChoiceRow]) -> dict[str, str]:
    """The filters that still need a chip with a [clear] link, being in none of the rows."""
    in_rows = {row.name for row in rows}
    return {name: value for name, value in fixed.items() if name not in in_rows}
