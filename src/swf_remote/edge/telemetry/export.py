"""Spans on their way to the collector. One log line says that it cannot be reached, another that it can be again."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from urllib.parse import urlsplit

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

LOG = logging.getLogger("swf_remote.traces")
PATH = "/v1/traces"


def endpoint(url: str) -> str:
    """Where spans are posted: `url`, with the protocol's usual path if it has none (OTLP 1.x, "OTLP/HTTP Request")."""
    return url if urlsplit(url).path.strip("/") else url.rstrip("/") + PATH


class ToCollector(SpanExporter):
    """Used by the thread of the span processor alone."""

    def __init__(self, url: str) -> None:
        self._exporter = OTLPSpanExporter(endpoint(url))
        self._collector = urlsplit(url).netloc
        self._lost = 0

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send a batch; what cannot be sent is lost."""
        try:
            result = self._exporter.export(spans)
        except Exception:
            result = SpanExportResult.FAILURE
        if result is SpanExportResult.SUCCESS:
            self._worked()
        else:
            self._failed(len(spans))
        return result

    def shutdown(self) -> None:
        """Give up what is being tried."""
        self._exporter.shutdown()  # type: ignore[no-untyped-call]

    def _worked(self) -> None:
        if self._lost:
            LOG.warning("traces reach the collector at %s again; %d spans were lost", self._collector, self._lost)
        self._lost = 0

    def _failed(self, count: int) -> None:
        if not self._lost:
            LOG.warning("traces do not reach the collector at %s; spans are lost until they do", self._collector)
        self._lost += count
