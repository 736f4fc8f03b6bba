"""The figures of all workers of this host in Prometheus' text format, as ``/prod/metrics`` gives them.

What is said of the link, and of memory and processor time as Prometheus' own clients say it, is the answering worker's.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import version
from itertools import accumulate

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

from swf_remote.edge.figures import LAYOUT, Family, Kind, table
from swf_remote.edge.metrics import NAMED
from swf_remote.proxy import link


class _Counted(Collector):
    """What all workers counted."""

    def collect(self) -> Iterator[Metric]:
        """Figures of the moment. A label that nothing was counted under is left out."""
        totals = table().totals()
        for family in LAYOUT.families:
            yield _each(family) if family.kind is Kind.EACH else _METRICS[family.kind](family, totals)
        yield from _named()


def _counter(family: Family, totals: list[float]) -> Metric:
    metric = CounterMetricFamily(family.name, family.help, labels=family.labels)
    for labels, column in family.columns.items():
        if totals[column] or not labels:
            metric.add_metric(labels, totals[column])
    return metric


def _gauge(family: Family, totals: list[float]) -> Metric:
    metric = GaugeMetricFamily(family.name, family.help, labels=family.labels)
    for labels, column in family.columns.items():
        metric.add_metric(labels, totals[column])
    return metric


def _histogram(family: Family, totals: list[float]) -> Metric:
    metric = HistogramMetricFamily(family.name, family.help, labels=family.labels)
    bounds = [*map(floatToGoString, family.bounds), "+Inf"]
    for labels, first in family.columns.items():
        end = first + len(bounds)
        counts = list(accumulate(totals[first:end]))
        if counts[-1]:
            metric.add_metric(labels, list(zip(bounds, counts, strict=True)), totals[end])
    return metric


def _each(family: Family) -> Metric:
    metric = GaugeMetricFamily(family.name, family.help, labels=["worker"])
    for row, values in table().each(family):
        metric.add_metric([str(row)], values[()])
    return metric


def _named() -> Iterator[Metric]:
    found = {name: CounterMetricFamily(name, text, labels=[label]) for name, (text, label) in NAMED.items()}
    for name, value in table().named().items():
        family, _, label = name.partition(":")
        if family in found:
            found[family].add_metric([label], value)
    yield from found.values()


_METRICS = {Kind.COUNTER: _counter, Kind.GAUGE: _gauge, Kind.HISTOGRAM: _histogram}


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


_registry = CollectorRegistry()
for _collector in (_Counted(), _Link()):
    _registry.register(_collector)
for _process_collector in (ProcessCollector, PlatformCollector, GCCollector):
    _process_collector(registry=_registry)


def exposition() -> bytes:
    """All figures."""
    return generate_latest(_registry)
