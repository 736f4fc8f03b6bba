"""A terminal that is closed says SIGHUP like an operator who wants a reload; what it started has to end instead."""

from __future__ import annotations

import os
import signal


class Terminal:
    """The one that this process was started from, if any."""

    def __init__(self) -> None:
        # ``nohup`` has hang-ups ignored.
        self._matters = signal.getsignal(signal.SIGHUP) != signal.SIG_IGN and _is_there()

    @property
    def is_gone(self) -> bool:
        """Whether there was one that is no more."""
        return self._matters and not _is_there()


def _is_there() -> bool:
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True
