"""A failure in words, before it becomes a page or JSON.

Everything that goes wrong in the gateway is told as one ``Problem``; ``swf_remote.web.error_pages`` turns it into HTML
or ``application/problem+json`` (RFC 9457). It never holds an upstream address, a traceback or a secret.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Problem:
    """What happened and what the reader can do about it."""

    status: int
    """HTTP status of the answer."""
    kind: str
    """Stable slug such as ``link-down``, for programs."""
    title: str
    """What happened, in words."""
    detail: str
    """What the reader can do."""
    since: datetime | None = None
    """When it began (UTC), if known."""
    retry_after: int | None = None
    """Seconds after which a retry is worth it; None when it is not, or nobody knows."""
    outcome: str | None = None
    """For writes: whether anything changed."""
    allow: tuple[str, ...] = ()
    """Methods that would be answered, for 405."""
    faults: tuple[tuple[str, str], ...] = ()
    """What is wrong with what was sent: fields, each with words."""
    inside: str | None = None
    """Address inside the laboratory where the monitor itself shows it."""


class ProblemError(Exception):
    """Raised where a request cannot go on; carries the problem to the place that answers."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.title)
        self.problem = problem


class AnswerAbortedError(Exception):
    """The answer has begun and cannot be completed: its connection has to break, so that nobody takes it for whole."""
