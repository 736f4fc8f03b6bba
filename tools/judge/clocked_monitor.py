"""Our monitor, whose present is what a file says: ``python -m tools.judge.clocked_monitor PORT CLOCK``.

Everything else is as in ``swf-monitor serve``.
"""

from __future__ import annotations

import os
import sys
from datetime import datetime
from pathlib import Path

from granian import Granian
from granian.constants import Interfaces
from starlette.types import ASGIApp

from swf_monitor.web.management.commands.serve import application_of_worker

CLOCK = "SWF_JUDGE_CLOCK"
"""Names the file; the worker process inherits it."""


def application() -> ASGIApp:
    """The application of a worker, with that clock."""
    from swf_monitor.panda import windows  # noqa: PLC0415 - in the worker, before anything takes the clock from there

    clock = Path(os.environ[CLOCK])
    windows.utc_now = lambda: datetime.fromisoformat(clock.read_text())
    return application_of_worker()


def main() -> None:
    """Serve until SIGTERM."""
    port, os.environ[CLOCK] = sys.argv[1:]
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "swf_monitor.settings")
    server = Granian(
        "swf_monitor.asgi:application", address="127.0.0.1", port=int(port), interface=Interfaces.ASGI, log_access=False
    )
    server.serve(target_loader=application, wrap_loader=False)


if __name__ == "__main__":
    main()
