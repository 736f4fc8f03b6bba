"""``swf-remote serve``: the gateway behind granian, the server chosen by measurement."""

from __future__ import annotations

import ctypes
import logging
import resource
import signal
import socket
import sys
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connection, connections
from django.db.migrations.executor import MigrationExecutor
from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server.common import AbstractServer
from starlette.types import ASGIApp

LOG = logging.getLogger("swf_remote.serve")
BACKLOG = 8192
# Concurrent requests per worker, open event streams included: the server stops answering above it.
BACKPRESSURE = 4096
KILL_SECONDS = 3
OPEN_FILES = 65_536
PR_SET_PDEATHSIG = 1


class Command(BaseCommand):
    """Serves until SIGTERM or SIGINT; then ends within a few seconds with exit code 0."""

    help = "Serve the gateway over HTTP until SIGTERM or Ctrl-C."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Where to listen and with how many processes."""
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
        parser.add_argument("--port", type=int, default=8000, help="port to listen on (default: %(default)s)")
        parser.add_argument("--workers", type=int, default=1, help="number of processes (default: %(default)s)")

    def handle(self, *_args: object, **options: Any) -> None:
        """Check that it can work, then serve."""
        host, port, workers = str(options["host"]), int(options["port"]), int(options["workers"])
        address = _address(host, port)
        _refuse_busy(address, port)
        _warn_about_migrations()
        _raise_file_limit()
        # Forked workers must not share this process's connection.
        connections.close_all()
        self.stdout.write(f"swf-remote: serving http://{host}:{port}{settings.MOUNT}/ with {workers} worker(s)")
        self.stdout.flush()
        _server(address, port, workers).serve(target_loader=load_in_worker, wrap_loader=False)


def load_in_worker() -> ASGIApp:
    """The application, in a worker that ends with its parent: an orphan would keep the port and answer on."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    from swf_remote.asgi import application  # noqa: PLC0415 - built in the worker, never in its parent

    return application


def _server(address: str, port: int, workers: int) -> AbstractServer[Any]:
    return Granian(
        "swf_remote.asgi:application",
        address=address,
        port=port,
        interface=Interfaces.ASGI,
        workers=workers,
        backlog=BACKLOG,
        backpressure=BACKPRESSURE,
        websockets=False,
        respawn_failed_workers=True,
        respawn_interval=0.2,
        workers_kill_timeout=KILL_SECONDS,
        log_level=LogLevels.warning,
        log_dictconfig=settings.LOGGING,
    )


def _address(host: str, port: int) -> str:
    try:
        return str(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][4][0])
    except (OSError, OverflowError):
        raise CommandError(f"cannot listen on {host}:{port}: no such address; choose another with --host") from None


def _refuse_busy(address: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((address, port))
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise CommandError(f"cannot listen on {address}:{port} ({reason}); choose another with --port") from None


def _warn_about_migrations() -> None:
    try:
        executor = MigrationExecutor(connection)
        waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError as error:
        LOG.warning("the gateway's database does not answer, so nobody can sign in: %s", str(error).splitlines()[0])
        return
    if waiting:
        LOG.warning("the gateway's database lacks %d migrations: run swf-remote migrate", len(waiting))


def _raise_file_limit() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
