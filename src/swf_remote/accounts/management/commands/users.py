"""`swf-remote users …`: the accounts of the gateway, for its administrator."""

import asyncio
import getpass
import json
import sys
from argparse import ArgumentParser, BooleanOptionalAction
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from swf_remote.accounts import registry
from swf_remote.accounts.monitor_users import SERVICE_ACCOUNT, MonitorListError, fetch_users
from swf_remote.accounts.registry import RegistryError
from swf_remote.accounts.sync import Outcome, synchronise
from swf_remote.configuration import configuration
from swf_remote.web.moments import iso

NAME_HELP = "user name: 1 to 30 of a-z, 0-9, dot, underscore, hyphen"
STDIN_HELP = "read the password from the first line of standard input instead of asking for it"


class Command(BaseCommand):
    """One verb per subcommand; each handler is a method named after it."""

    help = "Add, list and change the gateway's accounts. There is no sign-up: accounts are made here or by 'sync'."

    def add_arguments(self, parser: CommandParser) -> None:
        """One subparser per verb."""
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
        add = verbs.add_parser("add", help="make an account", description="Make an account.")
        add.add_argument("name", help=NAME_HELP)
        add.add_argument("--email", help="e-mail address")
        add.add_argument("--staff", action=BooleanOptionalAction, help="staff right: pages and writes kept for staff")
        add.add_argument(
            "--known-at-monitor",
            action=BooleanOptionalAction,
            help="the monitor has an account of this name, so the gateway may assert it there",
        )
        add.add_argument("--password-stdin", action="store_true", help=STDIN_HELP)
        add.add_argument("--exist-ok", action="store_true", help="update the account if there is one already")
        self._add_list_and_changes(verbs)
        self._add_sync(verbs)

    def _add_list_and_changes(self, verbs: Any) -> None:
        shown = verbs.add_parser("list", help="show all accounts", description="Show all accounts, by name.")
        shown.add_argument("--json", action="store_true", help="as a JSON array")
        password = verbs.add_parser(
            "password",
            help="set a password",
            description="Set a password. The user's sessions end, and so does a lock-out of the name.",
        )
        password.add_argument("name", help=NAME_HELP)
        password.add_argument("--password-stdin", action="store_true", help=STDIN_HELP)
        for verb, what in (
            ("disable", "close an account and end its sessions at once"),
            ("enable", "reopen a closed account"),
        ):
            _named(verbs.add_parser(verb, help=what, description=f"{what.capitalize()}."))

    def _add_sync(self, verbs: Any) -> None:
        sync = verbs.add_parser(
            "sync",
            help="take over the monitor's accounts",
            description="Read the monitor's list of accounts, create those missing here and mark all of them as known "
            "at the monitor. Existing accounts keep their password, flags and e-mail; nothing is ever deleted.",
        )
        sync.add_argument("--with-passwords", action="store_true", help="give new accounts the monitor's password hash")
        sync.add_argument("--dry-run", action="store_true", help="only say what would be done")
        sync.add_argument("--as", dest="asserted", default=SERVICE_ACCOUNT, help="ask as this user (%(default)s)")

    def handle(self, *_: Any, **options: Any) -> None:
        """Run the verb; refusals become one line and exit code 1."""
        try:
            getattr(self, f"do_{options['verb']}")(options)
        except (RegistryError, MonitorListError) as error:
            raise CommandError(str(error)) from None

    def do_add(self, options: dict[str, Any]) -> None:
        """Make or, with `--exist-ok`, update an account."""
        name = options["name"]
        existing = User.objects.filter(username=name).first()
        if existing and not options["exist_ok"]:
            raise RegistryError(f"an account named {name!r} exists already (--exist-ok updates it)")
        if existing is None and not registry.valid_name(name):
            raise RegistryError(f"{name!r} is no {NAME_HELP}")
        password = _password(options) if existing is None or options["password_stdin"] else None
        flags = {"staff": options["staff"], "known_at_monitor": options["known_at_monitor"]}
        with transaction.atomic():
            user = existing or registry.add(name, password, email=options["email"] or "")
            if existing and password is not None:
                registry.set_password(existing, password)
            registry.update(user, email=options["email"], **flags)
        self.stdout.write(f"{name}: {'updated' if existing else 'added'}")

    def do_list(self, options: dict[str, Any]) -> None:
        """Show all accounts."""
        users = [_described(user) for user in User.objects.select_related("profile").order_by("username")]
        if options["json"]:
            self.stdout.write(json.dumps(users, indent=1))
            return
        for row in _table(users):
            self.stdout.write(row)

    def do_password(self, options: dict[str, Any]) -> None:
        """Set a password."""
        user = registry.find(options["name"])
        registry.set_password(user, _password(options))
        self.stdout.write(f"{user.username}: password set; earlier sessions have ended")

    def do_disable(self, options: dict[str, Any]) -> None:
        """Close an account."""
        changed = registry.set_active(registry.find(options["name"]), False)
        self.stdout.write(f"{options['name']}: {'disabled, sessions ended' if changed else 'was disabled already'}")

    def do_enable(self, options: dict[str, Any]) -> None:
        """Reopen an account."""
        changed = registry.set_active(registry.find(options["name"]), True)
        self.stdout.write(f"{options['name']}: {'enabled' if changed else 'was enabled already'}")

    def do_sync(self, options: dict[str, Any]) -> None:
        """Take over the monitor's accounts."""
        users = asyncio.run(fetch_users(configuration(), options["asserted"]))
        outcome = synchronise(users, with_passwords=options["with_passwords"], dry_run=options["dry_run"])
        for line in _told(outcome, "would be " if options["dry_run"] else ""):
            self.stdout.write(line)


def _named(parser: ArgumentParser) -> None:
    parser.add_argument("name", help=NAME_HELP)


def _password(options: dict[str, Any]) -> str:
    """The password, from standard input or asked for twice.

    Raises:
        RegistryError: none was given, or the two differ.
    """
    if options["password_stdin"]:
        password = sys.stdin.readline().rstrip("\r\n")
    elif not sys.stdin.isatty():
        raise RegistryError("there is no terminal to ask for the password: use --password-stdin")
    else:
        password = getpass.getpass("Password: ")
        if password != getpass.getpass("Password again: "):
            raise RegistryError("the two passwords differ")
    if not password:
        raise RegistryError("the password is empty")
    return password


def _described(user: User) -> dict[str, Any]:
    profile = getattr(user, "profile", None)
    return {
        "username": user.username,
        "active": user.is_active,
        "staff": user.is_staff,
        "known_at_monitor": profile is not None and profile.known_at_monitor,
        "password": user.has_usable_password(),
        "last_login": iso(user.last_login) if user.last_login else None,
        "email": user.email,
    }


def _table(users: list[dict[str, Any]]) -> list[str]:
    """Lines of equal columns; yes and no in words, nothing known as a hyphen."""
    heads = ("username", "active", "staff", "known_at_monitor", "password", "last_login", "email")
    rows = [heads, *(tuple(_cell(user[head]) for head in heads) for user in users)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(heads))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value or "-")


def _told(outcome: Outcome, would: str) -> list[str]:
    """The outcome in lines; foreign names as Python literals, since they may hold anything."""
    lines = [
        f"{len(names)} {would}{word}" + (f": {', '.join(names)}" if names else "")
        for word, names in (("created", outcome.created), ("marked as known at the monitor", outcome.marked))
    ]
    lines.append(f"{len(outcome.unchanged)} unchanged")
    lines += [f"skipped {name!r}: {reason}" for name, reason in outcome.skipped]
    lines += [f"{name}: marked as known, but not on the monitor's list any more" for name in outcome.gone]
    return lines
