"""`import` and `export`: alarms as files."""

from __future__ import annotations

import os
import sys
import tempfile
from argparse import ArgumentParser
from pathlib import Path

from django.utils import timezone

from swf_remote.alarms.configuring import RefusedError
from swf_remote.alarms.transfer.document import FileError
from swf_remote.alarms.transfer.file_format import export_yaml
from swf_remote.alarms.transfer.plan import Item, Plan, StalePlanError, read_yaml
from swf_remote.alarms.transfer.today import SourceError, open_source, take_over

from .verbs import Code, Options, Out, TerminalError, Verb, by_argument, json_argument, name_of

LARGEST = 5_000_000
STANDARD = "-"


def _import_arguments(parser: ArgumentParser) -> None:
    places = parser.add_mutually_exclusive_group(required=True)
    places.add_argument("file", nargs="?", help="YAML as `export` writes it; - for standard input")
    places.add_argument(
        "--today",
        metavar="WHERE",
        help="the tables of the gateway before this one: postgresql://…, or the path of an SQLite file or a dump",
    )
    parser.add_argument("--dry-run", action="store_true", help="only say what would be changed")
    parser.add_argument("--prune", action="store_true", help="archive alarms that the file does not name")
    by_argument(parser)
    json_argument(parser)


def _import(options: Options, out: Out) -> Code:
    if options["today"] is not None:
        if options["prune"]:
            raise TerminalError("--prune goes with a file of alarms, not with --today.")
        return _take_over(options, out)
    text = _read(options["file"])
    try:
        plan = read_yaml(text, prune=options["prune"])
        done = () if options["dry_run"] else plan.apply(name_of(options), timezone.now())
    except FileError as error:
        raise TerminalError("\n".join(str(fault) for fault in error.faults)) from None
    except (StalePlanError, RefusedError) as error:
        raise TerminalError(str(error), Code.FOUND) from None
    _tell(plan, out)
    if options["dry_run"]:
        out.say(f"Nothing was changed. {len(plan.changes)} would be saved.")
        return Code.FOUND if plan.changes else Code.GOOD
    out.say(f"{len(done)} saved.")
    return Code.GOOD


def _take_over(options: Options, out: Out) -> Code:
    dry_run: bool = options["dry_run"]
    try:
        with open_source(options["today"]) as source:
            report = take_over(source, now=timezone.now(), by=name_of(options), dry_run=dry_run)
    except SourceError as error:
        raise TerminalError(str(error)) from None
    out.say(*report.lines)
    out.tell({"dry_run": dry_run, "new": report.new, "here_already": report.here, "notes": report.notes})
    return Code.FOUND if dry_run and report.new.total() else Code.GOOD


def _tell(plan: Plan, out: Out) -> None:
    for item in plan.items:
        if item.what != "unchanged":
            out.say(f"{item.what} {item.kind} {item.name}", *_differences(item))
    out.say(*[f"warning: {one}" for one in plan.warnings])
    out.say(f"In the file: {plan.summary or 'nothing'}.")
    out.tell(
        {
            "items": [{"kind": item.kind, "name": item.name, "what": item.what} for item in plan.items],
            "warnings": list(plan.warnings),
        }
    )


def _differences(item: Item) -> list[str]:
    if item.what != "changed":
        return []
    lines = []
    for one in item.differences:
        lines += [f"  {one.field}:", *[f"    {line.sign} {line.text}" for line in one.lines]]
    return lines


def _read(name: str) -> str:
    try:
        with sys.stdin.buffer if name == STANDARD else Path(name).open("rb") as file:
            content = file.read(LARGEST + 1)
        if len(content) > LARGEST:
            raise TerminalError(f"{name} is larger than {LARGEST:,} bytes.")
        return content.decode()
    except OSError as error:
        raise TerminalError(f"{name} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise TerminalError(f"{name} is not UTF-8: {error.reason} at byte {error.start}") from None


def _export_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("-o", "--output", metavar="FILE", default=STANDARD, help="into this file, not to the terminal")
    parser.add_argument("--members", action="store_true", help="with the members of teams")


def _export(options: Options, out: Out) -> Code:
    text = export_yaml(members=options["members"])
    if options["output"] == STANDARD:
        out.stream.write(text)
        return Code.GOOD
    goal = Path(options["output"])
    try:
        _write(goal, text)
    except OSError as error:
        raise TerminalError(f"{goal} cannot be written: {error.strerror}", Code.FOUND) from None
    return Code.GOOD


def _write(goal: Path, text: str) -> None:
    """Whole or not at all; for its owner alone, since it names people and opens webhooks."""
    handle, name = tempfile.mkstemp(dir=goal.parent, prefix=f".{goal.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        Path(name).replace(goal)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise


IMPORT = Verb(
    "import",
    "take alarms and teams from a file, or from today's tables",
    "Make the alarms and teams that a file describes, or change them; all of it or nothing. With --today alarms, "
    "teams, events and runs are taken over from the gateway before this one, under their old identifiers; what is here "
    "already stays. Exit code: 0; with --dry-run 1 if something would be changed; 2 if the file or the tables cannot "
    "be used.",
    _import_arguments,
    _import,
)
EXPORT = Verb(
    "export",
    "write all alarms and teams as a file",
    "Write all alarms and teams as YAML, for keeping them in git: the same alarms give the same bytes. It holds "
    "addresses of recipients and webhooks. Exit code: 0.",
    _export_arguments,
    _export,
)
