"""Today's tables in a file: ``pg_dump --data-only`` as plain text, or ``manage.py dumpdata --format jsonl``.

Each call reads the file anew and keeps one row at a time, so that its size does not matter.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .records import ENTRY, VERSION, Raw, SourceError

LONGEST_LINE = 16_000_000
"""Characters; one row is one line."""
_COPY = re.compile(r'COPY (?:"?[\w-]+"?\.)?"?(?P<table>[\w-]+)"? \((?P<columns>[^()]*)\) FROM stdin;\s*\Z')
_END = "\\."
_ESCAPED = re.compile(r"\\(?:([0-7]{1,3})|x([0-9a-fA-F]{1,2})|(.))", re.DOTALL)
_LETTERS = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_TABLES = {"entry": ENTRY, "entry_version": VERSION}


class CopyDump:
    """Text of ``pg_dump``: rows stand in COPY blocks; all else of it is passed over."""

    def __init__(self, path: Path) -> None:
        self._path = path
        found = {table for table, _, _ in self._blocks()}
        if "entry" not in found:
            raise SourceError(
                "the dump has no COPY of a table 'entry': make it by pg_dump --data-only, without --inserts"
            )

    def entries(self, kind: str) -> Iterator[Raw]:
        """See ``Source``."""
        return (row for row in self._rows("entry") if row.get("kind") == kind)

    def versions(self) -> Iterator[Raw]:
        """See ``Source``."""
        return self._rows("entry_version")

    def _rows(self, wanted: str) -> Iterator[Raw]:
        for table, columns, lines in self._blocks():
            if table == wanted:
                for number, line in lines:
                    yield self._row(columns, line, number)

    def _row(self, columns: list[str], line: str, number: int) -> Raw:
        values = line.split("\t")
        if len(values) != len(columns):
            raise SourceError(f"line {number} has {len(values)} columns; its COPY names {len(columns)}")
        return {name: None if text == "\\N" else _unescaped(text) for name, text in zip(columns, values, strict=True)}

    def _blocks(self) -> Iterator[tuple[str, list[str], Iterator[tuple[int, str]]]]:
        lines = _lines(self._path)
        for _, line in lines:
            begin = _COPY.match(line)
            if begin is None:
                continue
            columns = [_column(name) for name in begin["columns"].split(",")]
            rows = _until_end(lines, self._path)
            yield _table(begin["table"]), columns, rows
            # What was not read of it is no statement either.
            for _ in rows:
                pass


class JsonLines:
    """Text of Django's ``dumpdata --format jsonl``: one object a line, with model, pk and fields."""

    def __init__(self, path: Path) -> None:
        self._path = path
        if not any(table == "entry" for table, _ in self._objects()):
            raise SourceError("the file has no object of a model 'entry'")

    def entries(self, kind: str) -> Iterator[Raw]:
        """See ``Source``."""
        return (row for table, row in self._objects() if table == "entry" and row.get("kind") == kind)

    def versions(self) -> Iterator[Raw]:
        """See ``Source``."""
        return (row for table, row in self._objects() if table == "entry_version")

    def _objects(self) -> Iterator[tuple[str, Raw]]:
        for number, line in _lines(self._path):
            if not line.strip():
                continue
            try:
                value = json.loads(line)
            except (ValueError, RecursionError):
                raise SourceError(f"line {number} is no JSON") from None
            fields = value.get("fields") if isinstance(value, dict) else None
            if not isinstance(fields, dict) or not isinstance(value.get("model"), str):
                raise SourceError(f"line {number} is no object of dumpdata: it needs model, pk and fields")
            yield _table(value["model"].rpartition(".")[2]), {**fields, "id": value.get("pk")}


def open_dump(path: Path) -> CopyDump | JsonLines:
    """The dump in this file.

    Raises:
        SourceError: it is none that is read here.
    """
    first = next((line for _, line in _lines(path) if line.strip()), "")
    return JsonLines(path) if first.lstrip().startswith("{") else CopyDump(path)


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    try:
        with path.open(encoding="utf-8", newline="\n") as file:
            number = 0
            while line := file.readline(LONGEST_LINE + 1):
                number += 1
                if len(line) > LONGEST_LINE:
                    raise SourceError(f"line {number} has more than {LONGEST_LINE:,} characters")
                yield number, line.removesuffix("\n")
    except UnicodeDecodeError:
        raise SourceError(
            "the file is no text in UTF-8; a custom-format dump has to be made plain: pg_restore -f"
        ) from None
    except OSError as error:
        raise SourceError(f"the file cannot be read: {error.strerror}") from None


def _until_end(lines: Iterator[tuple[int, str]], path: Path) -> Iterator[tuple[int, str]]:
    for number, line in lines:
        if line == _END:
            return
        yield number, line
    raise SourceError(f"{path.name} ends in the middle of a COPY: it was cut off")


def _table(name: str) -> str:
    """Which of today's tables this is, whatever stands before its name; its own name if it is none."""
    return next(
        (
            known
            for known in ("entry_version", "entry")
            for spelled in (known, known.replace("_", ""))
            if name == spelled or name.endswith(f"_{spelled}")
        ),
        name,
    )


def _column(name: str) -> str:
    plain = name.strip().strip('"')
    return "entry" if plain == "entry_id" else plain


def _unescaped(text: str) -> str:
    if "\\" not in text:
        return text
    return _ESCAPED.sub(_letter, text)


def _letter(found: re.Match[str]) -> Any:
    octal, hexadecimal, letter = found.groups()
    if letter is not None:
        return _LETTERS.get(letter, letter)
    return chr(int(octal, 8) & 0xFF if octal else int(hexadecimal, 16))
