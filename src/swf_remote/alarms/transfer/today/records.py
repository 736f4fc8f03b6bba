"""Rows of today's tables (alarms-facts A4), read strictly: what is not as it has to be is named and not guessed."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

ENTRY = (
    "id", "title", "content", "kind", "name", "data", "archived", "timestamp_created", "timestamp_modified",
    "deleted_at",
)  # fmt: skip
VERSION = ("entry", "version_num", "title", "content", "data", "changed_by", "timestamp")
KINDS = ("alarm", "event", "engine_run", "team")
LATEST = datetime(2200, 1, 1, tzinfo=UTC).timestamp()
MOST_SHOWN = 60


class SourceError(Exception):
    """The tables cannot be read: they are not there, or not what they should be."""


class FaultyRowError(SourceError):
    """A row is not as it has to be; says which and why."""

    def __init__(self, what: str, key: object, words: str) -> None:
        super().__init__(f"{what} {_shown(key)}: {words}")


Raw = Mapping[str, Any]
"""A row as it came, by the names of `ENTRY` or `VERSION`."""


class Source(Protocol):
    """Where the tables are; each call reads anew."""

    def entries(self, kind: str) -> Iterator[Raw]:
        """Rows of the table ``entry`` of this kind."""
        ...

    def versions(self) -> Iterator[Raw]:
        """Rows of the table ``entry_version``."""
        ...


@dataclass(frozen=True, slots=True)
class Entry:
    """A row of the table ``entry``; times are aware, in UTC."""

    id: str
    title: str
    content: str
    name: str
    data: Mapping[str, Any]
    archived: bool
    created: datetime
    modified: datetime
    deleted: bool


@dataclass(frozen=True, slots=True)
class Version:
    """A row of the table ``entry_version``: what an entry said until `at`, when `by` changed it."""

    entry: str
    number: int
    title: str
    content: str
    data: Mapping[str, Any]
    by: str
    at: datetime


def read_entry(row: Raw) -> Entry:
    """The entry of a row.

    Raises:
        FaultyRowError: a column is not what it has to be.
    """
    key = row.get("id")
    reader = Reader("entry", key, row)
    if not isinstance(key, str) or not 0 < len(key) <= 36 or not key.isprintable() or "/" in key:
        raise FaultyRowError("entry", key, "its id is no text of 1 to 36 characters")
    return Entry(
        id=key,
        title=reader.text("title"),
        content=reader.text("content"),
        name=reader.text("name"),
        data=reader.json("data"),
        archived=reader.flag("archived"),
        created=reader.time("timestamp_created"),
        modified=reader.time("timestamp_modified"),
        deleted=reader.maybe_time("deleted_at") is not None,
    )


def read_version(row: Raw) -> Version:
    """The version of a row.

    Raises:
        FaultyRowError: a column is not what it has to be.
    """
    reader = Reader("entry_version of entry", row.get("entry"), row)
    return Version(
        entry=reader.text("entry"),
        number=reader.count("version_num"),
        title=reader.text("title"),
        content=reader.text("content"),
        data=reader.json("data"),
        by=reader.text("changed_by"),
        at=reader.time("timestamp"),
    )


@dataclass(frozen=True, slots=True)
class Reader:
    """Takes values out of a row or of its data; each is of its kind, or told."""

    what: str
    key: object
    values: Mapping[str, Any]

    def text(self, name: str, otherwise: str = "") -> str:
        """A text, without what no text may have; `otherwise` where there is none."""
        value = self.values.get(name)
        if value is None:
            return otherwise
        if not isinstance(value, str):
            raise self._fault(name, "is no text", value)
        return clean(value)

    def json(self, name: str) -> Mapping[str, Any]:
        """Names with values, also written as JSON; empty where there are none. Texts in it are clean."""
        value = self.values.get(name)
        if isinstance(value, str):
            try:
                value = json.loads(value, parse_constant=_no_number) if value else None
            except (ValueError, RecursionError):
                raise self._fault(name, "is no JSON", value) from None
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise self._fault(name, "is no JSON object", value)
        try:
            cleaned: Mapping[str, Any] = cleaned_json(value)
        except (RecursionError, ValueError):
            raise self._fault(name, "is nested too deeply, or holds a number that is none", "") from None
        return cleaned

    def mapping(self, name: str) -> Mapping[str, Any]:
        """Names with values inside of what ``json`` gave; empty where there are none."""
        value = self.values.get(name)
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise self._fault(name, "is no JSON object", value)
        return value

    def flag(self, name: str, otherwise: bool = False) -> bool:
        """Yes or no."""
        value = self.values.get(name)
        # SQLite has numbers for these, which equal them.
        known = {None: otherwise, True: True, False: False, "t": True, "f": False, "true": True, "false": False}
        if isinstance(value, (dict, list)) or value not in known:
            raise self._fault(name, "is neither true nor false", value)
        return known[value]

    def count(self, name: str) -> int:
        """A whole number of at least 0; 0 where there is none."""
        number = self.number(name)
        if number is None:
            return 0
        if number < 0 or number != int(number) or number > 2**31 - 1:
            raise self._fault(name, "is no whole number", number)
        return int(number)

    def number(self, name: str) -> float | None:
        """A number."""
        value = self.values.get(name)
        if isinstance(value, str):
            try:
                value = float(value[:40])
            except ValueError:
                raise self._fault(name, "is no number", value) from None
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
            raise self._fault(name, "is no number", value)
        return float(value)

    def maybe_time(self, name: str) -> datetime | None:
        """A moment, from Unix seconds."""
        seconds = self.number(name)
        if seconds is None:
            return None
        if not 0 <= seconds <= LATEST:
            raise self._fault(name, "is no time between 1970 and 2200", seconds)
        return datetime.fromtimestamp(seconds, UTC)

    def time(self, name: str) -> datetime:
        """A moment that has to be there."""
        found = self.maybe_time(name)
        if found is None:
            raise self._fault(name, "is missing", None)
        return found

    def texts(self, name: str) -> list[str]:
        """A list of texts; empty where there is none."""
        value = self.values.get(name)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise self._fault(name, "is no list of texts", value)
        return [clean(one) for one in value]

    def _fault(self, name: str, words: str, value: object) -> FaultyRowError:
        return FaultyRowError(self.what, self.key, f"{name} {words}: {_shown(value)}")


def clean(text: str) -> str:
    """Without what a database of ours cannot hold: NUL, and halves of surrogate pairs."""
    if "\0" not in text and text.isascii():
        return text
    return "".join("\ufffd" if one == "\0" or "\ud800" <= one <= "\udfff" else one for one in text)


def cleaned_json(value: Any) -> Any:
    """The same for all texts of a JSON value.

    Raises:
        RecursionError: it is nested too deeply.
        ValueError: a number is none.
    """
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict):
        return {clean(str(key)): cleaned_json(one) for key, one in value.items()}
    if isinstance(value, list):
        return [cleaned_json(one) for one in value]
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("not finite")
    return value


def _no_number(word: str) -> Any:
    raise ValueError(word)


def _shown(value: object) -> str:
    text = value if isinstance(value, str) else repr(value)
    return ascii(text[:MOST_SHOWN])[1:-1] + ("…" if len(text) > MOST_SHOWN else "")
