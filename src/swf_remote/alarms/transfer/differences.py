"""How two versions of an alarm or a team differ: by field, each as lines of YAML. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Literal

from .writing import write

MOST_LINES = 400
"""Of one field; longer ones are shown whole, old and new, without looking for what is alike."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a field."""

    how: Literal["same", "removed", "added"]
    text: str

    @property
    def sign(self) -> str:
        """What stands before it."""
        return {"same": " ", "removed": "-", "added": "+"}[self.how]


@dataclass(frozen=True, slots=True)
class Difference:
    """A field that differs."""

    field: str
    old: Any
    new: Any
    lines: tuple[Line, ...]


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Difference]:
    """The fields that differ, in the order of the new one; those that it lacks come last."""
    names = [*new, *(name for name in old if name not in new)]
    return [
        Difference(name, old.get(name), new.get(name), tuple(_lines(_yaml(name, old), _yaml(name, new))))
        for name in names
        if old.get(name) != new.get(name) or (name in old) != (name in new)
    ]


def _yaml(name: str, content: Mapping[str, Any]) -> list[str]:
    return write({name: content[name]}).splitlines() if name in content else []


def _lines(old: list[str], new: list[str]) -> Iterator[Line]:
    if max(len(old), len(new)) > MOST_LINES:
        yield from (Line("removed", text) for text in old)
        yield from (Line("added", text) for text in new)
        return
    for how, begin, end, new_begin, new_end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if how == "equal":
            yield from (Line("same", text) for text in old[begin:end])
        else:
            yield from (Line("removed", text) for text in old[begin:end])
            yield from (Line("added", text) for text in new[new_begin:new_end])
