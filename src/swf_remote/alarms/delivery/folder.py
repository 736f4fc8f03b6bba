"""Mail into files, in place of a server: one file a message, in the order of time."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path

from .letter import letter
from .transports import Parcel, Result


@dataclass(frozen=True, slots=True)
class MailFolder:
    """Writes `<time>-<identifier>.eml`; a ``Transport``. The same message again is the same file again."""

    folder: Path

    def deliver(self, parcel: Parcel) -> Result:
        """See ``Transport``.

        Raises:
            OSError: it cannot be written.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        target = self.folder / f"{parcel.created_at.astimezone(UTC):%Y%m%dT%H%M%SZ}-{parcel.id}.eml"
        part = target.with_suffix(".part")
        with part.open("wb") as file:
            file.write(letter(parcel.subject, parcel.content))
            file.flush()
            os.fsync(file.fileno())
        part.replace(target)
        return Result(reached=parcel.destinations, detail=f"written to {target.name}")
