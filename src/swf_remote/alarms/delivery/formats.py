"""Webhooks of an alarm, as people type them: one address a line, its format before it. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from typing import NamedTuple
from urllib.parse import urlsplit

from .allowed import Origin, origin_of
from .wording import one_line

FORMATS = ("json", "mattermost", "slack", "matrix")
"""Ours, which programs read, comes first and is meant where none is named."""
MOST_HOOKS = 10
_LONGEST_URL = 2000


class Hook(NamedTuple):
    """Where a message is posted, and in which form."""

    format: str
    url: str


class Hooks(NamedTuple):
    """Those that can be used, and why others cannot."""

    hooks: tuple[Hook, ...]
    warnings: tuple[str, ...]


def read_hooks(text: str, allowed: AbstractSet[Origin] | None = None) -> Hooks:
    """The webhooks that `text` names; lines that are empty or begin with ``#`` do not count.

    Args:
        text: as typed.
        allowed: origins that the operator lists; None: not looked at, as it is again when something is posted.
    """
    found: dict[str, Hook] = {}
    warnings = []
    for number, line in _lines(text):
        try:
            hook = _hook(line, allowed)
            if hook.url in found:
                raise ValueError("its address is there twice")
            if len(found) == MOST_HOOKS:
                raise ValueError(f"{MOST_HOOKS} are the most that an alarm may have")
        except ValueError as error:
            warnings.append(f"Webhook in line {number} cannot be used: {error}.")
        else:
            found[hook.url] = hook
    return Hooks(tuple(found.values()), tuple(warnings))


def shown(url: str) -> str:
    """An address without its secret part, for pages and logs: ``https://chat.example/…``."""
    try:
        return f"{origin_of(url)}/…"
    except ValueError:
        return "an address that cannot be read"


def _lines(text: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip() and not line.strip().startswith("#"):
            yield number, line.strip()


def _hook(line: str, allowed: AbstractSet[Origin] | None) -> Hook:
    first, *rest = line.split()
    words = [FORMATS[0], first] if not rest and "://" in first else [first, *rest]
    if len(words) != 2 or len(words[1]) > _LONGEST_URL:
        raise ValueError("write a format and an address, such as mattermost https://chat.example/hooks/…")
    if words[0] not in FORMATS:
        raise ValueError(f"{one_line(words[0], 30)!r} is no format; there are {', '.join(FORMATS)}")
    origin, url = origin_of(words[1]), words[1]
    if allowed is not None and origin not in allowed:
        raise ValueError(f"{origin} is not among the hosts of SWF_REMOTE_WEBHOOK_HOSTS")
    return Hook(words[0], url.split("#")[0] if urlsplit(url).fragment else url)
