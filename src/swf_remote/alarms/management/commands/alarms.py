"""`swf-remote alarms …`: in a terminal what the pages do."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from swf_remote.alarms.terminal.alarm_verbs import BACKTEST, LIST, TEST
from swf_remote.alarms.terminal.engine_verbs import RUN, TICK
from swf_remote.alarms.terminal.file_verbs import EXPORT, IMPORT
from swf_remote.alarms.terminal.people_verbs import ACKNOWLEDGE, EVENTS, SILENCE
from swf_remote.alarms.terminal.verbs import Out, TerminalError

VERBS = {one.name: one for one in (TICK, RUN, LIST, TEST, BACKTEST, IMPORT, EXPORT, EVENTS, ACKNOWLEDGE, SILENCE)}


class Command(BaseCommand):
    """Each verb has its own help, which says what its exit code means."""

    help = "Run the engine of the alarms, look at alarms, try them, keep them in files, acknowledge and silence."

    def add_arguments(self, parser: CommandParser) -> None:
        """One subparser per verb."""
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
        for verb in VERBS.values():
            verb.arguments(verbs.add_parser(verb.name, help=verb.help, description=verb.description))

    def handle(self, *_: Any, **options: Any) -> None:
        """Run the verb.

        Raises:
            CommandError: it could not be done.
            SystemExit: it was done, and its exit code is not 0.
        """
        out = Out(self.stdout, bool(options.get("as_json")))
        try:
            code = VERBS[options["verb"]].run(options, out)
        except TerminalError as error:
            raise CommandError(str(error), returncode=error.code) from None
        except DatabaseError as error:
            raise CommandError(
                f"The gateway's database cannot be used: {error}. Is `swf-remote migrate` done?"
            ) from None
        if code:
            sys.exit(code)
