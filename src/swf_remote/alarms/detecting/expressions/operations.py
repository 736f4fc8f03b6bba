"""What parts of an expression do, as closures over their own parts.

A figure that is missing fulfils no comparison but ``== None``; arithmetic with it is missing, too. Division by zero is
missing.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from swf_remote.alarms.detecting.patterns import matcher

from .vocabulary import Kind

Evaluate = Callable[[Any, datetime], Any]
"""Of a thing and the present moment."""

SUBTRACT = operator.sub
ARITHMETIC: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
ORDER: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
EQUALITY: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
}
MOST_FROM_OUTSIDE = 2**63


class CannotTell(Exception):  # noqa: N818 - it is turned into an InputError
    """A field of an answer is missing, or not of the kind that is needed."""


def always(value: Any) -> Evaluate:
    """A constant."""
    return lambda thing, now: value  # noqa: ARG005


def of_thing(get: Callable[[Any], Any]) -> Evaluate:
    """A plain field."""
    return lambda thing, now: get(thing)  # noqa: ARG005


def path(steps: tuple[str | int, ...], words: str) -> Evaluate:
    """A field within fields of an answer."""

    def run(thing: Any, now: datetime) -> Any:  # noqa: ARG001
        for step in steps:
            try:
                if not isinstance(thing, (dict, list)):
                    raise KeyError(step)
                thing = thing[step]  # type: ignore[index]
            except (LookupError, TypeError):
                there = f"; there are {', '.join(map(str, list(thing)[:30]))}" if isinstance(thing, dict) else ""
                raise CannotTell(f"the answer has no {words} (at {step!r}){there}") from None
        return thing

    return run


def checked(part: Evaluate, kind: Kind, words: str) -> Evaluate:
    """A field of an answer that has to be of this kind, or missing."""

    def run(thing: Any, now: datetime) -> Any:
        value = part(thing, now)
        if value is None:
            return False if kind is Kind.TRUTH else None
        if kind is Kind.TIME:
            return _time(value, words)
        if not (_is_number(value) if kind is Kind.NUMBER else isinstance(value, str if kind is Kind.TEXT else bool)):
            raise CannotTell(f"{words} is {_shown(value)}, no {kind.removeprefix('a ')}")
        return value

    return run


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) <= MOST_FROM_OUTSIDE


def _shown(value: Any) -> str:
    text = repr(value) if not isinstance(value, (dict, list, int)) else f"a {type(value).__name__}"
    return text[:60]


def _time(value: Any, words: str) -> datetime:
    if isinstance(value, datetime):
        return value
    try:
        found = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise CannotTell(f"{words} is {_shown(value)}, no time") from None
    # Times of PanDA come without a zone and are UTC (contract 5.1).
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def truth(part: Evaluate) -> Evaluate:
    """A whole expression that is one field of an answer."""
    return checked(part, Kind.TRUTH, "the expression")


def every(parts: tuple[Evaluate, ...]) -> Evaluate:
    """``and``; later parts are not looked at when an earlier one does not hold."""
    if len(parts) == 2:
        first, second = parts
        return lambda thing, now: first(thing, now) and second(thing, now)
    if len(parts) == 3:
        one, two, three = parts
        return lambda thing, now: one(thing, now) and two(thing, now) and three(thing, now)
    return lambda thing, now: all(part(thing, now) for part in parts)


def some(parts: tuple[Evaluate, ...]) -> Evaluate:
    """``or``."""
    return lambda thing, now: any(part(thing, now) for part in parts)


def negated(part: Evaluate) -> Evaluate:
    """``not``."""
    return lambda thing, now: not part(thing, now)


def arithmetic(left: Evaluate, right: Evaluate, operation: Callable[[Any, Any], Any]) -> Evaluate:
    """Two numbers to one."""

    def run(thing: Any, now: datetime) -> Any:
        one, two = left(thing, now), right(thing, now)
        if one is None or two is None:
            return None
        try:
            return operation(one, two)
        except (ZeroDivisionError, OverflowError):
            return None

    return run


def field_against(get: Callable[[Any], Any], limit: Any, order: Callable[[Any, Any], bool]) -> Evaluate:
    """A plain field against a constant: most of what is written, and the fastest."""

    def run(thing: Any, now: datetime) -> bool:  # noqa: ARG001
        value = get(thing)
        return value is not None and order(value, limit)

    return run


def ordered(left: Evaluate, right: Evaluate, order: Callable[[Any, Any], bool], words: str) -> Evaluate:
    """Larger and smaller."""

    def run(thing: Any, now: datetime) -> bool:
        one, two = left(thing, now), right(thing, now)
        if one is None or two is None:
            return False
        try:
            return order(one, two)
        except TypeError:
            raise CannotTell(f"{words}: {_shown(one)} and {_shown(two)} cannot be compared") from None

    return run


def equal(left: Evaluate, right: Evaluate, operation: Callable[[Any, Any], bool]) -> Evaluate:
    """Equal or not; what is missing equals None alone."""
    return lambda thing, now: operation(left(thing, now), right(thing, now))


def one_of(part: Evaluate, values: frozenset[Any]) -> Evaluate:
    """One of some constants."""

    def run(thing: Any, now: datetime) -> bool:
        value = part(thing, now)
        return not isinstance(value, (dict, list)) and value in values

    return run


def contains(needle: Evaluate, hay: Evaluate) -> Evaluate:
    """Text within text."""

    def run(thing: Any, now: datetime) -> bool:
        one, two = needle(thing, now), hay(thing, now)
        return one is not None and two is not None and one in two

    return run


def like(part: Evaluate, pattern: str) -> Evaluate:
    """Text against an SQL LIKE pattern."""
    fits = matcher(pattern)

    def run(thing: Any, now: datetime) -> bool:
        value = part(thing, now)
        return value is not None and fits(value)

    return run


def hours_since(part: Evaluate) -> Evaluate:
    """Hours from a time until now."""

    def run(thing: Any, now: datetime) -> float | None:
        value = part(thing, now)
        return None if value is None else (now - value).total_seconds() / 3600

    return run


def default(part: Evaluate, other: Any) -> Evaluate:
    """A constant in place of what is missing, be it None or not there at all."""

    def run(thing: Any, now: datetime) -> Any:
        try:
            value = part(thing, now)
        except CannotTell:
            return other
        return other if value is None else value

    return run


def lower(part: Evaluate) -> Evaluate:
    """Small letters."""

    def run(thing: Any, now: datetime) -> str | None:
        value = part(thing, now)
        return None if value is None else str(value).lower()

    return run


def absolute(part: Evaluate) -> Evaluate:
    """Without its sign."""

    def run(thing: Any, now: datetime) -> Any:
        value = part(thing, now)
        return None if value is None else abs(value)

    return run


def extreme(parts: tuple[Evaluate, ...], choose: Callable[..., Any]) -> Evaluate:
    """The least or the largest; missing as soon as one is."""

    def run(thing: Any, now: datetime) -> Any:
        values = [part(thing, now) for part in parts]
        return None if None in values else choose(values)

    return run
