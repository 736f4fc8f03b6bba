"""Preparations of answers that many alarms share: made once, kept for the last few answers."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Generic, ParamSpec, TypeVar

A = ParamSpec("A")
R = TypeVar("R")


class OncePerAnswer(Generic[A, R]):
    """A pure function of answers, asked many times for the very same objects.

    Answers are compared by identity: hashing thousands of tasks would cost more than most preparations. Those that are
    kept are held, so that no other object takes their identity. Arguments by name are compared by value.
    """

    def __init__(self, make: Callable[A, R], most: int = 8) -> None:
        self._make, self._most = make, most
        self._kept: dict[Hashable, tuple[object, R]] = {}

    def __call__(self, *answers: A.args, **values: A.kwargs) -> R:
        """What is made of these answers."""
        key = (*map(id, answers), *sorted(values.items()))
        kept = self._kept.get(key)
        if kept is not None:
            return kept[1]
        made = self._make(*answers, **values)
        # A new dictionary in one step: threads see the old one or the new one.
        rest = list(self._kept.items())[1 - self._most :]
        self._kept = {**dict(rest), key: (answers, made)}
        return made
