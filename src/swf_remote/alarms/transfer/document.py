"""YAML as plain values, each with the line on which it stands; hostile texts end with an error and cost little.

A small YAML: one document; no aliases, no tags, no merge keys; keys are texts and stand once; plain scalars are read by
the core schema of YAML 1.2 (10.3), so that ``on`` and ``12:30`` are texts. It is read from events, never by recursion
of a library, and its size, depth and number of nodes are bounded before anything is built.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

MOST_BYTES = 1_000_000
MOST_DEPTH = 12
MOST_NODES = 100_000
LONGEST_NUMBER = 40
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_WORDS = {"": None, "~": None, "null": None, "true": True, "false": False}
_INTEGER = re.compile(r"[-+]?[0-9]+\Z")
_NUMBER = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z")


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with a file."""

    line: int | None
    """Counted from 1; None: nowhere in particular."""
    words: str

    def __str__(self) -> str:
        return self.words if self.line is None else f"line {self.line}: {self.words}"


class FileError(ValueError):
    """The file cannot be used; one line per fault."""

    def __init__(self, faults: list[Fault]) -> None:
        self.faults = tuple(sorted(faults, key=lambda fault: fault.line or 0))
        super().__init__("\n".join(map(str, self.faults)))


@dataclass(frozen=True, slots=True)
class Document:
    """What a text says."""

    value: Any
    """Mappings, lists, texts, numbers, yes or no, and None."""
    lines: dict[tuple[str | int, ...], int] = field(default_factory=dict)
    """Where a value stands, by its keys and positions from the top."""

    def line(self, *path: str | int) -> int | None:
        """The line of this value, or of the nearest one around it that is there."""
        return next((self.lines[path[:end]] for end in range(len(path), -1, -1) if path[:end] in self.lines), None)


def read_document(text: str) -> Document:
    """What a YAML text says.

    Raises:
        FileError: it is no YAML, or more of it than is read here.
    """
    if len(text.encode("utf-8", "surrogatepass")) > MOST_BYTES:
        raise FileError([Fault(None, f"the file has more than {MOST_BYTES:,} bytes")])
    builder = _Builder()
    try:
        for event in _events(text):
            builder.take(event)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise FileError(
            [Fault(mark.line + 1 if mark else None, f"no YAML: {error.problem or error.context}")]
        ) from None
    except yaml.YAMLError as error:
        raise FileError([Fault(None, f"no YAML: {str(error).splitlines()[0][:200]}")]) from None
    return Document(builder.value, builder.lines)


def plain_value(text: str) -> Any:
    """What an unquoted scalar means."""
    if text in _WORDS:
        return _WORDS[text]
    if len(text) <= LONGEST_NUMBER:
        if _INTEGER.match(text):
            return int(text)
        if _NUMBER.match(text) and math.isfinite(number := float(text)):
            return number
    return text


def _events(text: str) -> Iterator[Any]:
    yield from yaml.parse(text, Loader=_LOADER)


@dataclass(slots=True)
class _Open:
    """A mapping or a list that is not complete yet."""

    content: dict[str, Any] | list[Any]
    path: tuple[str | int, ...]
    key: str | None = None


class _Builder:
    """Takes events; holds the value once all were taken."""

    def __init__(self) -> None:
        self.value: Any = None
        self.lines: dict[tuple[str | int, ...], int] = {}
        self._open: list[_Open] = []
        self._documents = 0
        self._nodes = 0

    def take(self, event: Any) -> None:
        """Take the next event.

        Raises:
            FileError: it is of a kind that is not read here, or one too many.
        """
        line = event.start_mark.line + 1
        match event:
            case yaml.DocumentStartEvent():
                self._documents += 1
                if self._documents > 1:
                    raise _refused(line, "a second document begins; there may be one")
            case yaml.AliasEvent():
                raise _refused(line, "an alias (*); write the value again")
            case yaml.ScalarEvent() | yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                self._node(event, line)
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                self._open.pop()
            case _:
                pass

    def _node(self, event: Any, line: int) -> None:
        self._nodes += 1
        if self._nodes > MOST_NODES:
            raise _refused(line, f"more than {MOST_NODES:,} values")
        if event.anchor:
            raise _refused(line, "an anchor (&); write the value where it is needed")
        if event.tag and event.tag not in ("!", "tag:yaml.org,2002:str"):
            raise _refused(line, f"a tag ({event.tag[:40]}); values need none")
        if isinstance(event, yaml.ScalarEvent):
            self._scalar(event, line)
            return
        if len(self._open) >= MOST_DEPTH:
            raise _refused(line, f"nested deeper than {MOST_DEPTH}")
        content: dict[str, Any] | list[Any] = {} if isinstance(event, yaml.MappingStartEvent) else []
        self._open.append(_Open(content, self._put(content, line)))

    def _scalar(self, event: Any, line: int) -> None:
        inside = self._open[-1] if self._open else None
        is_key = inside is not None and isinstance(inside.content, dict) and inside.key is None
        if any(one == "\0" or "\ud800" <= one <= "\udfff" for one in event.value):
            raise _refused(line, "a character that no text may have (NUL or half of a surrogate pair)")
        if is_key and inside is not None:
            self._key(inside, event.value, line)
        else:
            self._put(plain_value(event.value) if event.implicit[0] else event.value, line)

    def _key(self, inside: _Open, name: str, line: int) -> None:
        if name == "<<":
            raise _refused(line, "a merge key (<<); write the values themselves")
        if name in inside.content:
            raise _refused(line, f"{name[:60]!r} stands here for the second time")
        inside.key = name
        self.lines[(*inside.path, name)] = line

    def _put(self, value: Any, line: int) -> tuple[str | int, ...]:
        """Put a value in its place; that place."""
        if not self._open:
            self.value = value
            self.lines[()] = line
            return ()
        inside = self._open[-1]
        if isinstance(inside.content, list):
            inside.content.append(value)
            path = (*inside.path, len(inside.content) - 1)
            self.lines[path] = line
            return path
        if inside.key is None:
            raise _refused(line, "a key that is no text")
        inside.content[inside.key] = value
        path, inside.key = (*inside.path, inside.key), None
        return path


def _refused(line: int, words: str) -> FileError:
    return FileError([Fault(line, words)])
