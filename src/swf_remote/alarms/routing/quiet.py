"""What holds messages back: silences, queues that are switched off, and events that explain others. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from .explaining import Explanation
from .matchers import Matchers

Labels = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Quiet:
    """All that holds messages of one alarm back at a moment."""

    silences: Sequence[Matchers] = ()
    closed: AbstractSet[str] = frozenset()
    """Sites whose queues are switched off, where the alarm heeds that."""
    explanation: Explanation | None = None
    told: Sequence[Labels] = ()
    """Labels of other alarms' events that fire and of which people were told: only these explain, so that no two
    alarms can hide behind each other."""

    def __bool__(self) -> bool:
        """Whether anything may be held back at all."""
        return bool(self.silences or self.closed or self.explanation)

    def holds_back(self, labels: Labels) -> bool:
        """Whether nobody is to be told of an event with these labels."""
        return (
            any(one.hold(labels) for one in self.silences)
            or labels.get("site", "") in self.closed
            or (self.explanation is not None and self.explanation.is_among(self.told, labels))
        )
