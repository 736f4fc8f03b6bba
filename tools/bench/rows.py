"""What was measured: one row per figure, as a table for people and as JSON for programs."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tools.fuzz.result import header

LONGEST_WORDS = 78


@dataclass(frozen=True, slots=True)
class Row:
    """One figure. `holds` is None where nothing is asked of it, as for a baseline's own speed."""

    id: str
    what: str
    value: float
    unit: str
    baseline: str | None = None
    """What it was measured against in the same run, in words."""
    target: str | None = None
    holds: bool | None = None


def at_most(name: str, what: str, value: float, unit: str, *, limit: float, against: str | None = None) -> Row:
    """A row that holds up to the limit."""
    return Row(name, what, rounded(value), unit, against, f"≤ {limit:,g}", value <= limit)


def at_least(name: str, what: str, value: float, unit: str, *, limit: float, against: str | None = None) -> Row:
    """A row that holds from the limit on."""
    return Row(name, what, rounded(value), unit, against, f"≥ {limit:,g}", value >= limit)


def told(name: str, what: str, value: float, unit: str, *, against: str | None = None) -> Row:
    """A row of which nothing is asked."""
    return Row(name, what, rounded(value), unit, against)


def rounded(value: float) -> float:
    """Three digits that count, whole numbers in full."""
    return float(round(value)) if abs(value) >= 1000 else float(f"{value:.3g}")


def machine() -> str:
    """Processor, number of cores, system and Python."""
    return f"{_processor()}, {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.machine())


def document(name: str, rows: Iterable[Row]) -> dict[str, Any]:
    """The result as it is written."""
    return header(name) | {"machine": machine(), "rows": [asdict(row) for row in rows]}


def write(folder: Path, name: str, rows: Sequence[Row]) -> Path:
    """Write ``<name>.json``, replacing the last run's, and say where it is."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.json"
    path.write_text(json.dumps(document(name, rows), indent=1, ensure_ascii=False) + "\n")
    return path


def table(rows: Sequence[Row]) -> str:
    """The rows under each other, with a verdict each."""
    cells = [("", "work", "measured", "target", "against")]
    cells += [
        (
            _verdict(row),
            f"{row.id}: {row.what}",
            f"{_number(row.value)} {row.unit}",
            row.target or "",
            row.baseline or "",
        )
        for row in rows
    ]
    widths = [max(len(line[column]) for line in cells) for column in range(5)]
    widths[1] = min(widths[1], LONGEST_WORDS)
    return "\n".join(_line(line, widths) for line in cells)


def summary(rows: Sequence[Row]) -> str:
    """How many targets hold, and which do not."""
    asked = [row for row in rows if row.holds is not None]
    missed = [row.id for row in asked if not row.holds]
    ending = f"; missed: {', '.join(missed)}" if missed else ""
    return f"{len(asked) - len(missed)} of {len(asked)} targets hold{ending}"


def _verdict(row: Row) -> str:
    return {True: "holds", False: "MISSED", None: "-"}[row.holds]


def _number(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) else f"{value:,g}"


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    verdict, work, measured, target, against = cells
    return (
        f"{verdict:{widths[0]}}  {work:{widths[1]}}  {measured:>{widths[2]}}  {target:>{widths[3]}}  {against}"
    ).rstrip()
