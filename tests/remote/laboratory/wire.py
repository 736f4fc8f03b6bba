"""The stand-in's transport: a real HTTP server that notes every request and says what its pages say.

It knows nothing of the gateway. What arrives is kept as it came, so that tests can ask what the gateway let through.
"""

from __future__ import annotations

import asyncio
import gzip
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import uvicorn

MOUNT = "/swf-monitor"
HTML = "text/html; charset=utf-8"
# Apache says these, then Django says some of them again (contract 1.4).
APACHE = [
    ("Server", "Apache"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("X-XSS-Protection", "1; mode=block"),
]
DJANGO = [
    ("X-Frame-Options", "DENY"),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "same-origin"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
]


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it arrived."""

    method: str
    path: str
    """Raw path below the mount, without its first slash; with the mount when it lies outside of it."""
    query: str
    headers: tuple[tuple[str, str], ...]
    """Names in lower case, repeats and order kept."""
    body: bytes

    def values(self, name: str) -> list[str]:
        """All values of one header."""
        return [value for key, value in self.headers if key == name]

    @property
    def user(self) -> str | None:
        """Whom the tunnel says the reader is (contract 1.2)."""
        return next((name for name in self.values("x-remote-user") if name.strip()), None)

    @property
    def parameters(self) -> dict[str, str]:
        """The query's parameters; of repeated ones the last, as the monitor reads them."""
        return dict(parse_qsl(self.query, keep_blank_values=True))

    @property
    def wants_html(self) -> bool:
        """Whether a browser asks."""
        return "text/html" in ",".join(self.values("accept"))


@dataclass(frozen=True, slots=True)
class Said:
    """One answer."""

    body: str | bytes = ""
    status: int = 200
    kind: str = HTML
    headers: tuple[tuple[str, str], ...] = ()
    by_django: bool = True
    events: tuple[bytes, ...] = ()
    """With an event stream: pieces sent before it waits for the reader to leave."""

    @property
    def data(self) -> bytes:
        return self.body.encode() if isinstance(self.body, str) else self.body


@dataclass
class Laboratory:
    """The running stand-in."""

    port: int
    answering: Callable[[Asked], Said]
    compress: bool = False
    received: list[Asked] = field(default_factory=list)
    left: int = 0
    """Event streams whose reader went away."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}{MOUNT}"

    def asked_for(self, path: str) -> list[Asked]:
        """The requests for `path` below the mount."""
        return [asked for asked in self.received if asked.path == path]

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        asked = await _asked(scope, receive)
        self.received.append(asked)
        said = self.answering(asked)
        data, coding = said.data, []
        if self.compress and not said.events and "gzip" in ",".join(asked.values("accept-encoding")):
            data, coding = gzip.compress(data, mtime=0), [("Content-Encoding", "gzip")]
        fields = [*APACHE, *said.headers, *(DJANGO if said.by_django else []), *coding, ("Content-Type", said.kind)]
        if not said.events and said.status != 304:
            fields.append(("Content-Length", str(len(data))))
        await send({"type": "http.response.start", "status": said.status, "headers": _encoded(fields)})
        if said.events:
            await self._stream(said.events, receive, send)
        else:
            await send({"type": "http.response.body", "body": b"" if asked.method == "HEAD" else data})

    async def _stream(self, events: tuple[bytes, ...], receive: Any, send: Any) -> None:
        for event in events:
            await send({"type": "http.response.body", "body": event, "more_body": True})
        while (await receive())["type"] != "http.disconnect":
            pass
        self.left += 1


async def _asked(scope: dict[str, Any], receive: Any) -> Asked:
    body = b""
    while (message := await receive())["type"] == "http.request":
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    path = scope["raw_path"].decode("latin-1")
    headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"])
    return Asked(
        scope["method"], path.removeprefix(MOUNT + "/"), scope["query_string"].decode("latin-1"), headers, body
    )


def _encoded(fields: list[tuple[str, str]]) -> list[tuple[bytes, bytes]]:
    return [(name.encode(), value.encode()) for name, value in fields]


class _Server(uvicorn.Server):
    """Leaves the signals to the test's own process."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def on_the_wire(application: Callable[..., Awaitable[None]], listening: socket.socket) -> AsyncIterator[None]:
    """Serve `application` at a bound socket until the block ends."""
    settings = uvicorn.Config(
        application,
        http="httptools",
        ws="none",
        lifespan="off",
        log_level="error",
        server_header=False,
        timeout_graceful_shutdown=1,
    )
    server = _Server(settings)
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    while not server.started and not serving.done():
        await asyncio.sleep(0.005)
    try:
        yield
    finally:
        server.should_exit = True
        await serving
