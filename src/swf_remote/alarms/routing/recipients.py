"""Who an alarm's recipients are, from the text that people typed. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from .addresses import is_address

_SEPARATORS = re.compile(r"[,; \t\r\n]+")
_LONGEST_SHOWN = 60
ON_CALL = "/oncall"
"""After the name of a team: the one of its members who is on duty."""


class Recipients(NamedTuple):
    """Addresses in the order of the text, each once without regard to case, what could not be used, and the teams.

    Who is meant as the one on duty stands among the teams with the words that name them, such as ``@prodops/oncall``.
    """

    addresses: tuple[str, ...]
    warnings: tuple[str, ...]
    teams: tuple[str, ...]


def resolve(text: str, teams: Mapping[str, str], on_call: Mapping[str, str] | None = None) -> Recipients:
    """The addresses that `text` names.

    Parts are separated by commas, semicolons, blanks, tabs and ends of lines. A part with ``@`` in front is a team, by
    its exact name; its members are split the same way, and teams among them are not followed.
    With ``/oncall`` behind its name a team stands for the one who is on duty.

    Args:
        text: as typed.
        teams: members of each team, by its name with the ``@``.
        on_call: who is on duty, by team; teams without a rotation are not in it.
    """
    duties = on_call or {}
    found: dict[str, str] = {}
    warnings: dict[str, None] = {}
    named = [part for part in dict.fromkeys(_split(text)) if part in teams or part.removesuffix(ON_CALL) in duties]
    for part, team in _parts(text, teams, duties, warnings):
        if is_address(part):
            found.setdefault(part.lower(), part)
        else:
            where = f" of the team {_shown(team)}" if team else ""
            kind = "a team within a team is not followed" if team and part.startswith("@") else "is no e-mail address"
            warnings[f"{_shown(part)}{where}: {kind}"] = None
    return Recipients(tuple(found.values()), tuple(warnings), tuple(named))


def _parts(
    text: str, teams: Mapping[str, str], duties: Mapping[str, str], warnings: dict[str, None]
) -> Iterator[tuple[str, str]]:
    """Each part with the team that it comes from."""
    for part in _split(text):
        name = part.removesuffix(ON_CALL)
        if not part.startswith("@"):
            yield part, ""
        elif name not in teams:
            warnings[f"{_shown(part)}: there is no such team"] = None
        elif not (members := _split(teams[name])):
            warnings[f"{_shown(part)}: the team has no members"] = None
        elif name == part:
            yield from ((member, part) for member in members)
        elif name in duties:
            yield duties[name], part
        else:
            warnings[f"{_shown(part)}: nobody is on duty; the team has no rotation"] = None


def _split(text: str) -> list[str]:
    return [part for part in _SEPARATORS.split(text) if part]


def _shown(part: str) -> str:
    cut = part if len(part) <= _LONGEST_SHOWN else f"{part[:_LONGEST_SHOWN]}…"
    return cut if cut.isprintable() else ascii(cut)
