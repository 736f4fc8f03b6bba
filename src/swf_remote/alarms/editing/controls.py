"""Inputs of forms, whatever they are for: what stands in them, what may be put in, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["text", "multiline", "number", "integer", "bool", "choice", "multi-choice"]


@dataclass(slots=True)
class Control:
    """One input, or one group of boxes."""

    name: str
    label: str
    kind: Kind
    values: Sequence[str] = ()
    help: str = ""
    unit: str = ""
    choices: Sequence[tuple[str, str]] = ()
    """Value and words."""
    faults: Sequence[str] = ()
    required: bool = False
    most: int | None = None
    """Characters."""
    placeholder: str = ""
    monospace: bool = False

    @property
    def id(self) -> str:
        """Its identifier in the page."""
        return f"f-{self.name.replace('.', '-')}"

    @property
    def value(self) -> str:
        """What stands in it, where it is one text."""
        return self.values[-1] if self.values else ""

    @property
    def boxes(self) -> list[tuple[str, str, str, bool]]:
        """Of a choice: identifier, value, words and whether it is chosen."""
        return [
            (f"{self.id}-{at}", value, words, value in self.values) for at, (value, words) in enumerate(self.choices)
        ]

    @property
    def target(self) -> str:
        """Where a link to it leads."""
        return f"{self.id}-0" if self.kind == "multi-choice" and self.choices else self.id

    @property
    def described_by(self) -> str:
        """Identifiers of what explains it."""
        words = [f"{self.id}-help"] if self.help or self.unit else []
        return " ".join([*words, *([f"{self.id}-error"] if self.faults else [])])

    @property
    def rows(self) -> int:
        """Height of an input of several lines."""
        return min(max(self.value.count("\n") + 2, 3), 16)


@dataclass(slots=True)
class Group:
    """Inputs under a heading."""

    id: str
    title: str
    words: str
    controls: list[Control] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Form:
    """A form as it is shown."""

    groups: Sequence[Group]
    faults: Mapping[str, Sequence[str]] = field(default_factory=dict)
    hidden: Mapping[str, str] = field(default_factory=dict)

    @property
    def problems(self) -> list[tuple[str, str]]:
        """For the summary: what is wrong, and the identifier of the input that it is about."""
        found, known = [], set()
        for group in self.groups:
            for control in group.controls:
                known.add(control.name)
                found += [(f"{control.label}: {words}", control.target) for words in control.faults]
        for name, faults in self.faults.items():
            if name not in known:
                found += [(f"{name}: {words}", "editor") for words in faults]
        return found

    def control(self, name: str) -> Control:
        """The input of that name.

        Raises:
            KeyError: there is none.
        """
        for group in self.groups:
            for control in group.controls:
                if control.name == name:
                    return control
        raise KeyError(name)
