"""The state of the link in words: what is broken, since when, what still works.

Pure: the state and the time come from outside.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from statistics import quantiles
from typing import Any

from swf_remote.proxy.link import KEPT, Incident, LinkState, Place, Proof
from swf_remote.web.moments import duration, iso


class Health(StrEnum):
    """What the whole link is; the value is the word in JSON."""

    UP = "up"
    DEGRADED = "degraded"
    DOWN = "down"
    UNKNOWN = "unknown"


class PartState(StrEnum):
    """What one part of the chain is; the value names its shape."""

    OK = "ok"
    BROKEN = "broken"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the chain from the reader to the data."""

    name: str
    what: str
    state: PartState

    @property
    def word(self) -> str:
        """Its state as readers see it, beside the shape."""
        return {PartState.OK: "works", PartState.BROKEN: "broken", PartState.UNKNOWN: "not known"}[self.state]


@dataclass(frozen=True, slots=True)
class Stretch:
    """A span of the 24-hour strip, in minutes from its left end."""

    start: int
    width: int


@dataclass(frozen=True, slots=True)
class Report:
    """Everything the status page says; times are UTC."""

    health: Health
    headline: str
    sentence: str
    since: datetime | None
    last_good: datetime | None
    parts: tuple[Part, ...]
    works: tuple[str, ...]
    broken: tuple[str, ...]
    incidents: tuple[Incident, ...]
    incident_sentence: str
    strip: tuple[Stretch, ...]
    unseen: Stretch | None
    answer_times: str
    started: datetime
    checked_at: datetime
    proof: Proof

    @property
    def certificate(self) -> str:
        """How the monitor proves who it is, in words."""
        return _PROOFS[self.proof]

    @property
    def unproven(self) -> bool:
        """Whether its certificate is not looked at, though there is one."""
        return self.proof is Proof.NONE


_PROOFS = {
    Proof.PLAIN: "none: the way to the monitor begins on the gateway's own machine, in the tunnel",
    Proof.AUTHORITY: "checked by its authority and name",
    Proof.PIN: "checked by its pinned key",
    Proof.AUTHORITY_AND_PIN: "checked by its authority and name, and by its pinned key",
    Proof.NONE: "NOT CHECKED (a setting): what is shown could come from somebody else",
}
_AFTER_BROWSER = ("Gateway", "SSH tunnel", "Monitor", "Database")
_WHAT = ("this web site", "from here to the laboratory", "the laboratory's pages", "PanDA's records and their feed")
_PLACES = (None, Place.TUNNEL, Place.MONITOR, Place.DATA)
_OWN_PAGES = "Log-in, account pages and this page"
_MONITOR_PAGES = "PanDA pages: activity, jobs, tasks, errors, queues"
_MACHINE_PAGES = "Exports, the PanDA API and live updates"
_SHORTEST_MARK = 4
_DAY_MINUTES = int(KEPT.total_seconds()) // 60


def report(state: LinkState, now: datetime, patience: timedelta) -> Report:
    """The report for `state` at `now`; a link said to be up but not seen for `patience` counts as unknown."""
    health = _health(state, now, patience)
    works, broken = _consequences(health)
    return Report(
        health=health,
        headline=_headline(health, state, now),
        sentence=_sentence(health, state),
        since=state.since,
        last_good=state.last_good,
        parts=_parts(health, state.broken_at),
        works=works,
        broken=broken,
        incidents=state.incidents,
        incident_sentence=_incident_sentence(state, now),
        strip=tuple(_stretch(one.begin, one.end or now, now) for one in state.incidents),
        unseen=_stretch(now - KEPT, state.started, now) if state.started > now - KEPT else None,
        answer_times=_answer_times(state.latencies),
        started=state.started,
        checked_at=now,
        proof=state.proof,
    )


def _health(state: LinkState, now: datetime, patience: timedelta) -> Health:
    if not state.probed:
        return Health.UNKNOWN
    if not state.up:
        return Health.DOWN
    if state.last_good is None or now - state.last_good > patience:
        return Health.UNKNOWN
    return Health.DEGRADED if state.broken_at else Health.UP


def _headline(health: Health, state: LinkState, now: datetime) -> str:
    lasted = f" for {duration(now - state.since)}" if state.since else ""
    return {
        Health.UP: "Link to the laboratory: up",
        Health.DEGRADED: f"Link to the laboratory: up, data at fault{lasted}",
        Health.DOWN: f"Link to the laboratory: down{lasted}",
        Health.UNKNOWN: "Link to the laboratory: not known",
    }[health]


def _sentence(health: Health, state: LinkState) -> str:
    if health is Health.UP:
        return "Every part of the chain answers."
    if health is Health.UNKNOWN:
        return "The gateway has not looked at the link lately." if state.probed else "The gateway is about to look."
    return state.reason or "Something in the chain is broken."


def _parts(health: Health, broken_at: Place | None) -> tuple[Part, ...]:
    """Up to the break all works, behind it nothing is known."""
    states = [_part_state(place, health, broken_at) for place in _PLACES]
    chain = [Part(*each) for each in zip(_AFTER_BROWSER, _WHAT, states, strict=True)]
    return (Part("Browser", "where you are", PartState.OK), *chain)


def _part_state(place: Place | None, health: Health, broken_at: Place | None) -> PartState:
    if place is None:
        return PartState.OK
    if health is Health.UNKNOWN:
        return PartState.UNKNOWN
    if broken_at is None or _PLACES.index(place) < _PLACES.index(broken_at):
        return PartState.OK
    return PartState.BROKEN if place is broken_at else PartState.UNKNOWN


def _consequences(health: Health) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What works and what does not."""
    if health is Health.UP:
        return (_MONITOR_PAGES, _MACHINE_PAGES, _OWN_PAGES), ()
    if health is Health.DEGRADED:
        return (f"{_MONITOR_PAGES} (they open)", _OWN_PAGES), ("Figures may be old, incomplete or missing",)
    if health is Health.DOWN:
        return (_OWN_PAGES,), (_MONITOR_PAGES, _MACHINE_PAGES)
    return (_OWN_PAGES,), ()


def _incident_sentence(state: LinkState, now: datetime) -> str:
    count = len(state.incidents)
    if not count:
        return "No incident in the last 24 hours." if state.started <= now - KEPT else "No incident since the start."
    lost = sum((_end(one, now) - max(one.begin, now - KEPT) for one in state.incidents), timedelta())
    return f"{count} incident{'s' if count > 1 else ''} in the last 24 hours, {duration(lost)} in all."


def _end(one: Incident, now: datetime) -> datetime:
    return one.end or now


def _stretch(begin: datetime, end: datetime, now: datetime) -> Stretch:
    """Minutes on the strip; never thinner than can be seen, never outside."""
    start = max(int((begin - (now - KEPT)).total_seconds()) // 60, 0)
    width = max(int((end - max(begin, now - KEPT)).total_seconds()) // 60, _SHORTEST_MARK)
    return Stretch(min(start, _DAY_MINUTES - _SHORTEST_MARK), min(width, _DAY_MINUTES - start or _SHORTEST_MARK))


def _answer_times(latencies: tuple[float, ...]) -> str:
    """Median and 95th percentile; the median alone means little with few looks, so the count is told."""
    if not latencies:
        return ""
    ordered = quantiles(latencies, n=20, method="inclusive") if len(latencies) > 1 else [latencies[0]] * 19
    return f"{ordered[9]:.0f} ms median, {ordered[18]:.0f} ms 95th percentile, of the last {len(latencies)} looks"


def as_json(found: Report, version: str) -> dict[str, Any]:
    """The report for programs."""
    return {
        "status": found.health,
        "summary": found.headline,
        "reason": found.sentence,
        "since": _iso(found.since),
        "last_good": _iso(found.last_good),
        "checked_at": iso(found.checked_at),
        "parts": [{"name": part.name, "state": part.state} for part in found.parts],
        "certificate": found.proof,
        "works": found.works,
        "broken": found.broken,
        "incidents": [
            {"what": one.what, "reason": one.reason, "begin": iso(one.begin), "end": _iso(one.end)}
            for one in found.incidents
        ],
        "gateway": {"version": version, "started": iso(found.started)},
    }


def _iso(when: datetime | None) -> str | None:
    return iso(when) if when else None
