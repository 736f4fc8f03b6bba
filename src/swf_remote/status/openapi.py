"""The gateway's own JSON endpoints in OpenAPI's terms (OpenAPI 3.1), for clients and for the tests that read it.

What the monitor answers below the mount is described by the monitor.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from swf_remote.edge.metrics import BREAKER_STATES, LANES, RESULTS
from swf_remote.proxy.link import Proof

from .access import Detail
from .report import Health, PartState

Schema = dict[str, Any]

_MOMENT: Schema = {"type": "string", "format": "date-time"}
_PERHAPS: Schema = {"type": ["string", "null"], "format": "date-time"}
_WORDS: Schema = {"type": "string"}
_COUNT: Schema = {"type": "number", "minimum": 0}
_MEASURE: Schema = {"type": ["number", "null"], "minimum": 0}
_NAME: Schema = {"type": ["string", "null"]}
_COUNTS: Schema = {"type": "object", "additionalProperties": _COUNT}
_LIST: Schema = {"type": "array", "items": _WORDS}


def document(mount: str, version: str) -> Schema:
    """The whole description of a gateway at `mount` (``/prod``)."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "swf-remote: the gateway's own endpoints",
            "version": version,
            "description": "Errors are application/problem+json (RFC 9457) wherever a client does not prefer HTML.",
        },
        "servers": [{"url": mount}],
        "paths": {
            "/status/": {"get": _status()},
            "/healthz": {"get": _machine("healthz", "Whether this process answers", _health())},
            "/readyz": {"get": _machine("readyz", "Whether it is ready for readers", _readiness(), may_fail=True)},
            "/status/openapi.json": {"get": _machine("openapi", "This description", {"type": "object"})},
        },
        "components": {"schemas": {"Status": _report(), "Problem": _problem()}},
    }


def _status() -> Schema:
    return {
        "operationId": "status",
        "summary": "What of the chain to the laboratory works, what does not, and since when",
        "description": "Figures are of all workers of the host. The page's changing parts come as events (HTML in "
        "`text/event-stream`) from `status/stream/`.",
        "parameters": [
            {
                "name": "format",
                "in": "query",
                "description": "`json` or `html`; without it the Accept header decides.",
                "schema": _WORDS,
            },
            {
                "name": "detail",
                "in": "query",
                "description": "`full` is for staff and for who brings the token, and else not found; `public` is for "
                "everybody. Without it, as much as the reader may see.",
                "schema": {"enum": [str(detail) for detail in Detail]},
            },
        ],
        "responses": {
            "200": {
                "description": "The state of the link",
                "content": {
                    "application/json": {"schema": {"$ref": "#/components/schemas/Status"}},
                    "text/html": {"schema": _WORDS},
                },
            },
            "default": _failure(),
        },
    }


def _machine(name: str, summary: str, schema: Schema, *, may_fail: bool = False) -> Schema:
    statuses = [HTTPStatus.OK, *([HTTPStatus.SERVICE_UNAVAILABLE] if may_fail else [])]
    content = {"application/json": {"schema": schema}}
    answers = {str(int(status)): {"description": status.phrase, "content": content} for status in statuses}
    return {"operationId": name, "summary": summary, "responses": {**answers, "default": _failure()}}


def _failure() -> Schema:
    schema = {"$ref": "#/components/schemas/Problem"}
    content = {"application/problem+json": {"schema": schema}, "text/html": {"schema": _WORDS}}
    return {"description": "What went wrong, in words", "content": content}


def _object(**members: Schema) -> Schema:
    """An object whose members are all there."""
    return {"type": "object", "properties": members, "required": list(members)}


def _health() -> Schema:
    return _object(status={"const": "ok"})


def _readiness() -> Schema:
    return _object(
        status={"enum": ["ready", "not ready"]},
        parts=_object(database={"enum": ["ok", "failed"]}, link=_WORDS),
    )


def _report() -> Schema:
    told = _object(
        status={"enum": [str(health) for health in Health]},
        summary=_WORDS,
        reason=_WORDS,
        since=_PERHAPS,
        last_good=_PERHAPS,
        checked_at=_MOMENT,
        parts={"type": "array", "items": _object(name=_WORDS, state={"enum": [str(state) for state in PartState]})},
        certificate={"enum": [str(proof) for proof in Proof]},
        works=_LIST,
        broken=_LIST,
        incidents={"type": "array", "items": _object(what=_WORDS, reason=_WORDS, begin=_MOMENT, end=_PERHAPS)},
        gateway=_object(version=_WORDS, started=_MOMENT),
        figures=_object(last_5_minutes=_figures(), last_hour=_figures()),
        hour={"type": "array", "items": _figures(), "description": "Steps of five minutes, newest first"},
    )
    told["properties"]["full"] = _full()
    return told


def _figures() -> Schema:
    """What happened in a stretch of time, over all workers of the host; times in seconds."""
    percentiles = _object(p50=_MEASURE, p95=_MEASURE, p99=_MEASURE)
    return _object(
        begin=_MOMENT,
        end=_MOMENT,
        known_seconds=_COUNT,
        requests=_COUNT,
        cache=_object(**dict.fromkeys(RESULTS, _COUNT)),
        hit_ratio=_MEASURE,
        first_byte_seconds=percentiles,
        monitor_first_byte_seconds=percentiles,
        look_seconds=_MEASURE,
        link_down_seconds=_COUNT,
        streams=_COUNT,
        failed=_COUNT,
        refused=_COUNT,
    )


def _full() -> Schema:
    """What staff and holders of the token see beyond that."""
    lane = _object(
        name={"enum": list(LANES)},
        running=_COUNT,
        waiting=_COUNT,
        limit=_COUNT,
        breakers=_object(**dict.fromkeys(BREAKER_STATES, _COUNT)),
        answered=_COUNT,
        seconds=_object(p50=_MEASURE, p95=_MEASURE, p99=_MEASURE),
        failed=_COUNT,
    )
    finding = _object(kind={"enum": ["NEW", "GONE"]}, path=_WORDS, why=_WORDS)
    return _object(
        lanes={"type": "array", "items": lane},
        workers={"type": "array", "items": _object(pid=_COUNT, started=_MOMENT, resident_bytes=_COUNT)},
        running=_COUNT,
        cache=_object(bytes=_COUNT, limit=_COUNT, entries=_COUNT),
        failures=_COUNTS,
        refusals=_COUNTS,
        events=_object(listeners=_COUNT, sources=_COUNT, received=_COUNT, sent=_COUNT, dropped=_COUNT),
        monitor=_object(server=_NAME, api_version=_NAME),
        drift=_object(
            looked_at=_PERHAPS,
            looking={"type": "boolean"},
            fault=_NAME,
            pages=_COUNT,
            findings={"type": "array", "items": finding},
            more=_COUNT,
        ),
    )


def _problem() -> Schema:
    return _object(
        type={"type": "string", "format": "uri"},
        title=_WORDS,
        status={"type": "integer", "minimum": 400, "maximum": 599},
        detail=_WORDS,
        kind=_WORDS,
        request_id=_WORDS,
    )
