"""One client's connection: reads requests one after the other, and answers each before it looks at the next.

A request that cannot be read with certainty is told so through the application (``edge.refusals`` words it like every
other problem), as a request of its own that holds nothing of the refused one; then the connection ends. Every wait has
its limit: for a head, between a body's bytes, for the next request, and for a reader who takes nothing.
"""

from __future__ import annotations

import asyncio
import re
import socket
import struct
from contextlib import suppress
from typing import Any, cast
from urllib.parse import unquote

from starlette.types import ASGIApp, Scope
from uvicorn.config import Config
from uvicorn.server import ServerState

from swf_remote.edge.at_once import AtOnce
from swf_remote.edge.refusals import REFUSED
from swf_remote.edge.server.answer import Headers, lines_of
from swf_remote.edge.server.body import Body, body_of
from swf_remote.edge.server.deadline import Deadline
from swf_remote.edge.server.head import Head, HeadReader
from swf_remote.edge.server.refused import RefusedError, too_many_connections, too_slow
from swf_remote.edge.server.turn import Turn

HEAD_SECONDS = 15.0
BODY_SECONDS = 30.0
KEEP_ALIVE_SECONDS = 65.0
# The same while the server ends: whoever is about to ask has done so by then.
LAST_SECONDS = 1.0
# A paused download may go on later; a reader who takes nothing for this long has gone.
STALLED_SECONDS = 300.0
# The same while the server ends: nobody is to hold it up.
LAST_STALLED_SECONDS = 10.0
# After an early answer: time for its reader to read it before unread bytes reset the connection.
LINGER_SECONDS = 2.0
# Bytes of further requests that wait for the present answer.
MOST_AHEAD = 65_536
MOST_CONNECTIONS = 16_384
NOTHING_WORKED = b"HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
CUT_OFF = b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nretry-after: 2\r\nconnection: close\r\n\r\n"

_ACCEPT = re.compile(rb"\r\naccept:[ \t]*([\x20-\x7e]{1,500})", re.IGNORECASE)


class Connection(asyncio.Protocol):
    """uvicorn makes one for every client that connects."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        self._loop = _loop or asyncio.get_running_loop()
        self._application = cast(ASGIApp, config.loaded_app)
        self._server, self._state = server_state, app_state
        self._transport = cast(asyncio.Transport, None)  # set before anything is called
        self._reading = Deadline(self._loop, self._sender_stalls)
        self._writing = Deadline(self._loop, self._reader_stalls)
        self._head: HeadReader = HeadReader()
        self._body: Body | None = None
        self._turn: Turn | None = None
        self._ahead = b""
        self._refusal: RefusedError | None = None
        self._told = False
        self._last = False
        self._ending = False
        self._writable = asyncio.Event()
        self._writable.set()
        self._at_once: AtOnce | None = getattr(self._application, "at_once", None)
        self._ends: dict[str, Any] = {}

    # What the event loop calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client connected."""
        self._transport = cast(asyncio.Transport, transport)
        self._server.connections.add(cast(Any, self))
        self._ends = {"client": _address(self._transport, "peername"), "server": _address(self._transport, "sockname")}
        self._reading.within(HEAD_SECONDS)
        if len(self._server.connections) > MOST_CONNECTIONS:
            self._refuse(too_many_connections())

    def connection_lost(self, _error: Exception | None) -> None:
        """The client is gone."""
        self._server.connections.discard(cast(Any, self))
        self._ending = True
        self._reading.end()
        self._writing.end()
        self._writable.set()
        if self._turn:
            self._turn.reader_leaves()

    def data_received(self, data: bytes) -> None:
        """Bytes came."""
        if self._ending or self._refusal:
            return
        try:
            if self._ahead:
                self._keep_for_later(data)
            else:
                self._read(data)
        except RefusedError as refused:
            self._refuse(refused)

    def pause_writing(self) -> None:
        """The reader does not keep up."""
        self._writable.clear()
        self._writing.within(LAST_STALLED_SECONDS if self._last else STALLED_SECONDS)

    def resume_writing(self) -> None:
        """The reader has caught up."""
        self._writable.set()
        self._writing.lift()

    # What uvicorn calls.

    def shutdown(self) -> None:
        """The server stops: the next answer that begins is the last one here. May be said again."""
        if self._last or self._ending:
            return
        self._last = True
        if self._turn is None:
            self._await_last()
        elif not self._turn.answer.begun:
            self._turn.answer.keep_alive = False
        if not self._writable.is_set():
            self._writing.within(LAST_STALLED_SECONDS)

    # What a turn calls.

    def write(self, *pieces: bytes) -> None:
        """See ``turn.Line``."""
        if self._transport.is_closing():
            return
        for piece in pieces:
            # Not writelines: in Python 3.12 that of asyncio never tells a writer that its reader is slow.
            if piece:
                self._transport.write(piece)

    async def drained(self) -> None:
        """See ``turn.Line``."""
        await self._writable.wait()

    def wants_body(self) -> None:
        """See ``turn.Line``."""
        if self._body and not self._ending:
            self._resume()
            self._reading.within(BODY_SECONDS)

    def always(self) -> Headers:
        """See ``turn.Line``."""
        return self._server.default_headers

    def answered(self, turn: Turn) -> None:
        """See ``turn.Line``."""
        self._server.total_requests += 1
        self._turn = None
        if turn.answer.ends_with_connection:
            self._end_by_reset(False)
        if not (turn.answer.keep_alive and turn.body_done):
            self._linger()
            return
        self._head = HeadReader()
        if self._last:
            self._await_last()
        else:
            self._reading.within(KEEP_ALIVE_SECONDS)
        if self._ahead:
            self._loop.call_soon(self._read_ahead)

    def ended(self, turn: Turn) -> None:
        """See ``turn.Line``."""
        if turn is not self._turn:
            return  # it was answered, and its connection went on
        self._turn = None
        if self._ending:
            return
        if turn.answer.begun:
            self._break_off(turn)
        elif self._refusal and not self._told:
            self._tell_refusal()
        else:
            self.write(CUT_OFF if turn.cut_off else NOTHING_WORKED)
            self._linger()

    def only_the_end_tells(self) -> None:
        """See ``turn.Line``."""
        self._end_by_reset(True)

    def _await_last(self) -> None:
        """Whoever asks now has not heard of the end yet; an idle connection is closed after a moment."""
        if not self._head.begun:
            self._reading.within(LAST_SECONDS)

    # Reading.

    def _read(self, data: bytes) -> None:
        while data and not self._ending:
            if self._body:
                data = self._read_body(self._body, data)
            elif self._turn:
                self._keep_for_later(data)
                return
            else:
                data = self._read_head(data)

    def _read_head(self, data: bytes) -> bytes:
        if not self._head.begun:
            self._reading.within(HEAD_SECONDS)
        found = self._head.feed(data)
        if not found:
            return b""
        head, rest = found
        scope = self._unless_answered_at_once(head)
        if scope is not None:
            self._begin(head, scope)
            return rest
        if rest:
            # One request in each turn of the loop, as on the long way: nobody asks ahead of all others.
            self._keep_for_later(rest)
            self._loop.call_soon(self._read_ahead)
        return b""

    def _unless_answered_at_once(self, head: Head) -> Scope | None:
        """The request for the application; None if its answer needed no waiting, and was sent.

        That is tried only where nothing but the answer remains to be done.
        """
        plain = head.version == "1.1" and head.keep_alive and head.length == 0 and not head.expects_continue
        if self._at_once is None or not plain or self._last or not self._writable.is_set():
            return self.scope(head)
        answer = self._at_once(head, self)
        if not isinstance(answer, tuple):
            return answer
        self.write(*answer)
        self._server.total_requests += 1
        if self._head.begun:
            self._head = HeadReader()
        self._reading.within(KEEP_ALIVE_SECONDS)
        return None

    def _read_body(self, body: Body, data: bytes) -> bytes:
        piece, rest = body.feed(data)
        if body.done:
            self._body = None
            self._reading.lift()
        else:
            self._reading.within(BODY_SECONDS)
        if self._turn:
            self._turn.body_arrives(piece, done=body.done)
            if self._turn.full and not body.done:
                self._pause()
        return rest

    def _keep_for_later(self, data: bytes) -> None:
        self._ahead += data
        if len(self._ahead) > MOST_AHEAD:
            self._close()

    def _read_ahead(self) -> None:
        data, self._ahead = self._ahead, b""
        self.data_received(data)

    def _pause(self) -> None:
        self._reading.lift()
        if not self._transport.is_closing():
            self._transport.pause_reading()

    def _resume(self) -> None:
        if not self._transport.is_closing():
            self._transport.resume_reading()

    def _begin(self, head: Head, scope: Scope) -> None:
        self._reading.lift()
        body = body_of(head)
        self._body = None if body.done else body
        if self._body and not head.expects_continue:
            self._reading.within(BODY_SECONDS)
        self._start(
            Turn(
                scope,
                self,
                keep_alive=head.keep_alive and not self._last,
                expects_continue=head.expects_continue,
                body_done=body.done,
            )
        )

    @property
    def peer(self) -> str:
        """See ``at_once.Asking``."""
        client = self._ends["client"]
        return client[0] if client else ""

    def scope(self, head: Head) -> dict[str, Any]:
        """See ``at_once.Asking``."""
        return self._scope(head.method, head.target, head.version) | {"headers": head.headers}

    def date_line(self) -> bytes:
        """See ``at_once.Asking``."""
        return lines_of(tuple(self._server.default_headers))

    def _scope(self, method: str, target: bytes, version: str) -> dict[str, Any]:
        raw_path, _, query = target.partition(b"?")
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": version,
            "method": method,
            "scheme": "http",
            "path": unquote(raw_path.decode("ascii")),
            "raw_path": raw_path,
            "query_string": query,
            "root_path": "",
            "state": self._state.copy(),
            **self._ends,
        }

    def _start(self, turn: Turn) -> None:
        self._turn = turn
        task = self._loop.create_task(turn.run(self._application))
        self._server.tasks.add(task)
        task.add_done_callback(self._server.tasks.discard)

    # Ending.

    def _refuse(self, refused: RefusedError) -> None:
        """Read no more; tell why as soon as nothing else is being answered."""
        self._refusal = refused
        self._reading.lift()
        if self._turn:
            self._turn.reader_leaves()
        else:
            self._tell_refusal()

    def _tell_refusal(self) -> None:
        assert self._refusal is not None
        self._told = True
        accept = _ACCEPT.search(self._head.raw)
        scope = self._scope("GET", b"/", "1.1") | {
            "headers": [(b"accept", accept[1])] if accept else [],
            REFUSED: self._refusal.problem,
        }
        self._start(Turn(scope, self, keep_alive=False, expects_continue=False, body_done=True))

    def _sender_stalls(self) -> None:
        if self._body:
            self._refuse(too_slow("body"))
        elif self._head.begun:
            self._refuse(too_slow("head"))
        else:
            self._close()

    def _reader_stalls(self) -> None:
        self._transport.abort()

    def _break_off(self, turn: Turn) -> None:
        """The answer stays incomplete, and its reader must notice."""
        if turn.answer.ends_with_connection:
            self._ending = True
            self._transport.abort()
        else:
            self._close()

    def _end_by_reset(self, reset: bool) -> None:
        """How the system ends the connection, also if this process is killed (SO_LINGER, socket(7))."""
        given = self._transport.get_extra_info("socket")
        if given is not None and not self._transport.is_closing():
            given.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", reset, 0))

    def _linger(self) -> None:
        """Say that nothing more comes, and let the reader read before the connection goes."""
        if self._ending or self._transport.is_closing():
            return
        self._ending = True
        self._reading.end()
        self._resume()
        with suppress(OSError):
            self._transport.write_eof()  # the reader may have left meanwhile
        self._loop.call_later(LINGER_SECONDS, self._transport.close)

    def _close(self) -> None:
        self._ending = True
        self._transport.close()


def _address(transport: asyncio.Transport, which: str) -> tuple[str, int] | None:
    given = transport.get_extra_info(which)
    return (str(given[0]), int(given[1])) if isinstance(given, tuple) else None
