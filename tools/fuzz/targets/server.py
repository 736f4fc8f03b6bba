"""The server: any cut of a request gives the same verdict, and what passes means the same to another parser.

``Wire`` sends some of it through a real server and looks that no byte of a refused request becomes a request.
"""

from __future__ import annotations

import asyncio
import atexit
import random
import socket
from typing import Any

import h11
from starlette.types import Receive, Scope, Send
from uvicorn import Server

from swf_remote.edge.refusals import REFUSED
from swf_remote.edge.server.body import ChunkedBody
from swf_remote.edge.server.head import HeadReader
from swf_remote.edge.server.refused import RefusedError
from swf_remote.edge.server.serving import server_configuration
from tools.fuzz.case import Case

FIRST = (
    "GET / HTTP/1.1",
    "POST /a?b HTTP/1.1",
    "GET http://h/x HTTP/1.1",
    "GET / HTTP/1.0",
    "get / HTTP/1.1",
    "GET  / HTTP/1.1",
)
LINES = (
    *(
        "Host: h",
        "Host: h",
        "Host: h",
        "Host: i",
        "Content-Length: 5",
        "Content-Length: 0",
        "Content-Length: 5, 5",
        "X: y",
    ),
    *(
        "Transfer-Encoding: chunked",
        "Transfer-Encoding: identity",
        "Transfer-Encoding : chunked",
        " X: folded",
        "X Y: z",
    ),
    *(
        "Transfer-Encoding: \x0bchunked",
        "Transfer-encoding: Chunked",
        "X: \xff",
        "Expect: 100-continue",
        "Connection: close",
    ),
    *("X_Remote_User: admin", "X: \x00", "no colon", "Upgrade: h2c", "TE: trailers", "Connection: TE, X"),
)
ENDS = ("\r\n",) * 12 + ("\n", "\r", "\r\r\n", "\r\n ")
CHUNKS = (
    *(
        "3\r\nabc\r\n",
        "0\r\n\r\n",
        "0\r\n\r\n",
        "5;a=b\r\nhello\r\n",
        '3;a="b"\r\nabc\r\n',
        "A\r\n0123456789\r\n",
        "3\nabc\n",
        "\r\n",
    ),
    *(
        "zz\r\n",
        "0x3\r\nabc\r\n",
        "-1\r\n",
        "3 \r\nabc\r\n",
        "0\r\nX: y\r\n\r\n",
        "0\r\nX Y\r\n\r\n",
        "ffffffffffffffffff\r\n",
        "03\r\nabc\r\n",
    ),
)
MARK = b"GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n"


def _head_parts(rng: random.Random) -> list[str]:
    lines = rng.choices(LINES, k=rng.randint(0, 6))
    return [rng.choice(FIRST), *(rng.choice(ENDS) + line for line in ["Host: h", *lines]), "\r\n\r\n"]


class Heads:
    """Request heads."""

    name = "request-heads"

    def generate(self, rng: random.Random) -> Case:
        """See ``Target``."""
        return Case(self.name, tuple(_head_parts(rng)), rng.randint(1, 20))

    def check(self, case: Case) -> None:
        """See ``Target``."""
        found = _head(case.raw, len(case.raw) or 1)
        assert _head(case.raw, case.number) == found, "another cut gives another verdict"
        if isinstance(found, tuple):
            theirs = h11.Connection(h11.SERVER)
            theirs.receive_data(case.raw[: case.raw.index(b"\r\n\r\n") + 4])
            event = theirs.next_event()
            assert isinstance(event, h11.Request)
            assert (event.method.decode(), len(list(event.headers))) == found


def _head(raw: bytes, size: int) -> tuple[str, int] | int | None:
    reader = HeadReader()
    try:
        for at in range(0, len(raw), size):
            if found := reader.feed(raw[at : at + size]):
                return found[0].method, len(found[0].headers)
    except RefusedError as refused:
        return refused.problem.status
    return None


class Chunks:
    """Chunked bodies."""

    name = "chunked-bodies"

    def generate(self, rng: random.Random) -> Case:
        """See ``Target``."""
        return Case(self.name, tuple(rng.choices(CHUNKS, k=rng.randint(1, 8))), rng.randint(1, 20))

    def check(self, case: Case) -> None:
        """See ``Target``."""
        found = _body(case.raw, len(case.raw) or 1)
        assert _body(case.raw, case.number) == found, "another cut gives another body"
        if isinstance(found, bytes):
            theirs = h11.Connection(h11.SERVER)
            theirs.receive_data(b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n" + case.raw)
            theirs.next_event()
            got = b""
            while isinstance(event := theirs.next_event(), h11.Data):
                got += bytes(event.data)
            assert isinstance(event, h11.EndOfMessage)
            assert got == found


def _body(raw: bytes, size: int) -> bytes | str:
    body, got = ChunkedBody(), b""
    try:
        for at in range(0, len(raw), size):
            got += body.feed(raw[at : at + size])[0]
            if body.done:
                return got
    except RefusedError:
        return "refused"
    return "more"


class Wire:
    """Whole requests through a real server; it is started with the first case."""

    name = "wire"

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._port = 0
        self._seen: list[tuple[str, bool]] = []

    def generate(self, rng: random.Random) -> Case:
        """See ``Target``."""
        return Case(self.name, (*_head_parts(rng), *rng.choices(CHUNKS, k=rng.randint(0, 4))), 0)

    def check(self, case: Case) -> None:
        """See ``Target``."""
        loop = self._loop or self._started()
        self._seen.clear()
        answers = loop.run_until_complete(asyncio.wait_for(self._ask(case.raw), 10))
        smuggled = ("/smuggled", False) in self._seen
        refused = any(told for _, told in self._seen)
        assert not (smuggled and refused), "a request was served behind one that was refused"
        assert answers.count(b"HTTP/1.1 ") - answers.count(b"HTTP/1.1 100") <= len(self._seen)
        assert b"Internal Server Error" not in answers

    def _started(self) -> asyncio.AbstractEventLoop:
        self._loop = asyncio.new_event_loop()
        self._loop.run_until_complete(self._start())
        return self._loop

    async def _start(self) -> None:
        listener = socket.create_server(("127.0.0.1", 0))
        self._port = int(listener.getsockname()[1])
        configuration = server_configuration(lambda: self._application, loop="none")
        configuration.load()
        server = Server(configuration)
        server.lifespan = configuration.lifespan_class(configuration)
        await server.startup(sockets=[listener])
        atexit.register(lambda: self._loop and self._loop.run_until_complete(server.shutdown(sockets=[listener])))

    async def _application(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        self._seen.append((scope["path"], REFUSED in scope))
        message: Any = {"more_body": True}
        while message.get("more_body"):
            message = await receive()
        if message["type"] == "http.request":
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
            await send({"type": "http.response.body", "body": b""})

    async def _ask(self, request: bytes) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        writer.write(request + MARK + b"GET /end HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        try:
            return await asyncio.wait_for(reader.read(-1), 0.1)
        except (TimeoutError, ConnectionResetError):
            return b""  # a body that never ends is waited for
        finally:
            writer.close()


async def _lifespan(receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await send({"type": "lifespan.shutdown.complete"})
