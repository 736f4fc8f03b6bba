"""Parameters of detectors: common kinds of fields, and what is said of values that are not allowed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field

Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
"""A part of a whole, 0 to 1."""
Hours = Annotated[float, Field(gt=0, le=30 * 24, allow_inf_nan=False, json_schema_extra={"unit": "hours"})]
"""How far back kept counters are looked at; they are kept for 30 days."""
Days = Annotated[int, Field(ge=1, le=365, json_schema_extra={"unit": "days"})]
"""How far back the monitor is asked."""
Count = Annotated[int, Field(ge=0, le=1_000_000_000)]
Pattern = Annotated[str, Field(max_length=200, json_schema_extra={"placeholder": "percent sign = anything"})]
"""A name, or an SQL LIKE pattern as soon as it holds a percent sign; empty: any."""

TaskStatus = Literal[
    "registered", "defined", "waiting", "staging", "staged", "assigning", "topreprocess", "preprocessing", "ready",
    "pending", "throttled", "scouting", "scouted", "running", "paused", "prepared", "merging", "exhausted", "passed",
    "finishing", "toretry", "toincexec", "rerefine", "toreassign", "reassigning", "toabort", "aborting", "tobroken",
    "done", "finished", "failed", "aborted", "broken",
]  # fmt: skip
"""States of tasks (panda-server)."""

JOB_STATES = (
    "pending", "defined", "waiting", "assigned", "throttled", "activated", "sent", "starting", "stagein", "running",
    "stageout", "holding", "transferring", "merging", "finished", "failed", "cancelled", "closed",
)  # fmt: skip
"""States of jobs (panda-server)."""

MOST_SHOWN = 80


@dataclass(frozen=True, slots=True)
class Fault:
    """A parameter whose value is not allowed."""

    field: str
    value: Any
    """As it came; None also when nothing came."""
    words: str
    """What is wrong and what is allowed, without the field's name."""

    def __str__(self) -> str:
        return f"{self.field}: {self.words}"


class ParameterError(ValueError):
    """Parameters that a detector cannot work with; one line per fault."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(map(str, self.faults)))


class NotAllowed(ValueError):  # noqa: N818 - it is turned into a Fault, and never seen
    """Raised by a validator of several fields together: the field that should be changed, and what is allowed."""

    def __init__(self, field: str, words: str) -> None:
        super().__init__(words)
        self.field = field


def shown(value: object) -> str:
    """A value as it is repeated to whoever gave it, cut short."""
    text = repr(value)
    return text if len(text) <= MOST_SHOWN else text[: MOST_SHOWN - 1] + "…"
