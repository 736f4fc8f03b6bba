"""``swf-remote purge``: running gateways forget what they keep of the monitor's answers."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from swf_remote.configuration import configuration
from swf_remote.operations.purging import Purge, PurgeError, purge, purge_of_all, purge_of_route, purge_of_user
from swf_remote.proxy.policy.routes import exposure


class Command(BaseCommand):
    """Purges by row, by path, by reader, or all."""

    help = (
        "Forget answers of the monitor that running gateways keep: on this host in all workers, and on all hosts "
        "where SWF_REMOTE_REDIS_URL is set. They are asked for anew when somebody wants them."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """What is to be forgotten."""
        parser.add_argument(
            "--route",
            action="append",
            default=[],
            metavar="PATTERN|PATH",
            help="a row by its pattern as 'swf-remote routes' prints it, or a path below the mount with any query; "
            "may be given more than once",
        )
        parser.add_argument(
            "--user", action="append", default=[], metavar="NAME", help="what is kept for this reader alone"
        )
        parser.add_argument("--all", action="store_true", help="everything")

    def handle(self, *_args: object, **options: Any) -> None:
        """Purge, and say what was done.

        Raises:
            CommandError: nothing was asked for, no gateway was reached, or not all that should be.
        """
        settings = configuration()
        try:
            wanted = list(_wanted(options))
            if not wanted:
                raise CommandError("say what to forget: --route PATTERN|PATH, --user NAME or --all")
            told = purge([one.what for one in wanted], settings.redis_url)
        except PurgeError as error:
            raise CommandError(str(error)) from None
        for one in wanted:
            self.stdout.write(f"purged: {one.words}")
        for who in told:
            self.stdout.write(f"told: {who}")


def _wanted(options: dict[str, Any]) -> Iterator[Purge]:
    for route in options["route"]:
        yield purge_of_route(route, exposure(), configuration())
    for name in options["user"]:
        yield purge_of_user(name)
    if options["all"]:
        yield purge_of_all()
