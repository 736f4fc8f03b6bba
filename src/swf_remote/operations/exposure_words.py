"""The exposure table in words: as columns for an operator, as objects for programs, and its verdict on one address."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from swf_remote.proxy.policy.exposure import Exposure
from swf_remote.proxy.policy.floor import never_opened
from swf_remote.proxy.policy.rows import EVERY, SAFE_METHODS, Access, Decision, Route, Spending

HEADINGS = ("ROW", "WHO", "METHODS", "PATH", "IDENTITY", "KIND", "CACHE", "REWRITING", "NOTE")
NEVER = "never"
_ALL_METHODS = "all"


def never() -> list[tuple[str, ...]]:
    """What no table opens: one line per reason."""
    return [("-", NEVER, _ALL_METHODS, ", ".join(names), "", "", "", "", why.title) for why, names in never_opened()]


def cells(route: Route) -> tuple[str, ...]:
    """One row of the table, cell by cell."""
    path = route.pattern or "(first page)"
    if route.query:
        path += f"?{route.query}="
    start = (str(route.number), str(route.access), " ".join(route.methods) or _ALL_METHODS, path)
    if route.access is Access.CLOSED:
        return (*start, "", "", "", "", _note(route))
    return (*start, str(route.identity), str(route.kind), str(route.cache), str(route.rewriting), _note(route))


def _note(route: Route) -> str:
    notes = [
        (route.refusal is not None, route.refusal.title if route.refusal else ""),
        (bool(route.shows), f"shows {route.shows}"),
        (route.changes, "changes something: same origin only"),
        (route.anonymous_writes, "ANYBODY MAY WRITE"),
        (_guarded(route), "same origin only"),
        (route.effects, "does something: never repeated"),
        (bool(route.url_within), f"url only below {route.url_within}"),
        (route.head_as_get, "HEAD asked as GET"),
        (route.first_byte != Route("").first_byte, f"waits {route.first_byte:g} s"),
        (bool(route.headers), f"also passes {_listed(route)}"),
        (route.lifetime is not None, f"kept for {route.lifetime or 0:g} s"),
        (route.longest is not None, f"kept for at most {route.longest or 0:g} s"),
        (route.upload is not None, f"bodies up to {route.upload} bytes"),
        (route.budget is Spending.LOGS, "from the budget of logs"),
        (bool(route.slot), f"slot for markers: {route.slot}"),
    ]
    return "; ".join(words for holds, words in notes if holds)


def _guarded(route: Route) -> bool:
    return not (route.changes or route.anonymous_writes or set(route.methods) <= SAFE_METHODS)


def _listed(route: Route) -> str:
    return "all headers that may pass" if EVERY in route.headers else ", ".join(sorted(route.headers))


def columns(rows: Iterable[Sequence[str]]) -> list[str]:
    """Aligned lines with headings; the last column runs free."""
    lines = [HEADINGS, *rows]
    widths = [max(len(line[column]) for line in lines if line[1] != NEVER) for column in range(len(HEADINGS) - 1)]
    return [_line(line, widths) for line in lines]


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    if row[1] == NEVER:
        return f"{row[0].ljust(widths[0])}  {NEVER.ljust(widths[1])}  {row[-1]}: {row[3]}"
    return "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[-1]]).rstrip()


def document(table: Exposure) -> dict[str, Any]:
    """The whole table as JSON has it."""
    return {
        "never": [{"paths": list(names), "refusal": why.kind} for why, names in never_opened()],
        "routes": [_members(route) for route in table.routes],
        "inside": [{"path": part.pattern, "what": part.what} for part in table.inside],
        "asset_hosts": list(table.asset_hosts),
        "form_fields": sorted(table.form_fields),
        "noise": sorted(table.noise),
        "echoed": table.echoed or None,
        "unfinished": list(table.unfinished),
    }


def _members(route: Route) -> dict[str, Any]:
    return {
        "row": route.number,
        "path": route.pattern,
        "query": route.query or None,
        "methods": list(route.methods),
        "who": route.access,
        "identity": route.identity,
        "kind": route.kind,
        "cache": route.cache,
        "rewriting": route.rewriting,
        "first_byte": route.first_byte,
        "headers": sorted(route.headers),
        "upload": route.upload,
        "budget": route.budget,
        "url_within": route.url_within or None,
        "effects": route.effects,
        "changes": route.changes,
        "anonymous_writes": route.anonymous_writes,
        "lifetime": route.lifetime,
        "longest": route.longest,
        "head_as_get": route.head_as_get,
        "shows": route.shows or None,
        "slot": route.slot or None,
        "refusal": route.refusal.kind if route.refusal else None,
    }


def verdict(decision: Decision) -> str:
    """What the table says about one request, in one line that names the row."""
    where = f"row {decision.row.number}" if decision.row else "no row"
    if decision.route is None:
        refusal = decision.refusal
        assert refusal is not None, "a refused request has a reason"
        allowed = f" (it takes {' '.join(decision.allowed)})" if decision.allowed else ""
        return f"{where}: refused ({refusal.status}): {refusal.title}{allowed}"
    needs = "; needs what a write needs: login, known name, same origin" if decision.writes else ""
    return f"{where}: {'  '.join(cell for cell in cells(decision.route)[1:] if cell)}{needs}"


def verdict_members(decision: Decision) -> dict[str, Any]:
    """The same for programs."""
    refusal = decision.refusal
    return {
        "row": decision.row.number if decision.row else None,
        "exposed": decision.route is not None,
        "writes": decision.writes,
        "status": refusal.status if refusal else None,
        "refusal": refusal.kind if refusal else None,
        "allowed": list(decision.allowed),
        "route": _members(decision.route) if decision.route else None,
    }
