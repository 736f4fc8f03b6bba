"""What no exposure table can open: administration, logins, users, tokens, logs and the agents' own interface.

A tunnel request without a name runs at the monitor as an account with rights (contract 1.2), and one with a name may
become any account. So these are refused in code, under every root that a catch-all row may cover, however spelled.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from . import refusals
from .patterns import examples, spellings
from .refusals import Refusal

_ROOTS = "|".join(("api", "panda", "pcs", "ai", "testbed", "api/panda", "pcs/api", "ai/api"))
_NAMES: tuple[tuple[Refusal, str], ...] = (
    (refusals.ADMINISTRATION, "admin administration sysconfig system/sysconfig"),
    (
        refusals.ACCOUNTS,
        "account accounts login logout signin password password_change password_reset api-auth api-token-auth auth "
        "oauth oauth2 oidc o .well-known token tokens jwt session sessions",
    ),
    (refusals.PRIVATE_DATA, "user users"),
    (refusals.LOGS, "log logs"),
    (refusals.AGENTS, "mcp agent agents systemagents"),
)
# Agents' interfaces with names of their own (contract 2.6): they act on a token in the body, or on none.
_AGENT_PATHS = (
    "api/state api/namespaces api/ai-memory api/corun-callback api/slash api/dpid api/capcom/notices/ingest "
    "api/subscribers api/workers api/mcp-health"
)
# Reads that change something at the monitor (contract 10, quirk 16), whatever the table says of them.
_CHANGING = re.compile(r"pcs/tasks/[^/]+/commands/?|(?:.*/)?update-from-github/?", re.DOTALL)


def _below(names: str, *, roots: str = "") -> re.Pattern[str]:
    choices = "|".join(re.escape(name) for name in names.split())
    return re.compile(f"{roots}(?:{choices})(?:/.*)?", re.DOTALL)


_FLOOR = (
    *((_below(names, roots=f"(?:(?:{_ROOTS})/)?"), refusal) for refusal, names in _NAMES),
    (_below(_AGENT_PATHS), refusals.AGENTS),
)


def never_opened() -> tuple[tuple[Refusal, tuple[str, ...]], ...]:
    """Reasons and the names that they close, at the mount and below each root that a catch-all may cover."""
    paths = {refusals.AGENTS: _AGENT_PATHS}
    return tuple((why, (*names.split(), *paths.get(why, "").split())) for why, names in _NAMES)


def refused(path: str, others: Iterable[str]) -> Refusal | None:
    """Why `path` is never reachable, judged by itself and by its other spellings; None when the table decides."""
    readings = (path, *others)
    return next((why for fits, why in _FLOOR if any(fits.fullmatch(reading) for reading in readings)), None)


def reaches_floor(pattern: str) -> Refusal | None:
    """Why no row may open `pattern`: all that it covers lies below the floor."""
    return next((why for path in examples(pattern) if (why := refused(path, spellings(path)))), None)


def changes_by_reading(path: str, others: Iterable[str]) -> bool:
    """Whether a mere GET of `path` changes something at the monitor."""
    return any(_CHANGING.fullmatch(reading) for reading in (path, *others))
