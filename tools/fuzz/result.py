"""What a run found, as ``bench/results/fuzz.json`` in the shape of every other result."""

from __future__ import annotations

import json
import platform
import subprocess
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
WANTED = 20_000


def write_result(counts: Counter[str], seed: int, seconds: float, failures: int, *, share: bool) -> None:
    """Write the file, replacing the last run's; of a mere share nobody asks how many cases it had."""
    total = counts.total()
    wanted = None if share else WANTED
    rows = [
        _row(
            "fuzz.cases", f"cases, seed {seed}", total, "cases", target=wanted, holds=None if share else total >= WANTED
        ),
        _row("fuzz.failures", "cases in which a promise did not hold", failures, "cases", target=0, holds=not failures),
        _row("fuzz.rate", "cases in a second", round(total / max(seconds, 0.001)), "cases/s"),
        *(_row(f"fuzz.{name}", f"cases of {name}", count, "cases") for name, count in counts.items()),
    ]
    folder = ROOT / "bench" / "results"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "fuzz.json").write_text(json.dumps(header("fuzz") | {"rows": rows}, indent=1) + "\n")


def header(name: str) -> dict[str, Any]:
    """Who measured, where, when and what."""
    commit = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.strip()
    machine = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
    return {"name": name, "machine": machine, "commit": commit, "date": datetime.now(UTC).isoformat(timespec="seconds")}


def _row(
    key: str, what: str, value: float, unit: str, *, target: float | None = None, holds: bool | None = None
) -> Any:
    return {"id": key, "what": what, "value": value, "unit": unit, "baseline": None, "target": target, "holds": holds}
