"""A problem, told as a page to people and as JSON (RFC 9457) to programs.

Used by the outer layer, the proxy and Django alike, so it needs no request, no session and no database.
"""

import json
from http import HTTPStatus
from typing import Any

from django.template.loader import render_to_string

from swf_remote.edge.problem import Problem

from .addresses import own_url
from .frame import page_frame
from .moments import iso
from .negotiation import HTML, JSON, preferred

_TYPE = "tag:epic-devcloud.org,2026:swf-remote/problem/"
_RETRYABLE = frozenset({408, 425, 429, 500, 502, 503, 504})

Headers = list[tuple[bytes, bytes]]


def error_response(problem: Problem, *, accept: str, request_id: str) -> tuple[Headers, bytes]:
    """Headers and body that tell `problem` in the form the client's `Accept` header prefers.

    A client without a preference gets JSON: people's browsers always say that they want a page.
    """
    if preferred(accept, default=JSON) == HTML:
        kind, body = b"text/html; charset=utf-8", _page(problem, request_id)
    else:
        kind, body = b"application/problem+json", _document(problem, request_id)
    return _headers(problem, kind, body), body


def _headers(problem: Problem, content_type: bytes, body: bytes) -> Headers:
    headers = [
        (b"content-type", content_type),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        (b"vary", b"Accept"),
    ]
    if problem.retry_after is not None:
        headers.append((b"retry-after", str(problem.retry_after).encode()))
    if problem.status == HTTPStatus.METHOD_NOT_ALLOWED or problem.allow:
        headers.append((b"allow", ", ".join(problem.allow).encode()))
    if problem.status == HTTPStatus.UNAUTHORIZED:
        headers.append((b"www-authenticate", b'Cookie realm="ePIC monitor"'))
    return headers


def _document(problem: Problem, request_id: str) -> bytes:
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
        "inside": problem.inside,
        "request_id": request_id,
    }
    return json.dumps({name: value for name, value in members.items() if value is not None}).encode()


def _page(problem: Problem, request_id: str) -> bytes:
    context = {
        "problem": problem,
        "heading": problem.title.rstrip("."),
        "phrase": _phrase(problem.status),
        "request_id": request_id,
        "can_retry": problem.status in _RETRYABLE,
        "needs_log_in": problem.status == HTTPStatus.UNAUTHORIZED,
        "home": own_url(),
    }
    return render_to_string("web/error.html", page_frame(None) | context).encode()


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"
