"""``swf-remote serve``: the gateway behind uvicorn, with the strict protocol of ``swf_remote.edge.server``."""

from __future__ import annotations

import logging
import resource
import socket
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connection, connections
from django.db.migrations.executor import MigrationExecutor
from starlette.types import ASGIApp
from uvicorn import Server

from swf_remote.edge.server.listening import listening
from swf_remote.edge.server.serving import server_configuration
from swf_remote.operations.workers import Workers
from swf_remote.proxy.caching import epochs

LOG = logging.getLogger("swf_remote.serve")
# More than answers under way and open streams are given to finish.
KILL_SECONDS = 4.5
OPEN_FILES = 65_536


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
        listener = _listener(host, port)
        _warn_about_migrations()
        _raise_file_limit()
        epochs.shared()
        # Forked workers must not share this process's connection.
        connections.close_all()
        self.stdout.write(f"swf-remote: serving http://{host}:{port}{settings.MOUNT}/ with {workers} worker(s)")
        self.stdout.flush()
        with listener:
            Workers(serve_in_worker, [listener], count=workers, grace=KILL_SECONDS).run()


def serve_in_worker(sockets: list[socket.socket]) -> None:
    """Serve until a signal."""
    Server(server_configuration(_application)).run(listening(sockets))


def _application() -> ASGIApp:
    from swf_remote.asgi import application  # noqa: PLC0415 - built in the worker, never in its parent

    return application


def _listener(host: str, port: int) -> socket.socket:
    """The bound socket that all workers accept from.

    Raises:
        CommandError: nobody can listen there.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (OSError, OverflowError):
        raise CommandError(f"cannot listen on {host}:{port}: no such address; choose another with --host") from None
    listener = socket.socket(family, kind, protocol)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
    except (OSError, OverflowError) as error:
        listener.close()
        reason = getattr(error, "strerror", None) or str(error)
        raise CommandError(f"cannot listen on {address[0]}:{port} ({reason}); choose another with --port") from None
    return listener


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
