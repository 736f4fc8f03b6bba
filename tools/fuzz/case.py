"""One case: parts of bytes, a number for cutting and choosing, and the files in which failures are kept."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True)
class Case:
    """Input of one check; everything that was random about it."""

    target: str
    parts: tuple[str, ...]
    """Bytes as Latin-1 text, in parts so that a failing case can be made smaller sensibly."""
    number: int
    """Whatever else the target wants to vary, such as where to cut."""

    @property
    def raw(self) -> bytes:
        """All parts."""
        return "".join(self.parts).encode("latin-1")


class Target(Protocol):
    """One kind of check."""

    name: str

    def generate(self, rng: random.Random) -> Case:
        """A new case."""

    def check(self, case: Case) -> None:
        """Raise ``AssertionError`` or anything else unexpected when a promise does not hold."""


def failure_of(target: Target, case: Case) -> str:
    """What is wrong with this case; empty when nothing is."""
    try:
        target.check(case)
    except Exception as error:
        return f"{type(error).__name__}: {error}"[:2000]
    return ""


def smallest(target: Target, case: Case, *, tries: int = 2000) -> Case:
    """A smaller case that fails, too: parts left out, then parts cut short."""
    budget = iter(range(tries))

    def fails(parts: Sequence[str]) -> bool:
        return next(budget, None) is not None and bool(failure_of(target, Case(case.target, tuple(parts), case.number)))

    parts = _without_some(list(case.parts), fails)
    for at, part in enumerate(parts):
        before, after = parts[:at], parts[at + 1 :]
        parts[at] = "".join(_without_some(list(part), partial(_fails_between, fails, before, after)))
    return Case(case.target, tuple(part for part in parts if part), case.number)


def _fails_between(
    fails: Callable[[Sequence[str]], bool], before: list[str], after: list[str], letters: list[str]
) -> bool:
    return fails([*before, "".join(letters), *after])


def _without_some(items: list[str], fails: Callable[[list[str]], bool]) -> list[str]:
    size = max(len(items) // 2, 1)
    while items:
        kept, at = items, 0
        while at < len(kept):
            shorter = kept[:at] + kept[at + size :]
            if fails(shorter):
                kept = shorter
            else:
                at += size
        items = kept
        if size == 1:
            break
        size //= 2
    return items


def save(case: Case, why: str, folder: Path) -> Path:
    """Keep a failing case; the file's name says what it is of."""
    folder.mkdir(parents=True, exist_ok=True)
    digest = random.Random(repr(case)).getrandbits(32)
    path = folder / f"{case.target}-{digest:08x}.json"
    path.write_text(json.dumps(asdict(case) | {"why": why}, indent=1) + "\n")
    return path


def load(path: Path) -> Case:
    """A kept case."""
    found = json.loads(path.read_text())
    return Case(found["target"], tuple(found["parts"]), found["number"])
