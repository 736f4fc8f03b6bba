"""``swf-remote routes``: the exposure table as an operator reads it."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from swf_remote.operations.exposure_words import cells, columns, document, never, verdict, verdict_members
from swf_remote.proxy.policy.paths import normalise
from swf_remote.proxy.policy.refusals import RefusedPath
from swf_remote.proxy.policy.routes import Decision, decide, exposure


class Command(BaseCommand):
    """Prints the table, or what it says about one address."""

    help = "Print the exposure table: who may reach what of the monitor. The first fitting row decides."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """An address to judge, if any."""
        parser.add_argument("path", nargs="?", help="judge this path below the mount, such as panda/jobs/?days=1")
        parser.add_argument("--method", default="GET", help="with a path: the method (default: %(default)s)")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *_args: object, **options: Any) -> None:
        """Print.

        Raises:
            CommandError: the path is none that any table is asked about.
        """
        if options["path"] is None:
            self._print_table(as_json=options["json"])
        else:
            decision = judged(str(options["method"]).upper(), str(options["path"]))
            self.stdout.write(_json(verdict_members(decision)) if options["json"] else verdict(decision))

    def _print_table(self, *, as_json: bool) -> None:
        table = exposure()
        lines = [_json(document(table))] if as_json else columns([*never(), *map(cells, table.routes)])
        for line in lines:
            self.stdout.write(line)


def judged(method: str, address: str) -> Decision:
    """What the table says about `method` on `address`: a path below the mount, perhaps with a query.

    Raises:
        CommandError: no table is asked about such a path.
    """
    path, _, query = address.partition("?")
    try:
        return decide(method, normalise(f"/{path.lstrip('/')}".encode(), ""), query.encode())
    except RefusedPath as error:
        raise CommandError(f"{path}: {error.refusal.title}") from None


def _json(value: object) -> str:
    return json.dumps(value, indent=2)
