"""``swf-monitor token NAME``: the REST token of an account, both made when they do not exist."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rest_framework.authtoken.models import Token

from swf_monitor.identity.tunnel import account


class Command(BaseCommand):
    """Prints the key alone, so that a script can read it."""

    help = "Print the REST token of an account; account and token are created when missing."

    def add_arguments(self, parser: CommandParser) -> None:
        """One positional argument."""
        parser.add_argument("name", help="user name")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Look up or create, then print."""
        name = options["name"].strip()
        if not name:
            raise CommandError("the user name is empty")
        token, _created = Token.objects.get_or_create(user=account(name))
        self.stdout.write(token.key)
