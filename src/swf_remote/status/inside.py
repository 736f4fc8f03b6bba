"""What staff see beyond the public page: lanes and breakers, workers, memory, failures by kind, the monitor, drift.

Read from the figures of all workers of the host.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from swf_remote.configuration import configuration
from swf_remote.edge import metrics
from swf_remote.edge.figures import Family, table
from swf_remote.edge.history import Sample
from swf_remote.edge.metrics import BREAKER_STATES, LANES
from swf_remote.operations.drift_record import DriftRecord
from swf_remote.operations.drift_watch import last_look
from swf_remote.web.moments import iso

from .quantiles import quantile, quantile_in_words

PARTS = (0.5, 0.95, 0.99)


@dataclass(frozen=True, slots=True)
class Lane:
    """A kind of requests to the monitor."""

    name: str
    running: int
    waiting: int
    limit: int
    breakers: dict[str, int]
    """Workers by the state of its breaker."""
    answered: int
    """Requests that the monitor answered in the last hour."""
    times: tuple[float | None, ...]
    """Seconds until those answers began: ``PARTS`` of them in less."""
    failed: int
    """Requests that it did not answer, since counting began."""

    @property
    def breaker(self) -> str:
        """Their states in words."""
        told = {state: count for state, count in self.breakers.items() if count}
        workers = sum(told.values())
        if len(told) == 1:
            return next(iter(told))
        return ", ".join(f"{state} in {count} of {workers}" for state, count in told.items()) or "not known"

    @property
    def is_closed(self) -> bool:
        """Whether requests pass in every worker."""
        return not any(count for state, count in self.breakers.items() if state != BREAKER_STATES[0])

    @property
    def times_in_words(self) -> str:
        """Its percentiles in one cell."""
        return " · ".join(quantile_in_words(seconds, metrics.SECONDS) for seconds in self.times)


@dataclass(frozen=True, slots=True)
class Worker:
    """A process that serves."""

    pid: int
    started: datetime
    resident_bytes: int

    @property
    def resident(self) -> str:
        """Its memory in words."""
        return binary(self.resident_bytes)


@dataclass(frozen=True, slots=True)
class Events:
    """The event streams."""

    listeners: int
    sources: int
    received: int
    sent: int
    dropped: int


@dataclass(frozen=True, slots=True)
class Inside:
    """All of it."""

    lanes: tuple[Lane, ...]
    workers: tuple[Worker, ...]
    running: int
    cache_bytes: int
    cache_limit: int
    """Bytes that all workers together may keep."""
    cache_entries: int
    failures: dict[str, int]
    refusals: dict[str, int]
    events: Events
    server: str
    """The software that the monitor names; empty where it names none."""
    drift: DriftRecord
    looking: bool
    """A look for drift is under way."""

    @property
    def cache(self) -> str:
        """Its memory in words."""
        return f"{binary(self.cache_bytes)} of {binary(self.cache_limit)}"

    @property
    def drift_at(self) -> datetime | None:
        """When the last look for drift ended."""
        return datetime.fromtimestamp(self.drift.at, UTC) if self.drift.at else None


def inside(samples: Sequence[Sample], server: str, now: datetime) -> Inside:
    """The present state.

    Args:
        samples: of the last hour.
        server: as the monitor names it.
    """
    totals = table().totals()

    def now_is(family: Family, *labels: str) -> int:
        return int(totals[family.columns[labels]])

    workers = _workers()
    drift = last_look()
    return Inside(
        lanes=tuple(
            Lane(
                name,
                now_is(metrics.LANE_RUNNING, name),
                now_is(metrics.LANE_WAITING, name),
                now_is(metrics.LANE_LIMIT, name),
                {state: now_is(metrics.BREAKERS, name, state) for state in BREAKER_STATES},
                *_times(name, samples),
                now_is(metrics.UPSTREAM_FAILURES, name),
            )
            for name in LANES
        ),
        workers=workers,
        running=now_is(metrics.RUNNING),
        cache_bytes=now_is(metrics.CACHE_BYTES),
        cache_limit=configuration().cache_bytes * len(workers),
        cache_entries=now_is(metrics.CACHE_ENTRIES),
        failures=metrics.counted_by_kind(metrics.FAILURES),
        refusals=metrics.counted_by_kind(metrics.REFUSALS),
        events=Events(
            now_is(metrics.STREAMS),
            now_is(metrics.SOURCES),
            now_is(metrics.EVENTS_IN),
            now_is(metrics.EVENTS_OUT),
            now_is(metrics.DROPPED),
        ),
        server=server,
        drift=drift,
        looking=drift.looks(now.timestamp()),
    )


def _workers() -> tuple[Worker, ...]:
    """Those that serve; a process that only watches over others has told nothing of itself."""
    told = [
        {row: int(values[()]) for row, values in table().each(family)}
        for family in (metrics.WORKER_PID, metrics.WORKER_STARTED, metrics.WORKER_MEMORY)
    ]
    pids, started, memory = told
    return tuple(
        Worker(pid, datetime.fromtimestamp(started.get(row, 0), UTC), memory.get(row, 0))
        for row, pid in pids.items()
        if pid
    )


def _times(lane: str, samples: Sequence[Sample]) -> tuple[int, tuple[float | None, ...]]:
    """How many answers came in the time of the samples, and how soon."""
    if not samples:
        return 0, (None,) * len(PARTS)
    first = metrics.UPSTREAM.columns[lane,]
    columns = range(first, first + len(metrics.SECONDS) + 1)
    counts = [max(samples[-1].totals[at] - samples[0].totals[at], 0.0) for at in columns]
    return int(sum(counts)), tuple(quantile(metrics.SECONDS, counts, part) for part in PARTS)


def binary(size: float) -> str:
    """Bytes of memory, with a unit: powers of 1024."""
    for unit in ("B", "KiB", "MiB"):
        if size < 1000:
            return f"{size:.3g} {unit}"
        size /= 1024
    return f"{size:,.3g} GiB"


def as_json(found: Inside) -> dict[str, Any]:
    """The same for programs: bytes, seconds, counts."""
    drift = found.drift
    return {
        "lanes": [
            {
                "name": lane.name,
                "running": lane.running,
                "waiting": lane.waiting,
                "limit": lane.limit,
                "breakers": lane.breakers,
                "answered": lane.answered,
                "seconds": dict(zip(("p50", "p95", "p99"), map(finite, lane.times), strict=True)),
                "failed": lane.failed,
            }
            for lane in found.lanes
        ],
        "workers": [
            {"pid": one.pid, "started": iso(one.started), "resident_bytes": one.resident_bytes} for one in found.workers
        ],
        "running": found.running,
        "cache": {"bytes": found.cache_bytes, "limit": found.cache_limit, "entries": found.cache_entries},
        "failures": found.failures,
        "refusals": found.refusals,
        "events": {
            "listeners": found.events.listeners,
            "sources": found.events.sources,
            "received": found.events.received,
            "sent": found.events.sent,
            "dropped": found.events.dropped,
        },
        "monitor": {"server": found.server or None, "api_version": drift.api_version or None},
        "drift": {
            "looked_at": iso(found.drift_at) if found.drift_at else None,
            "looking": found.looking,
            "fault": drift.fault or None,
            "pages": drift.pages,
            "findings": [{"kind": one.kind, "path": one.path, "why": one.why} for one in drift.findings],
            "more": drift.more,
        },
    }


def finite(seconds: float | None) -> float | None:
    """For JSON, which knows no infinity: what lies above the last bound counts as that bound."""
    return None if seconds is None else round(min(seconds, metrics.SECONDS[-1]), 6)
