"""``swf-monitor serve``: the monitor behind granian, an ASGI server.

The port is tried before the server starts, so that a busy one gives a line and not a traceback. Open event streams
end by the lifespan hooks; a worker that still holds one is ended after `KILL_AFTER` seconds.
"""

from __future__ import annotations

import socket
from typing import Any, Final

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

KILL_AFTER: Final = 3
DEFAULT_PORT: Final = 8081
HIGHEST_PORT: Final = 65535


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


def _run(host: str, port: int, workers: int) -> None:
    from granian import Granian  # noqa: PLC0415 - the server is loaded only by the command that runs it
    from granian.constants import Interfaces  # noqa: PLC0415

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
    ).serve()
