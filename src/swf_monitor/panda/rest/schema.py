"""``GET api/panda/schema/``: what this monitor offers under ``api/panda/``, in OpenAPI's terms (OpenAPI 3.1).

A client that knows several monitors reads here which addresses this one has: an address is offered if it is listed.
"""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from django.urls import get_script_prefix
from rest_framework.request import Request

from swf_monitor.panda.rest.described import OPERATIONS, SCHEMAS, Operation, Parameter, Schema, shape
from swf_monitor.panda.rest.parameters import panda_endpoint


@panda_endpoint
def schema(_request: Request) -> dict[str, Any]:
    """The whole description."""
    return document(get_script_prefix().rstrip("/"), version("swf-remote"))


def document(mount: str, release: str) -> Schema:
    """The description of a monitor at `mount` (``/swf-monitor``)."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "PanDA REST of the ePIC monitor",
            "version": release,
            "description": "Read-only. Times are UTC without zone. In text filters marked so, % stands for any text. "
            "Windows of days select by the time of the last change.",
        },
        "servers": [{"url": mount or "/"}],
        "paths": {operation.path: {"get": _described(operation)} for operation in OPERATIONS},
        "components": {"schemas": {**SCHEMAS, "Error": shape(error={"type": "string"})}},
    }


def _described(operation: Operation) -> Schema:
    answers = {"200": _answer("The answer", operation.answer), "500": _failure("The PanDA database cannot be read")}
    if operation.parameters:
        answers["400"] = _failure("A parameter breaks its rule; the words name it")
    if operation.may_miss:
        answers["404"] = _failure("There is no such thing")
    return {
        "operationId": operation.name,
        "summary": operation.summary,
        "parameters": [_parameter(one) for one in operation.parameters],
        "responses": answers,
    }


def _parameter(one: Parameter) -> Schema:
    told = {"name": one.name, "in": "path" if one.in_path else "query", "description": one.meaning, "schema": one.type}
    return {**told, "required": True} if one.in_path else told


def _failure(words: str) -> Schema:
    return _answer(words, {"$ref": "#/components/schemas/Error"})


def _answer(words: str, content: Schema) -> Schema:
    return {"description": words, "content": {"application/json": {"schema": content}}}
