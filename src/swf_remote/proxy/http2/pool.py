"""Which connection a request goes out on: one for all as a rule, a further one where the monitor's limit is reached.

What the monitor speaks is learnt from each new connection's handshake (ALPN), so nothing is asked in advance. Until it
is known, and where it is HTTP/2, one connection is made at a time and all who wait share its outcome. Where it is
HTTP/1.1, everybody makes their own, as the library's pool has it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence

from swf_remote.proxy.failures import BusyError, LinkCause, LinkDownError
from swf_remote.proxy.http2.connection import Connection
from swf_remote.proxy.wire import HTTP1, HTTP2, AnswerProtocol

OFFER = (HTTP2, HTTP1)
MOST_CONNECTIONS = 8
LONGEST_WAIT_SECONDS = 5.0

Dial = Callable[[], Awaitable[AnswerProtocol]]


class SharedConnectionError(Exception):
    """There is no connection for this request alone: a place on a shared one is taken for it."""

    def __init__(self, connection: Connection) -> None:
        super().__init__()
        self.connection = connection


class SharedConnections:
    """All HTTP/2 connections to one monitor."""

    def __init__(self, offer: Callable[[Sequence[str]], None]) -> None:
        """`offer` sets what handshakes offer from now on."""
        self._offer = offer
        self._connections: list[Connection] = []
        self._waiting: deque[asyncio.Future[Connection | None]] = deque()
        self._dialling: asyncio.Task[AnswerProtocol | Connection] | None = None
        self._speaks_http1 = False
        self._closed = False
        offer(OFFER)

    def take(self, made_after: float = 0.0) -> Connection | None:
        """A place on a connection not older than this (the loop's clock), if one is free and nobody waits for it."""
        return None if self._waiting else self._take(made_after)

    async def own_or_shared(
        self, dial: Dial, keep: Callable[[AnswerProtocol], None], made_after: float
    ) -> AnswerProtocol:
        """A new connection for one request alone.

        Args:
            dial: makes one, proved and silent yet.
            keep: takes one that nobody waits for any longer.
            made_after: older shared connections are not trusted.

        Raises:
            SharedConnectionError: the request has a place on a shared connection.
            BusyError: no place became free in time.
            UpstreamError, OSError, aiohttp.ClientError: no connection can be made.
        """
        while not self._speaks_http1:
            if connection := self.take(made_after):
                raise SharedConnectionError(connection)
            if self._dialling is None and self._usable() < MOST_CONNECTIONS:
                return _own(await self._dial_for_all(dial, keep))
            if granted := await self._turn():
                raise SharedConnectionError(granted)
        return _own(await self._dialled(dial))

    async def close(self) -> None:
        """End everything."""
        self._closed = True
        if self._dialling is not None:
            self._dialling.cancel()
        self._send_away(LinkDownError(LinkCause.RESET, connected=False))
        await asyncio.gather(*(connection.close() for connection in list(self._connections)))

    def _take(self, made_after: float = 0.0) -> Connection | None:
        for connection in self._connections:
            if connection.free > 0 and connection.made >= made_after:
                connection.places_taken += 1
                return connection
        return None

    def _usable(self) -> int:
        return sum(connection.usable for connection in self._connections)

    async def _dial_for_all(self, dial: Dial, keep: Callable[[AnswerProtocol], None]) -> AnswerProtocol | Connection:
        task = self._dialling = asyncio.create_task(self._dialled(dial))
        task.add_done_callback(self._dial_ended)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            task.add_done_callback(lambda done: _unclaimed(done, keep))
            raise

    async def _dialled(self, dial: Dial) -> AnswerProtocol | Connection:
        """One new connection; on a shared one a place is taken for the caller."""
        protocol = await dial()
        if protocol.speaks != HTTP2:
            self._speaks_http1 = True
            return protocol
        transport = protocol.handed_over()
        if self._closed or transport is None:
            raise LinkDownError(LinkCause.RESET, connected=False)
        connection = Connection(transport, self._connection_changed)
        connection.places_taken = 1
        self._speaks_http1 = False
        self._connections.append(connection)
        connection.begin()
        return connection

    def _dial_ended(self, task: asyncio.Task[AnswerProtocol | Connection]) -> None:
        self._dialling = None
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self._send_away(error)
        elif self._speaks_http1:
            self._send_away(None)
        else:
            self._admit()

    def _send_away(self, error: BaseException | None) -> None:
        """All who wait: with an error, or to look again."""
        while self._waiting:
            turn = self._waiting.popleft()
            if turn.done():
                continue
            if error is not None:
                turn.set_exception(error)
            else:
                turn.set_result(None)

    def _connection_changed(self, connection: Connection) -> None:
        if connection.wants_http1:
            self._speaks_http1 = True
            self._offer((HTTP1,))
        if not connection.usable and connection in self._connections and not connection.places_taken:
            self._connections.remove(connection)
        self._admit()

    def _admit(self) -> None:
        """Give free places to those who came first; if there is no way to one, have the first make one."""
        while self._waiting and (connection := self._take()):
            turn = self._waiting.popleft()
            if turn.done():
                connection.places_taken -= 1
            else:
                turn.set_result(connection)
        if self._dialling is None and not self._closed and self._usable() < MOST_CONNECTIONS:
            while self._waiting:
                turn = self._waiting.popleft()
                if not turn.done():
                    turn.set_result(None)
                    return

    async def _turn(self) -> Connection | None:
        """A place on a connection; None: look again. The library's own limit bounds how many wait here."""
        turn: asyncio.Future[Connection | None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        # A connection that is being made has a time limit of its own.
        limit = asyncio.timeout(None if self._dialling else LONGEST_WAIT_SECONDS)
        try:
            async with limit:
                return await turn
        except BaseException:
            self._withdraw(turn)
            if limit.expired():
                raise BusyError from None
            raise

    def _withdraw(self, turn: asyncio.Future[Connection | None]) -> None:
        if turn in self._waiting:
            self._waiting.remove(turn)
        elif turn.done() and not turn.cancelled() and turn.exception() is None:
            if connection := turn.result():
                connection.give_back()
            else:
                self._admit()


def _own(made: AnswerProtocol | Connection) -> AnswerProtocol:
    if isinstance(made, Connection):
        raise SharedConnectionError(made)
    return made


def _unclaimed(done: asyncio.Task[AnswerProtocol | Connection], keep: Callable[[AnswerProtocol], None]) -> None:
    """Whoever wanted this connection has left."""
    if done.cancelled() or done.exception() is not None:
        return
    made = done.result()
    if isinstance(made, Connection):
        made.give_back()
    else:
        keep(made)
