"""What a verb of the command is, and how it speaks."""

from __future__ import annotations

import getpass
import json
from argparse import ArgumentParser
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from django.core.management.base import OutputWrapper

from swf_remote.alarms.models import Alarm

Options = Mapping[str, Any]
BLANKS = 2


class Code(IntEnum):
    """How a verb ends."""

    GOOD = 0
    FOUND = 1
    """There is something to look at, or something failed: each verb's help says what."""
    WRONG = 2
    """It could not be done as it was asked for."""


class TerminalError(Exception):
    """It could not be done; says why."""

    def __init__(self, words: str, code: Code = Code.WRONG) -> None:
        super().__init__(words)
        self.code = code


@dataclass(frozen=True, slots=True)
class Out:
    """Where a verb's words go: lines for people, or one JSON document."""

    stream: OutputWrapper
    as_json: bool

    def say(self, *lines: str) -> None:
        """Lines for people."""
        if not self.as_json:
            for line in lines:
                self.stream.write(f"{printable(line)}\n")

    def tell(self, content: Any) -> None:
        """The same for programs."""
        if self.as_json:
            self.stream.write(json.dumps(content, indent=1, ensure_ascii=False, default=str) + "\n")

    def table(self, head: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        """Columns, as wide as they need to be; the last one has no end."""
        cells = [list(head), *[[printable(str(value)) for value in row] for row in rows]]
        widths = [max(len(row[at]) for row in cells) for at in range(len(head))]
        for row in cells:
            self.say((" " * BLANKS).join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip())


@dataclass(frozen=True, slots=True)
class Verb:
    """One word after ``alarms``."""

    name: str
    help: str
    description: str
    """What it does, and what its exit code says."""
    arguments: Callable[[ArgumentParser], None]
    run: Callable[[Options, Out], Code]


def printable(text: str) -> str:
    """Without what would move a terminal's cursor: names of tasks and jobs are data."""
    return "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in text)


def find_alarm(name: str) -> Alarm:
    """The alarm of that name.

    Raises:
        TerminalError: there is none.
    """
    found = Alarm.objects.select_related("owner").filter(name=name).first()
    if found is None:
        raise TerminalError(f"There is no alarm {name!r}; `swf-remote alarms list` shows all.")
    return found


def by_argument(parser: ArgumentParser) -> None:
    """Who does it, for what is written down."""
    parser.add_argument("--by", default="", metavar="NAME", help="who does it (default: who runs the command)")


def name_of(options: Options) -> str:
    """Who does it."""
    if options["by"]:
        return str(options["by"])[:150]
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "terminal"


def json_argument(parser: ArgumentParser) -> None:
    """For programs."""
    parser.add_argument("--json", action="store_true", dest="as_json", help="as JSON")
