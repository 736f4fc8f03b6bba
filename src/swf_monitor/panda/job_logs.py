"""Where a job's logs are: addresses found in PanDA's tables (contract 4.6).

Harvester's own addresses win; else the first part of ``pilotid`` is the pilot's output, and the other logs lie beside
it. Jobs of the Perlmutter queues keep theirs on NERSC's portal. Only http and https addresses are offered.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

_PORTAL: Final = "https://portal.nersc.gov/cfs/m3763/panda/jobs"
_PERLMUTTER: Final = "NERSC_Perlmutter"
_COLUMNS: Final = (("pilot_stdout", "stdout"), ("pilot_stderr", "stderr"), ("batch_log", "batchlog"))


def log_urls(job: Mapping[Any, Any], workers: Sequence[Mapping[Any, Any]]) -> list[tuple[str, str]]:
    """Label and address of each log, without repeats."""
    found = _beside_pilot_output(job["pilotid"] or "")
    for worker in reversed(workers):
        found |= {label: worker[column] for label, column in _COLUMNS if worker[column]}
    if (job["computingsite"] or "").startswith(_PERLMUTTER):
        found["nersc_log_dir"] = f"{_PORTAL}/{job['computingsite']}/{job['pandaid']}/"
    return [(label, url) for label, url in found.items() if url.startswith(("http://", "https://"))]


def _beside_pilot_output(pilotid: str) -> dict[str, str]:
    output = pilotid.split("|", maxsplit=1)[0]
    if not output.endswith(".out"):
        return {"pilot_stdout": output} if output else {}
    stem = output.removesuffix(".out")
    return {"pilot_stdout": output, "pilot_stderr": f"{stem}.err", "batch_log": f"{stem}.log"}
