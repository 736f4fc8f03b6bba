"""Members of a body, read strictly: a value of another type is refused and never turned into the right one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from django.db import models

from swf_remote.alarms.configuring import RefusedError

_TYPES: Mapping[type[models.Field[Any, Any]], tuple[tuple[type, ...], str]] = {
    models.BooleanField: ((bool,), "true or false"),
    models.IntegerField: ((int,), "a whole number"),
    models.FloatField: ((int, float), "a number"),
    models.JSONField: ((dict,), "an object"),
}


_MOST = 10**15


def text_of(body: Mapping[str, Any], name: str, *, needed: bool = False, most: int | None = None) -> str:
    """A text of the body; empty where it is not there.

    Raises:
        RefusedError: it is none, is missing, or is too long.
    """
    if needed and name not in body:
        raise RefusedError({name: ["It is missing."]})
    value = body.get(name, "")
    if not isinstance(value, str):
        raise RefusedError({name: ["Give a text."]})
    if most is not None and len(value) > most:
        raise RefusedError({name: [f"At most {most} characters are allowed; these are {len(value)}."]})
    return value


def moment_in(body: Mapping[str, Any], name: str) -> datetime:
    """A time of the body, with its zone.

    Raises:
        RefusedError: it is none.
    """
    try:
        found = datetime.fromisoformat(text_of(body, name, needed=True))
        if found.tzinfo is None or not 1970 <= found.year <= 9998:
            raise ValueError
    except ValueError:
        raise RefusedError({name: ["Give a time with its zone, such as 2026-11-29T18:00:00Z."]}) from None
    return found.astimezone(UTC)


def only(body: Mapping[str, Any], known: Iterable[str]) -> None:
    """Refuse members that mean nothing here: most are misspelt.

    Raises:
        RefusedError: there are some.
    """
    allowed = sorted(known)
    unknown = sorted(set(body) - set(allowed))
    if unknown:
        raise RefusedError({name: [f"There is no such member; there are {', '.join(allowed)}."] for name in unknown})


def take(row: models.Model, given: Mapping[str, Any]) -> None:
    """Give the row's fields these values.

    Raises:
        RefusedError: one is of another type than its field.
    """
    faults: dict[str, list[str]] = {}
    for name, value in given.items():
        field = row._meta.get_field(name)
        types, words = next((told for kind, told in _TYPES.items() if isinstance(field, kind)), ((str,), "a text"))
        is_wrong_flag = isinstance(value, bool) and bool not in types
        if not isinstance(value, types) or is_wrong_flag or _is_beyond_tables(value):
            faults[name] = [f"Give {words}."]
        else:
            setattr(row, name, value)
    if faults:
        raise RefusedError(faults)


def _is_beyond_tables(value: object) -> bool:
    return isinstance(value, (int, float)) and abs(value) >= _MOST
