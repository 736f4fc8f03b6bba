"""A whole new ``serve`` on the same listening socket: it reads settings, ``.env`` and exposure table anew.

It is started by the same command line with ``--inherits``, tells through a pipe when its workers serve, and closes that
pipe by its end. So nothing of the old settings can stay in force, and wrong new ones harm nobody.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from contextlib import suppress
from select import select
from typing import NamedTuple

OPTION = "--inherits"
READY = b"ready"


class Inheritance(NamedTuple):
    """File descriptors that a successor takes over, and whose successor it is."""

    listener: int
    pipe: int
    parent: int

    @classmethod
    def of(cls, text: str) -> Inheritance:
        """From the value of the option."""
        return cls(*map(int, text.split(",")))

    def tell_ready(self) -> None:
        """The workers serve."""
        with suppress(OSError):
            os.write(self.pipe, READY)


class Successor:
    """A generation for ``operations.service``."""

    killed_after = 6.0
    """Longer than it takes to kill workers that hang: they are to go first."""

    def __init__(self, listener: socket.socket) -> None:
        """Start it.

        Raises:
            OSError: no process can be started.
        """
        self.ready = False
        self._pipe, other_end = os.pipe()
        inheritance = Inheritance(listener.fileno(), other_end, os.getpid())
        command = [sys.executable, *sys.orig_argv[1:], OPTION, ",".join(map(str, inheritance))]
        try:
            self._process = subprocess.Popen(command, pass_fds=inheritance[:2])
        except OSError:
            os.close(self._pipe)
            raise
        finally:
            os.close(other_end)

    @property
    def ended(self) -> bool:
        """Whether it is gone."""
        return self._process.returncode is not None

    def waitables(self) -> list[object]:
        """What becomes readable when there is something to tend."""
        return [] if self.ended else [self._pipe]

    def due(self) -> float | None:
        """It needs no looking after by the clock."""
        return None

    def tend(self) -> None:
        """Hear whether it serves, or has ended."""
        if self.ended or not select([self._pipe], [], [], 0)[0]:
            return
        if os.read(self._pipe, 100):
            self.ready = True
        else:
            self._process.wait()
            os.close(self._pipe)

    def signal(self, number: int) -> None:
        """Say this to it."""
        with suppress(ProcessLookupError):
            os.kill(self._process.pid, number)
