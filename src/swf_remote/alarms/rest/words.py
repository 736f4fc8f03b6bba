"""Words of addresses that only lists of one kind know."""

from __future__ import annotations

from collections.abc import Mapping

from swf_remote.alarms.selection import SelectionError

from .serving import Asked


def only_words(asked: Asked, *known: str) -> Mapping[str, str]:
    """The words of the address; a word that means nothing here is most likely misspelt.

    Raises:
        SelectionError: there is one.
    """
    unknown = sorted(set(asked.query) - set(known))
    if unknown:
        names = ", ".join(known) or "none"
        raise SelectionError(f"There is no parameter {unknown[0][:40]!r} here; there are: {names}.")
    return asked.query


def choice(words: Mapping[str, str], name: str, *allowed: str) -> str:
    """One of some values; empty where the word is not there.

    Raises:
        SelectionError: it is none of them.
    """
    value = words.get(name, "")
    if value and value not in allowed:
        raise SelectionError(f"{name} is {value[:20]!r}: give one of {', '.join(allowed)}.")
    return value


def number(words: Mapping[str, str], name: str, default: int, most: int) -> int:
    """A whole number from 1 to `most`.

    Raises:
        SelectionError: it is none.
    """
    text = words.get(name, "")
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= 9 and 1 <= int(text) <= most):
        raise SelectionError(f"{name} is {text[:20]!r}: give a whole number from 1 to {most}.")
    return int(text)
