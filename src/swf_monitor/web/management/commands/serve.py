"""``swf-monitor serve``: the monitor behind granian, an ASGI server.

The port is tried before the server starts, so that a busy one gives a line and not a traceback. Open event streams
end by the lifespan hooks; a worker that still holds one is ended after `KILL_AFTER` seconds.
"""

from __future__ import annotations

import ctypes
import signal
import socket
import sys
from typing import Any, Final

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from granian import Granian
from granian.constants import Interfaces
from starlette.types import ASGIApp

KILL_AFTER: Final = 3
DEFAULT_PORT: Final = 8081
HIGHEST_PORT: Final = 65535
_PARENT_DEATH_SIGNAL: Final = 1  # PR_SET_PDEATHSIG of Linux


class Command(BaseCommand):
    """Runs until it is told to stop."""

    help = "Serve the monitor over HTTP."

    def add_arguments(self, parser: CommandParser) -> None:
        """Address and number of worker processes."""
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
        parser.add_argument("--port", type=int, default=DEFAULT_PORT, help="port to listen on (default: %(default)s)")
        parser.add_argument("--workers", type=int, default=1, help="worker processes (default: %(default)s)")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Check the port, then hand over to the server."""
        host, port, workers = options["host"], options["port"], options["workers"]
        if workers < 1:
            raise CommandError("--workers must be at least 1")
        require_free_port(host, port)
        self.stdout.write(f"monitor: http://{host}:{port}{settings.FORCE_SCRIPT_NAME}/")
        self.stdout.flush()
        _run(host, port, workers)


def require_free_port(host: str, port: int) -> None:
    """Bind and release the port.

    Raises:
        CommandError: it is taken, not allowed, or the address is not this machine's; one line with the fix.
    """
    if not 0 <= port <= HIGHEST_PORT:
        raise CommandError(f"--port {port} is not between 0 and {HIGHEST_PORT}")
    try:
        family, kind, protocol, _name, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind(address)
    except OSError as problem:
        reason = problem.strerror or problem
        raise CommandError(f"cannot listen on {host}:{port} ({reason}); choose another port with --port") from None


def application_of_worker() -> ASGIApp:
    """The application, in a worker that dies with its parent: an orphan would keep the port and answer from it.

    Linux tells the kernel; elsewhere a worker outlives a parent that was killed without a chance to stop it.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PARENT_DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0)
    from swf_monitor.asgi import application  # noqa: PLC0415 - made in the worker, never in its parent

    return application


def _run(host: str, port: int, workers: int) -> None:
    Granian(
        "swf_monitor.asgi:application",
        address=host,
        port=port,
        interface=Interfaces.ASGI,
        workers=workers,
        backlog=8192,
        backpressure=4096,
        respawn_failed_workers=True,
        workers_kill_timeout=KILL_AFTER,
        log_access=False,
    ).serve(target_loader=application_of_worker, wrap_loader=False)
