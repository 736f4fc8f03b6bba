"""The record of the link to the monitor: does it stand, what is broken, since when, what went wrong lately.

Pure: observations and the clock come from outside (``proxy.probe`` looks at the link, real requests report failures).
``current()`` gives the state of this process to the status page.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from swf_remote.proxy.failures import LinkCause

KEPT = timedelta(hours=24)
MOST_INCIDENTS = 200
MOST_LATENCIES = 60


class Place(StrEnum):
    """The part of the chain that is broken."""

    TUNNEL = "tunnel"
    MONITOR = "monitor"
    DATA = "database or feed"


class Proof(StrEnum):
    """What is asked of the monitor's certificate (``proxy.trust``)."""

    PLAIN = "no TLS"
    """The monitor is reached without TLS, so there is no certificate: the tunnel alone protects."""
    AUTHORITY = "authority"
    PIN = "pin"
    AUTHORITY_AND_PIN = "authority and pin"
    NONE = "off"
    """Nothing is checked."""


@dataclass(frozen=True, slots=True)
class Observation:
    """One look at the link."""

    broken_at: Place | None
    reason: str
    """In words, for readers; empty when all is well."""
    latency_ms: float | None = None
    """How long the monitor took to answer; None when it did not."""
    cause: LinkCause | None = None
    """Why requests cannot be answered either; None when they can, or fail at once with a reason of their own."""
    answers: bool = False
    """Readers get answers all the same."""
    server: str = ""
    """The software that the monitor's answer names; empty where it names none."""


@dataclass(frozen=True, slots=True)
class Incident:
    """A time during which something was broken."""

    what: Place
    reason: str
    begin: datetime
    end: datetime | None = None
    """None while it lasts."""


@dataclass(frozen=True, slots=True)
class LinkState:
    """The link as last seen. All times are UTC."""

    up: bool
    """The monitor answers (its database or feed may still be broken)."""
    broken_at: Place | None
    reason: str
    since: datetime | None
    """When the present state began; None before the first look."""
    last_good: datetime | None
    """When the monitor last answered."""
    probed: bool
    latency_ms: float | None
    latencies: tuple[float, ...]
    """Milliseconds of the last answered probes, oldest first."""
    incidents: tuple[Incident, ...]
    """Of the last 24 hours, newest first."""
    started: datetime
    """When this gateway process began to look."""
    proof: Proof
    """How the monitor proves who it is."""
    server: str
    """The software that the monitor last named in an answer; empty while it has named none."""


class LinkRecord:
    """Turns observations into a state with a memory of incidents."""

    def __init__(
        self,
        *,
        clock: Callable[[], datetime],
        proof: Proof = Proof.PLAIN,
        heard: Callable[[Observation], None] = lambda _seen: None,
    ) -> None:
        """`heard` is told of each observation, once it is noted."""
        self._clock = clock
        self._heard = heard
        self._latencies: deque[float] = deque(maxlen=MOST_LATENCIES)
        self._incidents: deque[Incident] = deque(maxlen=MOST_INCIDENTS)
        self._state = LinkState(
            up=False,
            broken_at=None,
            reason="not looked at yet",
            since=None,
            last_good=None,
            probed=False,
            latency_ms=None,
            latencies=(),
            incidents=(),
            started=clock(),
            proof=proof,
            server="",
        )

    def note(self, seen: Observation) -> None:
        """Take one observation into account."""
        now = self._clock()
        before = self._state
        changed = not before.probed or seen.broken_at != before.broken_at
        if changed:
            self._close(now)
            self._open(seen, now)
        if seen.latency_ms is not None:
            self._latencies.append(seen.latency_ms)
        self._state = replace(
            before,
            up=seen.broken_at in (None, Place.DATA) or seen.answers,
            broken_at=seen.broken_at,
            reason=seen.reason,
            since=now if changed else before.since,
            last_good=now if seen.latency_ms is not None or seen.answers else before.last_good,
            probed=True,
            latency_ms=seen.latency_ms,
            server=seen.server or before.server,
        )
        self._heard(seen)

    def state(self) -> LinkState:
        """The link now, with the incidents of the last 24 hours."""
        oldest = self._clock() - KEPT
        recent = tuple(one for one in reversed(self._incidents) if one.end is None or one.end >= oldest)
        return replace(self._state, incidents=recent, latencies=tuple(self._latencies))

    def _open(self, seen: Observation, now: datetime) -> None:
        if seen.broken_at is not None:
            self._incidents.append(Incident(seen.broken_at, seen.reason, now))

    def _close(self, now: datetime) -> None:
        if self._incidents and self._incidents[-1].end is None:
            self._incidents.append(replace(self._incidents.pop(), end=now))


def utc_now() -> datetime:
    """The clock in use."""
    return datetime.now(UTC)


class _Installed:
    record = LinkRecord(clock=utc_now)


def install(record: LinkRecord) -> None:
    """Make this record the one that ``current()`` reads; called once when the process starts."""
    _Installed.record = record


def current() -> LinkState:
    """The state of the link as this process sees it."""
    return _Installed.record.state()
