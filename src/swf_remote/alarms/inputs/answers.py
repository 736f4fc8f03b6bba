"""The answers of one tick, by question."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar, cast

from .queries import InputError, Query

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Answers:
    """What a detector is given; nothing else than what it asked for is there."""

    now: datetime
    """The moment that all of it is about (aware, UTC)."""
    found: Mapping[Query[Any], Any]
    """The answer of each question, or the ``InputError`` in its place."""

    def __getitem__(self, query: Query[T]) -> T:
        """The answer.

        Raises:
            InputError: it could not be had.
        """
        answer = self.found.get(query)
        if isinstance(answer, InputError):
            raise answer
        if query not in self.found:
            raise InputError(f"nobody asked {query!r} before")
        return cast(T, answer)
