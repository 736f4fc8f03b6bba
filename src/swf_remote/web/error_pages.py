"""A problem, told as a page to people, as JSON (RFC 9457) to programs, as an event on a stream, and as JSON-RPC.

Used by the outer layer, the proxy and Django alike, so it needs no request, no session and no database.
"""

import json
import secrets
from contextvars import copy_context
from functools import lru_cache
from http import HTTPStatus
from typing import Any

from django.template.loader import render_to_string
from django.utils.html import escape

from swf_remote.edge.exchange import Exchange, current_nonce, enter
from swf_remote.edge.problem import Problem

from .addresses import own_url
from .frame import page_frame
from .moments import iso
from .negotiation import ErrorForm

_TYPE = "tag:epic-devcloud.org,2026:swf-remote/problem/"
_RETRYABLE = frozenset({408, 425, 429, 500, 503, 504})

_VARY = b"Accept, Sec-Fetch-Dest, X-Requested-With"
RETRY_MILLISECONDS = 5000
# JSON-RPC leaves -32000 to -32099 to servers.
RPC_CODE = -32000
# What no text of a problem can hold by chance.
_STAND_IN = Exchange(secrets.token_hex(16))
_STAND_IN_ID = _STAND_IN.request_id.encode()

Headers = list[tuple[bytes, bytes]]


def error_response(problem: Problem, *, form: ErrorForm, request_id: str, nonce: str = "") -> tuple[Headers, bytes]:
    """Headers and body that tell `problem`; `nonce` is that of a page outside of a request."""
    match form:
        case ErrorForm.PAGE:
            body = _page(problem, request_id, nonce or current_nonce())
        case ErrorForm.DOCUMENT:
            body = _document(problem, request_id)
        case ErrorForm.EVENT:
            body = event(problem, request_id)
        case ErrorForm.RPC:
            body = _rpc(problem, request_id)
    return _headers(problem, form.encode(), body), body


def event(problem: Problem, request_id: str) -> bytes:
    """The problem on an event stream: named ``error``, with the time after which a browser comes back."""
    wait = RETRY_MILLISECONDS if problem.retry_after is None else problem.retry_after * 1000
    return f"retry: {wait}\nevent: error\ndata: {json.dumps(document(problem, request_id))}\n\n".encode()


def _rpc(problem: Problem, request_id: str) -> bytes:
    """A JSON-RPC 2.0 error (5.1); refused before it was read, so that its id is not known."""
    error = {"code": RPC_CODE, "message": problem.title, "data": document(problem, request_id)}
    return json.dumps({"jsonrpc": "2.0", "id": None, "error": error}).encode()


def _headers(problem: Problem, content_type: bytes, body: bytes) -> Headers:
    headers = [
        (b"content-type", content_type),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        (b"vary", _VARY),
    ]
    if problem.retry_after is not None:
        headers.append((b"retry-after", str(problem.retry_after).encode()))
    if problem.status == HTTPStatus.METHOD_NOT_ALLOWED or problem.allow:
        headers.append((b"allow", ", ".join(problem.allow).encode()))
    if problem.status == HTTPStatus.UNAUTHORIZED:
        headers.append((b"www-authenticate", b'Cookie realm="ePIC monitor"'))
    return headers


def document(problem: Problem, request_id: str) -> dict[str, Any]:
    """The problem's members for programs (RFC 9457 3); what is not known is left out."""
    members: dict[str, Any] = {
        "type": f"{_TYPE}{problem.kind}",
        "title": problem.title,
        "status": problem.status,
        "detail": problem.detail,
        "kind": problem.kind,
        "since": iso(problem.since) if problem.since else None,
        "outcome": problem.outcome,
        "retry_after": problem.retry_after,
        "allow": list(problem.allow) or None,
        "faults": [{"field": field, "words": words} for field, words in problem.faults] or None,
        "inside": problem.inside,
        "request_id": request_id,
    }
    return {name: value for name, value in members.items() if value is not None}


def _document(problem: Problem, request_id: str) -> bytes:
    """The same as bytes, written once for all who are told the same."""
    if problem.since is not None or not request_id:
        return json.dumps(document(problem, request_id)).encode()
    return _written_once(problem).replace(_STAND_IN_ID, json.dumps(request_id)[1:-1].encode())


@lru_cache(maxsize=256)
def _written_once(problem: Problem) -> bytes:
    return json.dumps(document(problem, _STAND_IN.request_id)).encode()


def _page(problem: Problem, request_id: str, nonce: str) -> bytes:
    """The page; drawn once for all who are told the same, so that a flood of refusals costs no more than their bytes.

    Each has a request id and a nonce of its own, which take the place of the ones that it was drawn with. What tells
    how long something lasts is drawn each time.
    """
    if problem.since is not None or not (nonce and request_id):
        return _drawn(problem, request_id)
    frame = page_frame(None)
    page = _drawn_once(problem, (frame["link_trouble"], frame["alarms_firing"]), own_url())
    return page.replace(_STAND_IN.nonce.encode(), nonce.encode()).replace(_STAND_IN_ID, escape(request_id).encode())


@lru_cache(maxsize=256)
def _drawn_once(problem: Problem, _frame: tuple[str, int], _home: str) -> bytes:
    """With the stand-in's request id and nonce; the other arguments are what else the page depends on."""

    def draw() -> bytes:
        enter(_STAND_IN)
        return _drawn(problem, _STAND_IN.request_id)

    return copy_context().run(draw)


def _drawn(problem: Problem, request_id: str) -> bytes:
    context = {
        "problem": problem,
        "heading": problem.title.rstrip("."),
        "phrase": _phrase(problem.status),
        "request_id": request_id,
        "can_retry": problem.retry_after is not None or problem.status in _RETRYABLE,
        "needs_log_in": problem.status == HTTPStatus.UNAUTHORIZED,
        "home": own_url(),
    }
    return render_to_string("web/error.html", page_frame(None) | context).encode()


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"
