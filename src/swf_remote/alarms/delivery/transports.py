"""What a way to reach people is given, and what it says afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Parcel:
    """One delivery, for one attempt."""

    id: str
    destinations: tuple[str, ...]
    subject: str
    content: Mapping[str, Any]
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Result:
    """What became of it. Destinations that are in none of these have it not, and are tried again."""

    reached: tuple[str, ...] = ()
    refused: Mapping[str, str] = field(default_factory=dict)
    """Those that will never take it, and what was said."""
    detail: str = ""
    """In words, for people; without secrets."""
    wait: float | None = None
    """Seconds that the other side wants to be left alone."""


class Transport(Protocol):
    """A way to reach people; called in a thread of its own, without a database."""

    def deliver(self, parcel: Parcel) -> Result:
        """Try once, for a bounded time. What it raises counts as a failure that may pass."""
