"""Memory that the processes of one host share, as files in the folder named by ``PROMETHEUS_MULTIPROC_DIR``.

``serve`` makes such a folder for its workers and removes it at its end; an operator may name one that several ``serve``
of a host share, or that outlives them. Without a folder a process shares only with what it forks.
"""

from __future__ import annotations

import mmap
import os
import sys
from pathlib import Path
from tempfile import TemporaryFile

FOLDER = "PROMETHEUS_MULTIPROC_DIR"


def folder() -> Path | None:
    """Where the processes of this host find what they share; None when there is no such place."""
    named = os.environ.get(FOLDER)
    return Path(named) if named else None


def opened(place: Path | None, name: str, size: int) -> int:
    """The descriptor of a file of `size` bytes in `place`, which this user alone can open; new bytes are zeros.

    Raises:
        OSError: the place cannot be used, is full, or holds a link of that name.
    """
    if place is None:
        return _of_no_name(name, size)
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(place / name, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        _take_room(descriptor, size)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def _of_no_name(name: str, size: int) -> int:
    if sys.platform == "linux":
        descriptor = os.memfd_create(name)
    else:
        with TemporaryFile() as file:
            descriptor = os.dup(file.fileno())
    os.ftruncate(descriptor, size)
    return descriptor


def _take_room(descriptor: int, size: int) -> None:
    """All of it at once: a full disk has to fail here, because later it would kill whoever writes to the memory."""
    if sys.platform == "linux":
        os.posix_fallocate(descriptor, 0, size)
    elif os.fstat(descriptor).st_size < size:
        os.ftruncate(descriptor, size)


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
