"""The monitor's stand-in: answers made beforehand, as fast as Python can say them.

Below its mount: ``panda/**`` pages of 60 kB, ``**/datatable/`` and ``**/filter-counts/`` tables, ``static/**`` files,
``panda/stall/**`` pages after ten seconds, ``panda/large/<MB>/`` and ``static/large/<MB>.bin`` bodies that stream,
``api/messages/stream/`` events. A body that is posted is read and counted.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import time
from collections import Counter
from typing import Any, cast

import httptools

from . import bodies

MOUNT = "/swf-monitor"
STALL_SECONDS = 10.0
PAGE_ROWS = 205
PIECE = 1 << 16
HTML, JSON = "text/html; charset=utf-8", "application/json"
_MB = 1_000_000


class Answers:
    """Whole answers by kind, plain and compressed."""

    def __init__(self) -> None:
        page = bodies.link_page(PAGE_ROWS)
        self._made: dict[str, tuple[bytes, bytes]] = {
            "page": _both(HTML, page),
            "table": _both(JSON, bodies.table_answer(100)),
            "counts": _both(JSON, b'{"status": {"finished": 71, "failed": 3}, "site": {"BNL_OSG_1": 74}}'),
            "status": _both(JSON, b'{"overall_status": "ok", "overall_reason": ""}'),
            "css": _both("text/css", b"body { color: #222; }\n" * 400, *_FILE),
            "js": _both("text/javascript", b"function table(n) { return n + 1; }\n" * 800, *_FILE),
            "picture": (_answer("image/png", bytes(range(256)) * (len(page) // 256), *_FILE),) * 2,
            "missing": (_answer("text/plain", b"no such file", status="404 Not Found"),) * 2,
        }

    def of(self, path: str, *, compressed: bool) -> bytes:
        """The answer for a path below the mount."""
        return self._made[kind_of(path)][compressed]


def kind_of(path: str) -> str:
    """What kind of answer a path has."""
    if path.endswith("/datatable/"):
        return "table"
    if path.endswith("/filter-counts/"):
        return "counts"
    if path == "/panda/system/status.json":
        return "status"
    if path.startswith("/static/"):
        return {"css": "css", "js": "js", "png": "picture"}.get(path.rpartition(".")[2], "missing")
    return "page"


class Origin:
    """What all connections share."""

    def __init__(self) -> None:
        self.answers = Answers()
        self.asked: Counter[str] = Counter()
        """Requests by path without the query since they were last told."""
        self.received = 0
        """Bytes of bodies."""
        self.listeners: set[Connection] = set()
        self._events = 0

    def publish(self) -> None:
        """Send one event to all listeners; its data tells the moment."""
        self._events += 1
        for listener in self.listeners:
            listener.say(event(self._events, time.monotonic()))


def event(number: int, moment: float) -> bytes:
    """An event as the monitor sends it."""
    data = {
        "msg_type": "job_status",
        "processed_by": "bench",
        "run_id": 101 + number % 3,
        "sent_at": moment,
        "number": number,
        "message": f"job {7_000_000 + number} of site BNL_OSG_1 went from running to finished",
    }
    return f"event: job_status\ndata: {json.dumps(data)}\n\n".encode()


class Connection(asyncio.Protocol):
    """One connection of a gateway."""

    def __init__(self, origin: Origin) -> None:
        self._origin = origin
        self._parser = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport | None = None
        self._task: asyncio.Task[None] | None = None
        self._writable = asyncio.Event()
        self._writable.set()
        self._url = b""
        self._compressed = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, _exc: Exception | None) -> None:
        self._origin.listeners.discard(self)
        self._transport = None
        self._writable.set()
        if self._task:
            self._task.cancel()

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            if self._transport:
                self._transport.close()

    def say(self, data: bytes) -> None:
        """Send this, if somebody is there."""
        if self._transport:
            self._transport.write(data)

    def on_message_begin(self) -> None:
        self._url, self._compressed = b"", False

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        lower = name.lower()
        if lower == b"accept-encoding":
            self._compressed = b"gzip" in value
        elif lower == b"expect":
            self.say(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, body: bytes) -> None:
        self._origin.received += len(body)

    def on_message_complete(self) -> None:
        path = self._url.partition(b"?")[0].decode("latin-1").removeprefix(MOUNT)
        self._origin.asked[path] += 1
        if path == "/api/messages/stream/":
            self._listen()
        elif path.startswith("/panda/stall/"):
            self._begin(self._stall(path))
        elif path.startswith(("/panda/large/", "/static/large/")):
            self._begin(self._stream(path))
        else:
            self.say(self._origin.answers.of(path, compressed=self._compressed))

    def _begin(self, work: Any) -> None:
        self._task = asyncio.get_running_loop().create_task(work)

    def _listen(self) -> None:
        self.say(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n")
        self.say(b'event: connected\ndata: {"client_id": "bench"}\n\n')
        self._origin.listeners.add(self)

    async def _stall(self, path: str) -> None:
        await asyncio.sleep(STALL_SECONDS)
        self.say(self._origin.answers.of(path, compressed=self._compressed))

    async def _stream(self, path: str) -> None:
        size = int("".join(letter for letter in path if letter.isdecimal())) * _MB
        is_page = path.startswith("/panda/")
        piece = bodies.link_page(PAGE_ROWS) if is_page else bytes(PIECE)
        kind = HTML if is_page else "application/octet-stream"
        self.say(_head(kind, size))
        while size and self._transport:
            self.say(piece[:size])
            size -= min(size, len(piece))
            await self._writable.wait()


_FILE = ('ETag: "5f3-61"', "Last-Modified: Mon, 04 May 2026 08:00:00 GMT", "Accept-Ranges: bytes")


def _both(kind: str, body: bytes, *more: str) -> tuple[bytes, bytes]:
    packed = gzip.compress(body, 6, mtime=0)
    return _answer(kind, body, *more), _answer(kind, packed, "Content-Encoding: gzip", "Vary: Accept-Encoding", *more)


def _answer(kind: str, body: bytes, *more: str, status: str = "200 OK") -> bytes:
    return _head(kind, len(body), *more, status=status) + body


def _head(kind: str, size: int, *more: str, status: str = "200 OK") -> bytes:
    lines = [f"HTTP/1.1 {status}", "Server: bench", f"Content-Type: {kind}", f"Content-Length: {size}", *more]
    return "\r\n".join(lines).encode() + b"\r\n\r\n"
