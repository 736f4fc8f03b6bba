"""``swf-remote routes``: the exposure table as an operator reads it."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterable
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from swf_remote.proxy.paths import normalise
from swf_remote.proxy.refusals import RefusedPath
from swf_remote.proxy.routes import Access, Route, decide, exposure

HEADINGS = ("WHO", "METHODS", "PATH", "IDENTITY", "KIND", "REWRITING", "NOTE")
# Columns whose cells are as wide as the widest; the note runs free.
PADDED = len(HEADINGS) - 1


class Command(BaseCommand):
    """Prints the table, or what it says about one address."""

    help = "Print the exposure table: who may reach what of the monitor. The first fitting row decides."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """An address to judge, if any."""
        parser.add_argument("path", nargs="?", help="judge this path below the mount, such as panda/jobs/")
        parser.add_argument("--method", default="GET", help="with a path: the method (default: %(default)s)")

    def handle(self, *_args: object, **options: Any) -> None:
        """Print."""
        if options["path"] is None:
            for line in table(exposure().routes):
                self.stdout.write(line)
        else:
            self.stdout.write(verdict(str(options["method"]).upper(), str(options["path"])))


def table(routes: Iterable[Route]) -> list[str]:
    """One line per row, in columns."""
    rows = [HEADINGS, *(_cells(route) for route in routes)]
    widths = [max(len(row[column]) for row in rows) for column in range(PADDED)]
    return [_line(row, widths) for row in rows]


def _line(row: tuple[str, ...], widths: list[int]) -> str:
    padded = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
    return "  ".join([*padded, row[PADDED]]).rstrip()


def _cells(route: Route) -> tuple[str, ...]:
    if route.access is Access.CLOSED:
        return (str(route.access), "all", route.pattern, "", "", "", route.refusal.title if route.refusal else "")
    return (
        str(route.access),
        ",".join(route.methods),
        route.pattern or "(first page)",
        str(route.identity),
        str(route.kind),
        str(route.rewriting),
        _note(route),
    )


def _note(route: Route) -> str:
    notes = [f"shows {route.shows}"] if route.shows else []
    if route.changes:
        notes.append("changes something: same origin only")
    elif any(route.writes(method) for method in route.methods):
        notes.append("same origin only")
    return "; ".join(notes)


def verdict(method: str, path: str) -> str:
    """What the table says about one request, in one line.

    Raises:
        CommandError: the path is none that any table is asked about.
    """
    try:
        decision = decide(method, normalise(f"/{path.lstrip('/')}".encode(), ""))
    except RefusedPath as error:
        raise CommandError(f"{path}: {error.refusal.title}") from None
    if decision.route is None:
        reason = decision.refusal.title if decision.refusal else "refused"
        return f"refused ({decision.refusal.status if decision.refusal else 404}): {reason}"
    return _line(_cells(decision.route), [0] * PADDED)
