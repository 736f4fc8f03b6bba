"""Spans by OpenTelemetry: one for each request that is sampled, one below it for each question to the monitor.

They tell no address, query, cookie or name: only what the exposure table and the gateway itself call things. A trace
that a reader's ``traceparent`` names is continued, but whether it is recorded is decided here, by our own share: the
reader's flag counts for nothing. Spans wait in a queue of bounded length for a thread that sends them.
"""

from __future__ import annotations

import asyncio
import os
import socket
import threading
from contextlib import suppress
from importlib.metadata import version
from typing import Any
from urllib.parse import urlsplit

from opentelemetry.context import Context
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import Span, SpanKind, StatusCode, Tracer, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from swf_remote.configuration import Configuration
from swf_remote.edge.exchange import Exchange
from swf_remote.edge.telemetry.export import ToCollector

FLUSH_SECONDS = 1.0
_CONTEXT = TraceContextTextMapPropagator()
_NOTHING = Context()
_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})


class OpenTelemetryTraces:
    """See ``traces.Traces``."""

    def __init__(self, settings: Configuration) -> None:
        share = TraceIdRatioBased(settings.traces_sample)
        self._provider = TracerProvider(
            sampler=ParentBased(share, remote_parent_sampled=share, remote_parent_not_sampled=share),
            resource=_resource(),
            shutdown_on_exit=False,
        )
        self._provider.add_span_processor(BatchSpanProcessor(ToCollector(settings.traces_url)))
        self._tracer = self._provider.get_tracer("swf_remote")
        self._mount = settings.mount
        self._monitor = _address(settings)

    def request(self, scope: Any) -> OpenTelemetryRequest:
        """See ``traces.Traces``."""
        return OpenTelemetryRequest(self._tracer, scope, self._mount, self._monitor)

    def question(self, method: str, lane: str) -> OpenTelemetryQuestion:
        """See ``traces.Traces``."""
        return OpenTelemetryQuestion(self._tracer, _NOTHING, method, lane, self._monitor)

    async def close(self) -> None:
        """See ``traces.Traces``. The thread that waits for the collector ends with the process, whatever that does."""
        loop, sent = asyncio.get_running_loop(), asyncio.Event()

        def send() -> None:
            self._provider.shutdown()
            with suppress(RuntimeError):  # the loop may have ended meanwhile
                loop.call_soon_threadsafe(sent.set)

        threading.Thread(target=send, name="traces", daemon=True).start()
        with suppress(TimeoutError):
            await asyncio.wait_for(sent.wait(), FLUSH_SECONDS)


class OpenTelemetryRequest:
    """See ``traces.RequestSpan``."""

    def __init__(self, tracer: Tracer, scope: Any, mount: str, monitor: dict[str, str | int]) -> None:
        self._tracer, self._mount, self._monitor = tracer, mount, monitor
        self._method = _known(scope["method"])
        self._span = tracer.start_span("request", _parent(scope), SpanKind.SERVER)
        self._scheme = scope["scheme"]
        self._within = set_span_in_context(self._span, _NOTHING)

    def question(self, method: str, lane: str) -> OpenTelemetryQuestion:
        """See ``traces.Asking``."""
        return OpenTelemetryQuestion(self._tracer, self._within, method, lane, self._monitor)

    def end(self, exchange: Exchange) -> None:
        """See ``traces.RequestSpan``."""
        span = self._span
        if span.is_recording():
            span.update_name(f"{self._method} {exchange.area}")
            span.set_attributes(
                {
                    "http.request.method": self._method,
                    "url.scheme": self._scheme,
                    "http.response.body.size": exchange.sent,
                    "swf.area": str(exchange.area),
                    "swf.request_id": exchange.request_id,
                }
            )
            if exchange.route is not None:
                span.set_attribute("http.route", f"{self._mount}/{exchange.route}")
            if exchange.proxied:
                span.set_attribute("swf.cache", exchange.cache)
            _tell_end(span, exchange)
        span.end()


class OpenTelemetryQuestion:
    """See ``traces.QuestionSpan``."""

    def __init__(self, tracer: Tracer, within: Context, method: str, lane: str, monitor: dict[str, str | int]) -> None:
        method = _known(method)
        attributes = {"http.request.method": method, "swf.lane": lane, **monitor}
        self._span = tracer.start_span(f"{method} {lane}", within, SpanKind.CLIENT, attributes)

    @property
    def traceparent(self) -> str:
        """See ``traces.QuestionSpan``."""
        carrier: dict[str, str] = {}
        _CONTEXT.inject(carrier, set_span_in_context(self._span, _NOTHING))
        return carrier["traceparent"]

    def answered(self, status: int) -> None:
        """See ``traces.QuestionSpan``."""
        self._span.set_attribute("http.response.status_code", status)
        if status >= 400:
            _tell_error(self._span, str(status))
        self._span.end()

    def failed(self, error: BaseException) -> None:
        """See ``traces.QuestionSpan``. That nobody waits any more is no fault."""
        if isinstance(error, Exception):
            _tell_error(self._span, type(error).__name__)
        else:
            self._span.set_attribute("swf.outcome", "given-up")
        self._span.end()


def _resource() -> Resource:
    return Resource.create(
        {
            "service.name": "swf-remote",
            "service.version": version("swf-remote"),
            "service.instance.id": f"{socket.gethostname()}:{os.getpid()}",
        }
    )


def _address(settings: Configuration) -> dict[str, str | int]:
    parts = urlsplit(settings.monitor_url)
    return {
        "server.address": settings.monitor_host or parts.hostname or "",
        "server.port": parts.port or (443 if parts.scheme == "https" else 80),
    }


def _parent(scope: Any) -> Context:
    """What the reader's ``traceparent`` names, if there is exactly one (W3C Trace Context 3.2)."""
    given = [value for name, value in scope["headers"] if name == b"traceparent"]
    if len(given) != 1:
        return _NOTHING
    return _CONTEXT.extract({"traceparent": given[0].decode("latin-1")}, _NOTHING)


def _known(method: str) -> str:
    return method if method in _METHODS else "_OTHER"


def _tell_end(span: Span, exchange: Exchange) -> None:
    status = exchange.status
    if status is not None:
        span.set_attribute("http.response.status_code", status)
    kind = exchange.note.partition(":")[0]
    if kind and not exchange.proxied:
        span.set_attribute("swf.problem", kind)
    if status is not None and status >= 500:
        _tell_error(span, kind or str(status))
    elif kind == "aborted":
        _tell_error(span, kind)


def _tell_error(span: Span, kind: str) -> None:
    span.set_attribute("error.type", kind)
    span.set_status(StatusCode.ERROR)
