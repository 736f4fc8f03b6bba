"""Seeded chance: every draw belongs to a named thing, so that a thing's fate can be drawn again after a restart.

`dice` gives the same generator for the same seed and name, on every machine and in every process.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from typing import Final, TypeVar

T = TypeVar("T")
_Z_90: Final = 1.2816  # the normal distribution's 90 % point


def dice(seed: int, *name: object) -> random.Random:
    """A generator of its own for the thing called ``name``."""
    return random.Random(":".join(map(str, (seed, *name))))  # noqa: S311 - a simulation, not a secret


def spread(number: int, salt: int, low: int, high: int) -> int:
    """An even-looking whole number in the range, from a number alone: for details that need no generator."""
    return low + ((number * 2654435761 + salt * 40503) % 4294967296 >> 7) % (high - low + 1)


def lognormal(rng: random.Random, median: float, sigma: float) -> float:
    """A draw from the lognormal distribution with this median."""
    return median * math.exp(rng.gauss(0.0, sigma))


def waiting_time(rng: random.Random, median: float, p90: float) -> float:
    """A lognormal draw with this median and this 90 % point (epic-facts: waits per queue)."""
    return lognormal(rng, median, math.log(p90 / median) / _Z_90)


def weighted(rng: random.Random, choices: Sequence[T], weights: Sequence[float]) -> T:
    """One of the choices, each as likely as its weight."""
    return rng.choices(choices, weights)[0]


def clamped(value: float, low: float, high: float) -> float:
    """The value, moved into the range."""
    return max(low, min(high, value))
