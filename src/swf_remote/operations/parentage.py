"""What a process of the gateway hears from the one that started it, which it never outlives: it would keep the port.

Linux tells a process when its parent ends, however that happened; it finishes what it has within a few seconds then.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1
RETIRE = signal.SIGUSR1
"""Comes when a successor serves: accept no more, finish what is under way."""
ORPHANED = signal.SIGUSR2
"""Comes when the parent has ended."""
ORPHAN_SECONDS = 5
"""What an orphan has left to live."""


def end_with(parent: int) -> bool:
    """Have ``ORPHANED`` sent to this process when its parent ends; false if that one ended before."""
    if sys.platform != "linux":
        return True
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, ORPHANED, 0, 0, 0)
    return os.getppid() == parent
