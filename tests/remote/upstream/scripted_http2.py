"""A scripted monitor that speaks HTTP/2: answers, stalls and fails at exactly the frame it is told to.

A script is a function of one ``Peer``; a server may be given one for all connections or one each.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, Event, RequestReceived, StreamEnded, StreamReset
from h2.settings import SettingCodes, Settings

from tests.remote.upstream.certificates import Server

Headers = Sequence[tuple[bytes, bytes]]
OK: Headers = ((b":status", b"200"), (b"content-type", b"text/plain; charset=utf-8"))


class Peer:
    """The server's side of one connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, settings: dict[int, int]) -> None:
        self.reader, self.writer = reader, writer
        self.machine = H2Connection(
            H2Configuration(client_side=False, validate_outbound_headers=False, normalize_outbound_headers=False)
        )
        self.machine.local_settings = Settings(client=False, initial_values=settings)
        self.events: list[Event] = []
        self.credits = True
        """Whether bodies of requests are credited as they come."""
        self.hears = True
        """Off: what the client sends stays unread."""
        self._news = asyncio.Event()
        self._requests: asyncio.Queue[int] = asyncio.Queue()
        self.heads: dict[int, dict[bytes, bytes]] = {}

    def flush(self) -> None:
        self.writer.write(self.machine.data_to_send())

    async def listen(self) -> None:
        self.machine.initiate_connection()
        self.flush()
        with suppress(ConnectionError):
            while (data := await self.reader.read(65536)) and self.hears:
                for event in self.machine.receive_data(data):
                    self._take(event)
                self.flush()
        self._take(Event())
        if not self.hears:
            await asyncio.Event().wait()

    def _take(self, event: Event) -> None:
        self.events.append(event)
        if isinstance(event, RequestReceived):
            self.heads[event.stream_id] = dict(event.headers)
            self._requests.put_nowait(event.stream_id)
        if isinstance(event, DataReceived) and self.credits and event.flow_controlled_length:
            self.machine.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        self._news.set()

    async def until(self, true: Callable[[], bool]) -> None:
        """Wait until this holds; looked at after each event."""
        async with asyncio.timeout(20):
            while not true():
                self._news.clear()
                await self._news.wait()

    async def request(self) -> int:
        """The next request's stream."""
        return await asyncio.wait_for(self._requests.get(), 20)

    def of(self, kind: type[Event], stream: int | None = None) -> list[Event]:
        return [e for e in self.events if type(e) is kind and stream in (None, getattr(e, "stream_id", None))]

    async def reset_of(self, stream: int) -> StreamReset:
        await self.until(lambda: bool(self.of(StreamReset, stream)))
        return self.of(StreamReset, stream)[0]

    def body_of(self, stream: int) -> bytes:
        return b"".join(event.data for event in self.of(DataReceived, stream))

    async def whole(self, stream: int) -> bytes:
        await self.until(lambda: bool(self.of(StreamEnded, stream)))
        return self.body_of(stream)

    def head(self, stream: int, headers: Headers = OK, *, ends: bool = False) -> None:
        self.machine.send_headers(stream, list(headers), end_stream=ends)
        self.flush()

    def data(self, stream: int, data: bytes, *, ends: bool = False) -> None:
        self.machine.send_data(stream, data, end_stream=ends)
        self.flush()

    def answer(self, stream: int, body: bytes = b"here", headers: Headers = OK) -> None:
        self.head(stream, headers)
        self.data(stream, body, ends=True)

    async def stream_out(self, stream: int, body: bytes) -> None:
        """A body of any length, as far as the client's windows let it."""
        rest = memoryview(body)
        while rest:
            await self.until(lambda: self.machine.local_flow_control_window(stream) > 0)
            room = min(self.machine.local_flow_control_window(stream), self.machine.max_outbound_frame_size)
            self.data(stream, rest[:room].tobytes(), ends=len(rest) <= room)
            rest = rest[room:]
            await self.writer.drain()

    def raw(self, data: bytes) -> None:
        self.flush()
        self.writer.write(data)

    def reset(self, stream: int, code: int) -> None:
        self.machine.reset_stream(stream, code)
        self.flush()

    def goaway(self, last: int, code: int = 0) -> None:
        """Without the library, which would close the connection."""
        self.raw(frame(7, 0, 0, last.to_bytes(4, "big") + code.to_bytes(4, "big")))

    async def gone(self) -> None:
        """Wait until the client has hung up."""
        await self.until(lambda: type(self.events[-1]) is Event if self.events else False)

    def cut(self) -> None:
        """Break the connection with RST."""
        self.writer.get_extra_info("socket").setsockopt(1, 13, b"\x01\0\0\0\0\0\0\0")
        self.writer.transport.abort()


Script = Callable[[Peer], Awaitable[None]]


def frame(kind: int, flags: int, stream: int, body: bytes) -> bytes:
    """Any frame, however wrong (RFC 9113 4.1)."""
    return len(body).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + body


@dataclass
class Http2Monitor:
    """The running server and its connections."""

    port: int = 0
    peers: list[Peer] = field(default_factory=list)
    spoken: list[str | None] = field(default_factory=list)
    """What each handshake agreed on."""

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}/swf-monitor"


async def answers_all(peer: Peer) -> None:
    """Answer each request with its path."""
    while True:
        stream = await peer.request()
        peer.answer(stream, peer.heads[stream][b":path"])


def tls_of(server: Server, *protocols: str) -> ssl.SSLContext:
    context = server.tls()
    context.set_alpn_protocols(list(protocols))
    return context


@asynccontextmanager
async def http2_monitor(
    server: Server,
    *scripts: Script,
    most_streams: int = 128,
    window: int = 65_535,
    protocols: Sequence[str] = ("h2",),
    port: int = 0,
) -> AsyncIterator[Http2Monitor]:
    """Serve: connection n follows script n, later ones the last; at its end the connection stays open.

    Where HTTP/1.1 was agreed on, one request is answered in that.
    """
    seen = Http2Monitor()
    tasks: set[asyncio.Task[None]] = set()
    settings = {SettingCodes.MAX_CONCURRENT_STREAMS: most_streams, SettingCodes.INITIAL_WINDOW_SIZE: window}

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        seen.spoken.append(writer.get_extra_info("ssl_object").selected_alpn_protocol())
        if seen.spoken[-1] != "h2":
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nold")
            writer.close()
            tasks.discard(task)
            return
        peer = Peer(reader, writer, settings)
        script = scripts[min(len(seen.peers), len(scripts) - 1)]
        seen.peers.append(peer)
        listening = asyncio.create_task(peer.listen())
        try:
            await script(peer)
            await listening
        except asyncio.CancelledError:
            pass  # the test is over
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
            writer.close()
            tasks.discard(task)

    listener = await asyncio.start_server(serve, "127.0.0.1", port, ssl=tls_of(server, *protocols))
    seen.port = listener.sockets[0].getsockname()[1]
    try:
        yield seen
    finally:
        listener.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
