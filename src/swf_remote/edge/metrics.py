"""What this gateway counts about itself; ``edge.exposition`` tells it to Prometheus, the status page draws it.

Labels take few values only: areas, kinds of problems, methods in use, lanes. A request costs a few additions in shared
memory (``edge.figures``), so that any worker can tell the figures of all workers of the host.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from swf_remote.edge.exchange import Exchange
from swf_remote.edge.figures import LAYOUT, Kind, Labels, table
from swf_remote.edge.problem import Problem
from swf_remote.proxy.link import LinkState, Observation, Place

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 90.0)
FIRST_BYTE_SECONDS = (0.001, 0.0025, *SECONDS)
AREAS = ("page", "data", "static", "stream", "own", "assets", "edge")
RESULTS = ("hit", "miss", "coalesced", "stale", "bypass")
"""What the cache did."""
LANES = ("page", "data", "static", "write")
BREAKER_STATES = ("closed", "half-open", "open")
NOTHING_BROKEN, NOT_LOOKED = "nothing", "not known"
LINK_FINDINGS = (NOTHING_BROKEN, *(place.value for place in Place), NOT_LOOKED)
"""What a worker holds to be broken."""
OUTCOMES = ("failed", "refused")
_METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "other")
_STATUSES = ("1xx", "2xx", "3xx", "4xx", "5xx", "none")
_OF_THE_MONITOR = frozenset({"page", "data", "static"})

_areas, _lanes = {"area": AREAS}, {"lane": LANES}
_requests = LAYOUT.add(
    "swf_remote_requests", "Requests answered", Kind.COUNTER, {**_areas, "method": _METHODS, "status": _STATUSES}
)
DURATION = LAYOUT.add(
    "swf_remote_request_seconds", "Time until the answer was complete", Kind.HISTOGRAM, _areas, SECONDS
)
FIRST_BYTE = LAYOUT.add(
    "swf_remote_first_byte_seconds", "Time until the answer began", Kind.HISTOGRAM, _areas, FIRST_BYTE_SECONDS
)
_waited = LAYOUT.add(
    "swf_remote_upstream_seconds", "Time until the monitor's answer began", Kind.HISTOGRAM, _areas, SECONDS
)
CACHE_RESULTS = LAYOUT.add(
    "swf_remote_cache_results",
    "Answers of the monitor's pages, data and files by what the cache did",
    Kind.COUNTER,
    {"area": ("page", "data", "static"), "result": RESULTS},
)
RUNNING = LAYOUT.add("swf_remote_requests_in_progress", "Requests being answered", Kind.GAUGE, {})
STREAMS = LAYOUT.add("swf_remote_streams_open", "Event streams being sent", Kind.GAUGE, {})
SOURCES = LAYOUT.add("swf_remote_event_sources_up", "Event streams of the monitor that are heard", Kind.GAUGE, {})
EVENTS_IN = LAYOUT.add("swf_remote_events_received", "Events that came from the monitor", Kind.COUNTER, {})
EVENTS_OUT = LAYOUT.add("swf_remote_events_sent", "Events handed on, counted for each listener", Kind.COUNTER, {})
DROPPED = LAYOUT.add("swf_remote_listeners_dropped", "Listeners that did not keep up with the events", Kind.COUNTER, {})
PROBLEMS = LAYOUT.add(
    "swf_remote_problems", "Requests that failed or were refused", Kind.COUNTER, {"outcome": OUTCOMES}
)
LOOKS = LAYOUT.add(
    "swf_remote_look_seconds", "Looks at the link that the monitor answered", Kind.HISTOGRAM, {}, SECONDS
)
LINK_SEEN = LAYOUT.add(
    "swf_remote_link_workers", "Workers by what they hold to be broken", Kind.GAUGE, {"broken": LINK_FINDINGS}
)
UPSTREAM = LAYOUT.add(
    "swf_remote_upstream_first_byte_seconds",
    "Requests that the monitor answered, by the time until its answer began",
    Kind.HISTOGRAM,
    _lanes,
    SECONDS,
)
UPSTREAM_FAILURES = LAYOUT.add(
    "swf_remote_upstream_failures", "Requests that the monitor did not answer", Kind.COUNTER, _lanes
)
LANE_RUNNING = LAYOUT.add("swf_remote_lane_running", "Requests that the monitor has to answer", Kind.GAUGE, _lanes)
LANE_WAITING = LAYOUT.add("swf_remote_lane_waiting", "Requests that wait for a place", Kind.GAUGE, _lanes)
LANE_LIMIT = LAYOUT.add("swf_remote_lane_limit", "Places", Kind.GAUGE, _lanes)
BREAKERS = LAYOUT.add(
    "swf_remote_lane_breakers",
    "Workers by the state of the lane's circuit breaker",
    Kind.GAUGE,
    {**_lanes, "state": BREAKER_STATES},
)
CACHE_BYTES = LAYOUT.add("swf_remote_cache_bytes", "Bytes of answers in memory", Kind.GAUGE, {})
CACHE_ENTRIES = LAYOUT.add("swf_remote_cache_entries", "Answers in memory", Kind.GAUGE, {})
CACHE_REDIS = LAYOUT.add("swf_remote_cache_redis_up", "Workers that share their cache over Redis now", Kind.GAUGE, {})
WORKER_MEMORY = LAYOUT.add("swf_remote_worker_resident_bytes", "Memory of each worker", Kind.EACH, {})
WORKER_PID = LAYOUT.add("swf_remote_worker_pid", "Process number of each worker", Kind.EACH, {})
WORKER_STARTED = LAYOUT.add(
    "swf_remote_worker_started_timestamp_seconds", "When each worker began to serve", Kind.EACH, {}
)

FAILURES, REFUSALS = "swf_remote_failures", "swf_remote_refusals"
NAMED: Mapping[str, tuple[str, str]] = {
    FAILURES: ("Requests that failed, by kind", "kind"),
    REFUSALS: ("Requests that were refused, by kind", "kind"),
    "swf_remote_account_corners": ("Pages of the monitor by what became of their account corner", "outcome"),
}
"""Counters whose label values are not known from the start: what they count, and the label."""

_ONLY: Labels = ()
_RUNNING, _STREAMS, _SOURCES = (family.columns[_ONLY] for family in (RUNNING, STREAMS, SOURCES))
_EVENTS_IN, _EVENTS_OUT, _DROPPED = (family.columns[_ONLY] for family in (EVENTS_IN, EVENTS_OUT, DROPPED))
_FAILED, _REFUSED = (PROBLEMS.columns[outcome,] for outcome in OUTCOMES)
_CLASSES = {status: f"{status // 100}xx" for status in range(100, 600)}


class Placement(Protocol):
    """What became of a page's account corner (``proxy.rewriting.placement``)."""

    @property
    def blocks(self) -> int:
        """Corners that the monitor's page had."""

    @property
    def placed(self) -> int:
        """How many of them are ours now: 0 or 1."""


class Lane(Protocol):
    """A lane to the monitor (``proxy.capacity.client.LaneState``)."""

    @property
    def name(self) -> str:
        """One of ``LANES``."""

    @property
    def state(self) -> str:
        """Of its breaker, one of ``BREAKER_STATES``."""

    @property
    def running(self) -> int:
        """Requests on their way."""

    @property
    def waiting(self) -> int:
        """Requests that wait."""

    @property
    def limit(self) -> int:
        """Most that run at once."""


def request_begins() -> None:
    """A request came."""
    table().row[_RUNNING] += 1


def answer_begins(exchange: Exchange) -> None:
    """The head of an answer is sent."""
    if exchange.area == "stream":
        table().row[_STREAMS] += 1
    table().observe(FIRST_BYTE, (exchange.area,), exchange.seconds())


def request_ends(exchange: Exchange, method: str) -> None:
    """The counterpart of ``request_begins``."""
    counted, area, status = table(), exchange.area, exchange.status
    row = counted.row
    row[_RUNNING] -= 1
    if area == "stream" and status is not None:
        row[_STREAMS] -= 1
    known = method if method in _METHODS else "other"
    row[_requests.columns[area, known, _CLASSES.get(status or 0, "none")]] += 1
    counted.observe(DURATION, (area,), exchange.seconds())
    if exchange.upstream_seconds is not None:
        counted.observe(_waited, (area,), exchange.upstream_seconds)
    if exchange.proxied and area in _OF_THE_MONITOR:
        row[CACHE_RESULTS.columns[area, exchange.cache]] += 1


def answered_at_once(area: str, method: str, status: int, seconds: float, *, hit: bool) -> None:
    """A request came and was answered in the same moment: all that the other functions would count of it."""
    counted = table()
    row = counted.row
    known = method if method in _METHODS else "other"
    row[_requests.columns[area, known, _CLASSES[status]]] += 1
    counted.observe(FIRST_BYTE, (area,), seconds)
    counted.observe(DURATION, (area,), seconds)
    if hit and area in _OF_THE_MONITOR:
        row[CACHE_RESULTS.columns[area, "hit"]] += 1


def problem_told(problem: Problem) -> None:
    """A request ended in a problem: a failure of ours or the monitor's, or a refusal."""
    failed = problem.status >= 500
    table().row[_FAILED if failed else _REFUSED] += 1
    _count(FAILURES if failed else REFUSALS, problem.kind)


def answer_aborted() -> None:
    """An answer broke off after it had begun."""
    table().row[_FAILED] += 1
    _count(FAILURES, "answer-aborted")


def page_corner(placement: Placement) -> None:
    """A page of the monitor was handed on whole."""
    if not placement.blocks:
        outcome = "missing"
    elif not placement.placed:
        outcome = "not understood"
    else:
        outcome = "placed" if placement.blocks == 1 else "repeated"
    _count("swf_remote_account_corners", outcome)


def event_source_stands(stands: bool) -> None:
    """A stream of the monitor's events began, or ended."""
    table().row[_SOURCES] += 1 if stands else -1


def events_received(count: int) -> None:
    """So many events came from the monitor."""
    table().row[_EVENTS_IN] += count


def events_sent(count: int) -> None:
    """So many events were handed on to listeners."""
    table().row[_EVENTS_OUT] += count


def listener_dropped() -> None:
    """A listener did not keep up."""
    table().row[_DROPPED] += 1


def upstream_answered(lane: str, seconds: float) -> None:
    """The monitor's answer began after so long."""
    table().observe(UPSTREAM, (lane,), seconds)


def upstream_failed(lane: str) -> None:
    """The monitor gave no answer."""
    table().row[UPSTREAM_FAILURES.columns[lane,]] += 1


def link_looked_at(seen: Observation) -> None:
    """This process has looked at the link."""
    if seen.latency_ms is not None:
        table().observe(LOOKS, _ONLY, seen.latency_ms / 1000)


def link_is(state: LinkState) -> None:
    """The link as this process sees it now."""
    finding = (state.broken_at or NOTHING_BROKEN) if state.probed else NOT_LOOKED
    for each in LINK_FINDINGS:
        table().row[LINK_SEEN.columns[each,]] = float(each == finding)


def lane_is(lane: Lane) -> None:
    """A lane of this process now."""
    row = table().row
    row[LANE_RUNNING.columns[lane.name,]] = lane.running
    row[LANE_WAITING.columns[lane.name,]] = lane.waiting
    row[LANE_LIMIT.columns[lane.name,]] = lane.limit
    for state in BREAKER_STATES:
        row[BREAKERS.columns[lane.name, state]] = float(lane.state == state)


def cache_holds(size: int, entries: int) -> None:
    """The bytes and answers in this process's memory now."""
    row = table().row
    row[CACHE_BYTES.columns[_ONLY]], row[CACHE_ENTRIES.columns[_ONLY]] = size, entries


def redis_answers(answers: bool) -> None:
    """Whether this process's cache can use Redis now."""
    table().row[CACHE_REDIS.columns[_ONLY]] = float(answers)


def worker_is(pid: int, started: float, resident: int) -> None:
    """This process now: its number, epoch seconds of its start, and bytes of memory."""
    row = table().row
    for family, value in ((WORKER_PID, pid), (WORKER_STARTED, started), (WORKER_MEMORY, resident)):
        row[family.columns[_ONLY]] = value


def counted_by_kind(family: str) -> dict[str, int]:
    """What was counted under each label of one of ``NAMED``, over all processes, the most frequent first."""
    found = {
        name.removeprefix(f"{family}:"): int(value)
        for name, value in table().named().items()
        if name.startswith(f"{family}:")
    }
    return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))


def _count(family: str, label: str) -> None:
    table().count(f"{family}:{label}")
