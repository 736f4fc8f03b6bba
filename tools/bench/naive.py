"""A plain WSGI gateway that works as the one in use today: the baseline to beat.

For each request one call of httpx with a client and connection of its own (contract 8.1), the whole body in memory, its
paths replaced byte-wise, the first account corner exchanged (contract 8.2). Nothing is kept, nothing is shared. granian
serves it with 2 processes of 15 threads. ``NAIVE_CLIENT=plain`` does the same with the standard library's client, the
cheapest that one connection per request can be.
"""

from __future__ import annotations

import gzip
import http.client
import os
import re
import ssl
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlsplit

import httpx

MONITOR = urlsplit(os.environ.get("NAIVE_MONITOR_URL", "http://127.0.0.1:9/swf-monitor"))
TIMEOUT_SECONDS = 30
_MOUNT = b"/prod/"
_CORNER = re.compile(rb'<div class="nav-auth">.*?</div>', re.DOTALL)
_OWN_CORNER = b'<div class="nav-auth"><a href="/prod/accounts/login/">Login</a></div>'

# Made once, and not checked, as today.
_OTHERWISE = "application/json"
_UNCHECKED = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
_UNCHECKED.check_hostname, _UNCHECKED.verify_mode = False, ssl.CERT_NONE

Answer = tuple[int, str, bytes]
StartResponse = Callable[[str, list[tuple[str, str]]], Any]


def application(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    """Answer one request."""
    path = MONITOR.path + environ["PATH_INFO"].removeprefix("/prod")
    target = f"{path}?{environ['QUERY_STRING']}" if environ.get("QUERY_STRING") else path
    try:
        status, kind, body = _ask(target)
    except (OSError, httpx.HTTPError):
        start_response("502 Bad Gateway", [("Content-Type", "application/json")])
        return [b'{"error": "Cannot reach swf-monitor (tunnel down?)"}']
    body = rewritten(body)
    start_response(f"{status} Answer", [("Content-Type", kind), ("Content-Length", str(len(body)))])
    return [body]


def rewritten(body: bytes) -> bytes:
    """The body as today's gateway sends it on."""
    if b"/swf-monitor/" in body:
        body = body.replace(b".gov/swf-monitor/", b".gov/\0/").replace(b"/swf-monitor/", _MOUNT)
        body = body.replace(b".gov/\0/", b".gov/swf-monitor/")
    if b"navMode" in body:
        body = body.replace(b"localStorage.getItem('navMode')", b"'production'")
    if b'<div class="nav-auth">' in body:
        body = _CORNER.sub(_OWN_CORNER, body, count=1)
    return body


def _by_httpx(target: str) -> Answer:
    answer = httpx.get(
        f"{MONITOR.scheme}://{MONITOR.netloc}{target}",
        headers={"Host": "monitor.example"},
        verify=False,
        timeout=TIMEOUT_SECONDS,
    )
    return answer.status_code, answer.headers.get("Content-Type", _OTHERWISE), answer.content


def _by_plain_client(target: str) -> Answer:
    assert MONITOR.hostname
    if MONITOR.scheme == "https":
        client = http.client.HTTPSConnection(
            MONITOR.hostname, MONITOR.port, timeout=TIMEOUT_SECONDS, context=_UNCHECKED
        )
    else:
        client = http.client.HTTPConnection(MONITOR.hostname, MONITOR.port, timeout=TIMEOUT_SECONDS)
    try:
        client.request("GET", target, headers={"Host": "monitor.example", "Accept-Encoding": "gzip"})
        answer = client.getresponse()
        body = answer.read()
    finally:
        client.close()
    if answer.headers.get("Content-Encoding") == "gzip":
        body = gzip.decompress(body)
    return answer.status, answer.headers.get("Content-Type", _OTHERWISE), body


_ask = _by_plain_client if os.environ.get("NAIVE_CLIENT") == "plain" else _by_httpx
