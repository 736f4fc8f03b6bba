"""The gateway's own JSON endpoints in OpenAPI's terms (OpenAPI 3.1), for clients and for the tests that read it.

What the monitor answers below the mount is described by the monitor.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from swf_remote.proxy.link import Proof

from .report import Health, PartState

Schema = dict[str, Any]

_MOMENT: Schema = {"type": "string", "format": "date-time"}
_PERHAPS: Schema = {"type": ["string", "null"], "format": "date-time"}
_WORDS: Schema = {"type": "string"}
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
        "parameters": [
            {
                "name": "format",
                "in": "query",
                "description": "`json` or `html`; without it the Accept header decides.",
                "schema": _WORDS,
            }
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
    return _object(
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
