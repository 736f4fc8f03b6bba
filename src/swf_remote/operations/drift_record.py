"""What the last look for drift found, where all workers of the host can read it."""

from __future__ import annotations

import fcntl
import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from swf_remote.edge.shared_memory import opened
from swf_remote.operations.drift import Finding

MOST_FINDINGS = 100
# A look that its process did not survive is over by then.
LONGEST_LOOK_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class DriftRecord:
    """What is known of drift; times are epoch seconds."""

    at: float = 0.0
    """When the last look ended; 0 before the first."""
    fault: str = ""
    """Why it found nothing out, in words; empty when it did."""
    pages: int = 0
    """Pages that it read."""
    findings: tuple[Finding, ...] = ()
    """Differences between monitor and exposure table."""
    more: int = 0
    """How many further ones there are."""
    api_version: str = ""
    """What the monitor's description of its API calls itself; empty where it does not tell."""
    begun: float = 0.0
    """When a look began that has not ended yet; 0 when there is none."""

    def looks(self, now: float) -> bool:
        """Whether a look is under way."""
        return self.begun > 0 and 0 <= now - self.begun < LONGEST_LOOK_SECONDS


class DriftStore:
    """The record of one host: a file in the folder that its workers share, or without one this process's memory."""

    def __init__(self, place: Path | None) -> None:
        self._place = place
        self._memory = "{}"
        self._thread = threading.Lock()

    def read(self) -> DriftRecord:
        """The record; what cannot be read is none."""
        try:
            members: dict[str, Any] = json.loads(self._text())
            findings = tuple(Finding(**each) for each in members.pop("findings", ()))
            return DriftRecord(**members, findings=findings)
        except (OSError, ValueError, TypeError):
            return DriftRecord()

    def claim(self, now: float) -> bool:
        """Note that a look begins; false while another one is under way."""
        with self._alone():
            known = self.read()
            if known.looks(now):
                return False
            self._write(replace(known, begun=now))
            return True

    def keep(self, found: DriftRecord) -> None:
        """Note what a look has found, and that it has ended."""
        first, rest = found.findings[:MOST_FINDINGS], found.findings[MOST_FINDINGS:]
        with self._alone():
            self._write(replace(found, findings=first, more=len(rest), begun=0.0))

    def _text(self) -> str:
        return (self._place / "drift.json").read_text() if self._place else self._memory

    def _write(self, record: DriftRecord) -> None:
        self._memory = json.dumps(asdict(record))
        if self._place:
            with NamedTemporaryFile("w", dir=self._place, prefix="drift-", delete=False) as file:
                file.write(self._memory)
            Path(file.name).replace(self._place / "drift.json")

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """No other thread and no other process is in here."""
        with self._thread:
            descriptor = opened(self._place, "drift-lock", 1)
            try:
                fcntl.lockf(descriptor, fcntl.LOCK_EX)
                yield
            finally:
                os.close(descriptor)
