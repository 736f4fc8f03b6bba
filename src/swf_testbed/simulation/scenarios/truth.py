"""What is so at a moment of a scenario, for judging alarms: which faults there are, who suffers, who is innocent.

A subject is written ``site:NAME``, ``user:NAME`` (as in ``username``), ``campaign:26.11.2`` (the software release, as
in task names), ``error:COMPONENT:CODE`` (the monitor's component names) or ``task:ID``.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal

Verdict = Literal["right", "consequence", "wrong"]


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that an alarm has to find. Times are UTC without zone.

    Attributes:
        kind: what is wrong; the kinds and the rules by which each becomes visible are in `evidence`.
        begin, end: when it acts; ``end`` is None while it lasts.
        visible: the first step at which the tables showed it, None until then; an alarm's two ticks count from here.
        why: what happened, for people.
    """

    kind: str
    subject: str
    begin: datetime
    end: datetime | None
    visible: datetime | None
    why: str


@dataclass(frozen=True, slots=True)
class Truth:
    """The truth about a scenario as far as it has been played.

    Attributes:
        faults: those that have begun.
        consequences: subjects that suffer from a fault: to name them is neither right nor wrong.
        innocent: subjects that might catch the eye, for the reader; to name these, or anything else, is wrong.
    """

    name: str
    seed: int
    now: datetime
    faults: tuple[Fault, ...]
    consequences: frozenset[str]
    innocent: tuple[str, ...]

    def verdict(self, kind: str, subject: str) -> Verdict:
        """What an alarm of this kind about this subject is worth."""
        if any((fault.kind, fault.subject) == (kind, subject) for fault in self.faults):
            return "right"
        suffering = subject in self.consequences or any(fault.subject == subject for fault in self.faults)
        return "consequence" if suffering else "wrong"

    def as_json(self) -> dict[str, Any]:
        """The same as plain values, times in ISO 8601 with Z."""
        document = asdict(self) | {"consequences": sorted(self.consequences)}
        return {key: _plain(value) for key, value in document.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return f"{value.isoformat(timespec='seconds')}Z"
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    return [_plain(part) for part in value] if isinstance(value, list | tuple) else value
