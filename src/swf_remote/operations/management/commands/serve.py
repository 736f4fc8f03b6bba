"""``swf-remote serve``: the gateway behind uvicorn, with the strict protocol of ``swf_remote.edge.server``."""

from __future__ import annotations

import gc
import logging
import os
import resource
import socket
from argparse import SUPPRESS, ArgumentParser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from tempfile import TemporaryDirectory
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connection, connections
from django.db.migrations.executor import MigrationExecutor
from starlette.types import ASGIApp

from swf_remote.edge.server.listening import listening
from swf_remote.edge.server.serving import PatientServer, server_configuration
from swf_remote.edge.shared_memory import FOLDER, folder
from swf_remote.operations.listener import AddressError, let_nobody_in, listener_at
from swf_remote.operations.parentage import end_with
from swf_remote.operations.service import Service
from swf_remote.operations.successor import OPTION, Inheritance, Successor
from swf_remote.operations.workers import Workers

LOG = logging.getLogger("swf_remote.serve")
OPEN_FILES = 65_536
# So many are made and not freed before the collector looks at them, three times as many as by default.
YOUNG_OBJECTS = 2_000


class Command(BaseCommand):
    """Serves until SIGTERM or SIGINT; then finishes what is under way and ends with exit code 0. SIGHUP: reload."""

    help = "Serve the gateway over HTTP until SIGTERM or Ctrl-C."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Where to listen and with how many processes."""
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
        parser.add_argument("--port", type=int, default=8000, help="port to listen on (default: %(default)s)")
        parser.add_argument("--workers", type=int, default=1, help="number of processes (default: %(default)s)")

        parser.add_argument(OPTION, type=Inheritance.of, help=SUPPRESS)

    def handle(self, *_args: object, **options: Any) -> None:
        """Check that it can work, then serve.

        Raises:
            CommandError: it cannot.
        """
        workers, inherited = int(options["workers"]), options[OPTION.strip("-")]
        _raise_file_limit()
        # Workers share the pages of what is loaded as long as no collector writes into them; and the end is quicker.
        gc.freeze()
        if inherited:
            _serve_as_successor(inherited, workers)
            return
        host, port = str(options["host"]), int(options["port"])
        try:
            listener = listener_at(host, port)
        except AddressError as error:
            raise CommandError(str(error)) from None
        with listener, _common_folder():
            _warn_about_migrations()
            # Forked workers must not share this process's connection.
            connections.close_all()
            self.stdout.write(f"swf-remote: serving http://{host}:{port}{settings.MOUNT}/ with {workers} worker(s)")
            self.stdout.flush()
            _serve_first(listener, workers)


def _serve_first(listener: socket.socket, workers: int) -> None:
    def end() -> None:
        let_nobody_in(listener)
        listener.close()

    first = partial(Workers, _serve, [listener], count=workers, patient=True)
    Service(first, partial(Successor, listener), on_ready=lambda: None, on_end=end).run()


def _serve_as_successor(inherited: Inheritance, workers: int) -> None:
    if not end_with(inherited.parent):
        return
    connections.close_all()

    def serve(sockets: list[socket.socket], ready: Callable[[], None]) -> None:
        # Its end tells the parent of this process's end.
        os.close(inherited.pipe)
        _serve(sockets, ready)

    with socket.socket(fileno=inherited.listener) as listener:
        first = partial(Workers, serve, [listener], count=workers, patient=False)
        if not Service(first, None, on_ready=inherited.tell_ready, on_end=listener.close).run():
            raise CommandError("a worker could not begin to serve")


def _serve(sockets: list[socket.socket], ready: Callable[[], None]) -> None:
    """What a worker does until a signal."""
    configuration = server_configuration(_application)
    # Before the server hears signals: whoever is told to end meanwhile has nothing to finish.
    configuration.load()
    _settle_collector()
    PatientServer(configuration, ready).run(listening(sockets))


def _settle_collector() -> None:
    """What is loaded stays for good, so the collector leaves it alone instead of going through it again and again.

    Requests that are under way at once are not garbage either: their objects are looked at less often.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS)


@contextmanager
def _common_folder() -> Iterator[None]:
    """The folder of what the workers share, unless the operator named one."""
    if folder() is not None:
        yield
        return
    with TemporaryDirectory(prefix="swf-remote-") as path:
        os.environ[FOLDER] = path
        yield


def _application() -> ASGIApp:
    from swf_remote.asgi import application  # noqa: PLC0415 - built in the worker, never in its parent

    return application


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
