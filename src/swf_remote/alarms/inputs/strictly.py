"""Objects of the monitor's answers, read strictly: every field that is wanted has to be there and of its kind.

Pure. Most objects of a list look alike, so the kinds of all fields are compared at once with those of objects that were
found good before.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from operator import itemgetter
from typing import Any

from .queries import InputError

Kinds = tuple[type, ...]

INTEGER: Kinds = (int,)
INTEGER_OR_NONE: Kinds = (int, type(None))
NUMBER_OR_NONE: Kinds = (int, float, type(None))
TEXT: Kinds = (str,)
TEXT_OR_NONE: Kinds = (str, type(None))
LIST: Kinds = (list,)
OBJECT: Kinds = (dict,)
TRUTH: Kinds = (bool,)

_WORDS = {
    int: "a whole number",
    float: "a number",
    str: "a text",
    list: "a list",
    dict: "an object",
    bool: "true or false",
    type(None): "null",
}
_MOST_SHAPES = 4096


class Fields:
    """Fields that objects of one kind have to have; others do not matter."""

    def __init__(self, what: str, kinds: Mapping[str, Kinds]) -> None:
        """`what`: one such object in words, such as ``a task``; at least two fields."""
        self.what = what
        self._kinds = dict(kinds)
        self._pick = itemgetter(*self._kinds)
        self._good: set[Kinds] = set()

    def values(self, found: Any) -> tuple[Any, ...]:
        """Their values, in the order of the fields.

        Raises:
            InputError: one is missing or of another kind.
        """
        try:
            values: tuple[Any, ...] = self._pick(found)
        except (KeyError, TypeError, IndexError):
            raise InputError(self._fault(found)) from None
        shape = tuple(map(type, values))
        if shape not in self._good:
            self._check(found, shape)
        return values

    def _check(self, found: object, shape: Kinds) -> None:
        if any(kind not in kinds for kind, kinds in zip(shape, self._kinds.values(), strict=True)):
            raise InputError(self._fault(found))
        if len(self._good) < _MOST_SHAPES:
            self._good.add(shape)

    def _fault(self, found: object) -> str:
        if not isinstance(found, dict):
            return f"{self.what} is {in_words(type(found))} and not an object"
        for name, kinds in self._kinds.items():
            if name not in found:
                return f"{self.what} lacks the field {name}"
            if type(found[name]) not in kinds:
                wanted = " or ".join(in_words(kind) for kind in kinds)
                return f"{self.what} has {in_words(type(found[name]))} in the field {name}, where {wanted} belongs"
        return f"{self.what} cannot be read"


def in_words(kind: type) -> str:
    """A kind of JSON value."""
    return _WORDS.get(kind, kind.__name__)


def moment(text: str | None, what: str, name: str) -> datetime | None:
    """A time as the monitor writes it, in UTC where it names no zone (contract 5.1).

    Raises:
        InputError: it is none; `what` and `name` say where it stands.
    """
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        raise InputError(f"{what} has {text[:40]!r} in the field {name}, which is no time") from None


def texts(values: list[Any], what: str, name: str) -> tuple[str, ...]:
    """A list of texts.

    Raises:
        InputError: something else is in it.
    """
    for value in values:
        if type(value) is not str:
            raise InputError(f"{what} has {in_words(type(value))} in the list {name}, where texts belong")
    return tuple(values)
