"""What one message of an alarm is about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from swf_remote.alarms.models import Event


@dataclass(frozen=True, slots=True)
class News:
    """The events of a message, and how many others fire without being told."""

    new: Sequence[Event] = ()
    continuing: Sequence[Event] = ()
    cleared: Sequence[Event] = ()
    escalated: Sequence[Event] = ()
    """Told to others than the rest: nobody has acknowledged them for as long as the alarm waits."""
    acknowledged: int = 0
    silenced: int = 0

    def __bool__(self) -> bool:
        return bool(self.new or self.continuing or self.cleared or self.escalated)
