"""Child processes that cannot outlive the demo: each leads a process group and dies with its parent."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

STOP_SECONDS: Final = 4.0
PR_SET_PDEATHSIG: Final = 1


def _die_with_parent(parent: int) -> None:
    """In the child, before exec: ask Linux to send SIGTERM when the demo is gone, even by SIGKILL."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)  # the parent died between fork and prctl


async def start_child(
    command: Sequence[str], environment: dict[str, str], folder: Path, log_file: Path | None = None
) -> asyncio.subprocess.Process:
    """Start one process; its output goes to ``log_file``, or to the terminal when that is None.

    It works in ``folder``, not in the reader's own: a ``.env`` file there belongs to a real deployment.

    Raises:
        OSError: the program is missing or the log file cannot be written.
    """
    parent = os.getpid()
    with contextlib.ExitStack() as files:
        output = files.enter_context(log_file.open("ab")) if log_file else None
        return await asyncio.create_subprocess_exec(
            *command,
            env=environment,
            cwd=folder,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=asyncio.subprocess.STDOUT if output else None,
            start_new_session=True,
            preexec_fn=lambda: _die_with_parent(parent),
        )


def kill_group(pid: int, number: int) -> None:
    """Signal a child and all it started (server workers)."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)


async def stop_child(child: asyncio.subprocess.Process) -> None:
    """End a child in order, and by force after `STOP_SECONDS`."""
    kill_group(child.pid, signal.SIGTERM)
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(child.wait(), STOP_SECONDS)
    kill_group(child.pid, signal.SIGKILL)
    await child.wait()


def how_it_ended(returncode: int) -> str:
    """An exit code in words: ``killed by SIGKILL``, ``ended with exit code 3``."""
    if returncode >= 0:
        return f"ended with exit code {returncode}"
    try:
        return f"killed by {signal.Signals(-returncode).name}"
    except ValueError:
        return f"killed by signal {-returncode}"
