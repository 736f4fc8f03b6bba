"""Figures about this gateway for Prometheus; read at ``/prod/metrics`` by whoever holds ``SWF_REMOTE_METRICS_TOKEN``.

Labels take few values only: areas, kinds of problems, methods in use. Each process counts for itself; with several
workers, a folder named by ``PROMETHEUS_MULTIPROC_DIR`` (empty at the start) lets any of them answer for all. What is
said of the link and of the process is then the answering worker's own view.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib.metadata import version
from typing import Protocol

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from swf_remote.edge.exchange import Exchange
from swf_remote.edge.problem import Problem
from swf_remote.proxy import link

SEVERAL_PROCESSES = "PROMETHEUS_MULTIPROC_DIR"
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 90)
METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})

_counted = CollectorRegistry()
_requests = Counter(
    "swf_remote_requests", "Requests answered", ["area", "method", "status"], registry=_counted
)  # status as its class, such as 2xx
_duration = Histogram(
    "swf_remote_request_seconds",
    "Time until the answer was complete",
    ["area"],
    buckets=SECONDS,
    registry=_counted,
)
_upstream = Histogram(
    "swf_remote_upstream_seconds",
    "Time until the monitor's answer began",
    ["area"],
    buckets=SECONDS,
    registry=_counted,
)
_failures = Counter("swf_remote_failures", "Requests that failed, by kind", ["kind"], registry=_counted)
_refusals = Counter("swf_remote_refusals", "Requests that were refused, by kind", ["kind"], registry=_counted)
_corners = Counter(
    "swf_remote_account_corners",
    "Pages of the monitor by what became of their account corner",
    ["outcome"],
    registry=_counted,
)
_running = Gauge(
    "swf_remote_requests_in_progress", "Requests being answered", registry=_counted, multiprocess_mode="livesum"
)
_streams = Gauge("swf_remote_streams_open", "Event streams being sent", registry=_counted, multiprocess_mode="livesum")


class Placement(Protocol):
    """What became of a page's account corner (``proxy.rewriting.placement``)."""

    @property
    def blocks(self) -> int:
        """Corners that the monitor's page had."""

    @property
    def placed(self) -> int:
        """How many of them are ours now: 0 or 1."""


def request_begins() -> None:
    """A request came."""
    _running.inc()


def answer_begins(exchange: Exchange) -> None:
    """The head of an answer is sent."""
    if exchange.area == "stream":
        _streams.inc()


def request_ends(exchange: Exchange, method: str) -> None:
    """The counterpart of ``request_begins``."""
    _running.dec()
    if exchange.area == "stream" and exchange.status is not None:
        _streams.dec()
    known = method if method in METHODS else "other"
    _requests.labels(exchange.area, known, f"{exchange.status // 100}xx" if exchange.status else "none").inc()
    _duration.labels(exchange.area).observe(exchange.seconds())
    if exchange.upstream_seconds is not None:
        _upstream.labels(exchange.area).observe(exchange.upstream_seconds)


def problem_told(problem: Problem) -> None:
    """A request ended in a problem: a failure of ours or the monitor's, or a refusal."""
    (_failures if problem.status >= 500 else _refusals).labels(problem.kind).inc()


def answer_aborted() -> None:
    """An answer broke off after it had begun."""
    _failures.labels("answer-aborted").inc()


def page_corner(placement: Placement) -> None:
    """A page of the monitor was handed on whole."""
    if not placement.blocks:
        outcome = "missing"
    elif not placement.placed:
        outcome = "not understood"
    else:
        outcome = "placed" if placement.blocks == 1 else "repeated"
    _corners.labels(outcome).inc()


class _Link(Collector):
    """The link as this process sees it, and what this process is."""

    def collect(self) -> Iterator[Metric]:
        """Figures of the moment."""
        state = link.current()
        parts = GaugeMetricFamily("swf_remote_link_up", "1 while this part of the chain works", labels=["part"])
        for place in link.Place if state.probed else ():
            parts.add_metric([place.value], float(_works(place, state.broken_at)))
        yield parts
        if state.since is not None:
            text = "When the link's present state began"
            yield GaugeMetricFamily("swf_remote_link_since_timestamp_seconds", text, value=state.since.timestamp())
        if state.latency_ms is not None:
            text = "How long the monitor took to answer the last look"
            yield GaugeMetricFamily("swf_remote_link_answer_seconds", text, value=state.latency_ms / 1000)
        facts = {"version": version("swf-remote"), "proof": state.proof.value}
        yield InfoMetricFamily("swf_remote", "This gateway, and how its monitor proves who it is", value=facts)


def _works(place: link.Place, broken_at: link.Place | None) -> bool:
    """Up to the break all works; behind it nothing is known, which counts as not working."""
    places = list(link.Place)
    return broken_at is None or places.index(place) < places.index(broken_at)


_here = CollectorRegistry()
_here.register(_Link())
for _collector in (ProcessCollector, PlatformCollector, GCCollector):
    _collector(registry=_here)


def exposition() -> bytes:
    """All figures in Prometheus' text format."""
    counted = _counted
    if os.environ.get(SEVERAL_PROCESSES):
        counted = CollectorRegistry()
        MultiProcessCollector(counted)  # type: ignore[no-untyped-call]  # the library types half of its functions
    return generate_latest(counted) + generate_latest(_here)
