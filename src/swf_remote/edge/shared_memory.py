"""Memory that the processes of one host share, as files in the folder named by ``PROMETHEUS_MULTIPROC_DIR``.

``serve`` makes such a folder for its workers and removes it at its end; an operator may name one that several ``serve``
of a host share, or that outlives them. Without a folder a process shares only with what it forks.
"""

from __future__ import annotations

import mmap
import os
from pathlib import Path
from tempfile import TemporaryFile

FOLDER = "PROMETHEUS_MULTIPROC_DIR"


def folder() -> Path | None:
    """Where the processes of this host find what they share; None when there is no such place."""
    named = os.environ.get(FOLDER)
    return Path(named) if named else None


def opened(place: Path | None, name: str, size: int) -> int:
    """The descriptor of a file of `size` bytes in `place`; where nothing was written it holds zeros and takes no room.

    Raises:
        OSError: the place cannot be used.
    """
    if place is None:
        with TemporaryFile() as file:
            descriptor = os.dup(file.fileno())
    else:
        place.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(place / name, os.O_RDWR | os.O_CREAT, 0o600)
    if os.fstat(descriptor).st_size < size:
        os.ftruncate(descriptor, size)
    return descriptor


def mapped(place: Path | None, name: str, size: int) -> mmap.mmap:
    """The same as memory.

    Raises:
        OSError: the place cannot be used.
    """
    descriptor = opened(place, name, size)
    try:
        return mmap.mmap(descriptor, size)
    finally:
        os.close(descriptor)
