"""One HTTP/2 connection to the monitor, on a transport that stands and is proved.

A slow reader holds no more than its stream's window and stands in nobody's way. What is wrong with one answer ends its
stream alone; what is wrong with the connection ends all of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, suppress
from typing import Any

from h2.errors import ErrorCodes
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    Event,
    InformationalResponseReceived,
    RemoteSettingsChanged,
    ResponseReceived,
    StreamEnded,
    StreamReset,
    WindowUpdated,
)
from h2.exceptions import DenialOfServiceError, H2Error, TooManyStreamsError
from h2.settings import SettingCodes
from hpack import HeaderTuple

from swf_remote.proxy.failures import (
    AnswerFault,
    BrokenAnswerError,
    BusyError,
    LinkCause,
    LinkDownError,
    MonitorSilentError,
    UpstreamError,
)
from swf_remote.proxy.http2.exchange import Exchange
from swf_remote.proxy.http2.health import TICK_SECONDS, Health, Step
from swf_remote.proxy.http2.machine import Machine
from swf_remote.proxy.http2.windows import CONNECTION_WINDOW, Credit, Growth, Patience

CLOSE_SECONDS = 1.0
# RFC 9113 6.5.2: what is assumed until the monitor names its limit.
STREAMS_AT_FIRST = 100
LAST_STREAM = 2**30
LARGEST_PIECE = 65_536
# Of answers to pings and settings that the monitor does not take.
LARGEST_BACKLOG = 4_194_304
# The library holds back half of the window for streams that are closed: together less than the whole.
_CREDIT_AT = CONNECTION_WINDOW // 4
_PING = b"swf-link"


class Connection(asyncio.Protocol):
    """Shared by as many requests as the monitor allows."""

    def __init__(self, transport: asyncio.Transport, changed: Callable[[Connection], None]) -> None:
        """`changed` is called when places may have become free, or the connection cannot be used any longer."""
        self._loop = asyncio.get_running_loop()
        self._transport = transport
        self._changed = changed
        self._patience = Patience(self._loop.time)
        self._machine = Machine(self._patience)
        self._growth = Growth()
        self._exchanges: dict[int, Exchange] = {}
        self._limit = STREAMS_AT_FIRST
        self._uncredited = 0
        self._waiting_for_room: set[asyncio.Future[None]] = set()
        self._congested = self._retired = self._over = False
        self._gone: asyncio.Future[None] = self._loop.create_future()
        self.made = self._loop.time()
        """When, by the loop's clock."""
        self.places_taken = 0
        self.answers = 0
        """How many requests were answered on it."""
        self.died = False
        """The other side ended it, as it does with a connection that was idle for too long."""
        self.wants_http1 = False
        """The monitor insists on HTTP/1.1 (RFC 9113 8.6)."""
        self._health = Health(self.made)
        self._ticking = self._loop.call_later(TICK_SECONDS, self._tick)
        self._takers: dict[type[Event], Callable[[Any], None]] = {
            RemoteSettingsChanged: self._settings_came,
            InformationalResponseReceived: lambda event: self._exchange(event).interim_came(event.headers),
            ResponseReceived: lambda event: self._exchange(event).head_came(event.headers),
            DataReceived: self._data_came,
            StreamEnded: self._stream_ended,
            StreamReset: self._stream_reset,
            WindowUpdated: lambda _event: self._make_room(),
            ConnectionTerminated: self._goaway_came,
        }

    def begin(self) -> None:
        """Take the transport over, and speak."""
        self._transport.set_protocol(self)
        self._machine.begin()
        self._flush()
        self._transport.resume_reading()

    @property
    def usable(self) -> bool:
        """Whether new requests may begin on it."""
        return not (self._retired or self._over)

    @property
    def free(self) -> int:
        """How many more requests it takes now."""
        return self._limit - self.places_taken if self.usable else 0

    def give_back(self) -> None:
        """A place that was taken is free again."""
        self.places_taken -= 1
        self._health.used(self._loop.time())
        if self._retired and not self._exchanges:
            self._transport.close()
        self._changed(self)

    def retire(self) -> None:
        """Begin nothing more; what runs may end."""
        self._retired = True
        if not self._exchanges:
            self._transport.close()

    async def ask(self, method: str, fields: list[HeaderTuple], body: AsyncGenerator[bytes, None] | None) -> Exchange:
        """Send a request in a place that was taken before; its answer's head is there when this returns.

        Raises:
            UpstreamError: there is none.
        """
        try:
            exchange = self._opened(method, fields, ends=body is None)
        except BaseException:
            self.give_back()
            raise
        if body is not None:
            exchange.uploading = asyncio.create_task(self._upload(exchange, body))
        try:
            await exchange.answered
        except BaseException:
            exchange.close()
            raise
        self.answers += 1
        return exchange

    async def close(self) -> None:
        """Say so and close; by force if that takes long."""
        self._end(lambda: BrokenAnswerError(AnswerFault.CUT), ErrorCodes.NO_ERROR)
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_SECONDS):
                await asyncio.shield(self._gone)
        self._transport.abort()

    # What the transport says.

    def data_received(self, data: bytes) -> None:
        """Bytes of the monitor."""
        self._health.heard(self._loop.time())
        if self._over:
            return
        try:
            for event in self._machine.receive_data(data):
                self._take(event)
        except H2Error as error:
            fault = AnswerFault.HEAD if isinstance(error, DenialOfServiceError) else AnswerFault.NOT_HTTP
            self._end(lambda: BrokenAnswerError(fault))
            return
        if self._uncredited >= _CREDIT_AT:
            self._machine.increment_flow_control_window(self._uncredited)
            self._uncredited = 0
        self._flush()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        if not self._gone.done():
            self._gone.set_result(None)
        if not self._over:
            self.died = True
            self._end(lambda: LinkDownError(LinkCause.RESET) if exc else MonitorSilentError("closed without an answer"))

    def pause_writing(self) -> None:
        """The monitor takes nothing for now."""
        self._congested = True

    def resume_writing(self) -> None:
        """It takes more."""
        self._congested = False
        self._make_room()

    # What the monitor says.

    def _take(self, event: Event) -> None:
        taker = self._takers.get(type(event))
        number = getattr(event, "stream_id", 0)
        if taker is None or (number and number not in self._exchanges):
            return
        try:
            taker(event)
        except BrokenAnswerError as error:
            exchange = self._exchange(event)
            exchange.failed(error)
            self._finish(exchange, ErrorCodes.PROTOCOL_ERROR)

    def _exchange(self, event: Any) -> Exchange:
        return self._exchanges[event.stream_id]

    def _settings_came(self, event: RemoteSettingsChanged) -> None:
        most = event.changed_settings.get(SettingCodes.MAX_CONCURRENT_STREAMS)
        if most is not None:
            self._limit = most.new_value
        self._make_room()
        self._changed(self)

    def _data_came(self, event: DataReceived) -> None:
        self._uncredited += event.flow_controlled_length
        exchange = self._exchange(event)
        exchange.data_came(event.data)
        if padding := event.flow_controlled_length - len(event.data):
            self.taken(exchange, padding)

    def _stream_ended(self, event: StreamEnded) -> None:
        exchange = self._exchange(event)
        exchange.ended()
        # Whoever has answered may refuse the rest of a request's body (RFC 9113 8.1).
        self._finish(exchange, ErrorCodes.NO_ERROR)

    def _stream_reset(self, event: StreamReset) -> None:
        exchange = self._exchange(event)
        exchange.broken_off(_of_reset(event.error_code))
        if event.error_code == ErrorCodes.HTTP_1_1_REQUIRED:
            self.wants_http1 = self._retired = True
        self._finish(exchange)

    def _goaway_came(self, event: ConnectionTerminated) -> None:
        self.wants_http1 = self.wants_http1 or event.error_code == ErrorCodes.HTTP_1_1_REQUIRED
        last = event.last_stream_id or 0
        self.retire()
        for exchange in [one for number, one in self._exchanges.items() if number > last]:
            exchange.broken_off(LinkDownError(LinkCause.RESET, connected=False))
            self._finish(exchange)
        self._changed(self)

    # What readers do.

    def taken(self, exchange: Exchange, count: int) -> None:
        """See ``exchange.Line``."""
        # The library may know of the end already while earlier events are being told.
        if exchange.number not in self._exchanges or self._machine.is_over(exchange.number):
            return
        if credit := exchange.credit.taken(count, exchange.waiting):
            self._machine.increment_flow_control_window(credit, exchange.number)
            self._flush()

    def let_go(self, exchange: Exchange) -> None:
        """See ``exchange.Line``."""
        if exchange.number in self._exchanges:
            exchange.failed(BrokenAnswerError(AnswerFault.CUT))
            self._finish(exchange)
            self._flush()

    def _opened(self, method: str, fields: list[HeaderTuple], *, ends: bool) -> Exchange:
        if not self.usable:
            raise LinkDownError(LinkCause.RESET, connected=False)
        number = self._machine.get_next_available_stream_id()
        try:
            self._machine.send_headers(number, fields, end_stream=ends)
        except TooManyStreamsError:
            raise BusyError from None
        except H2Error as error:
            # The compressor's table may differ from the monitor's from here on.
            self._retired = True
            raise BrokenAnswerError(AnswerFault.NOT_HTTP) from error
        exchange = self._exchanges[number] = Exchange(self, number, method, Credit(self._growth))
        self._patience.sent()
        self._retired = self._retired or number > LAST_STREAM
        self._flush()
        return exchange

    def _finish(self, exchange: Exchange, code: ErrorCodes = ErrorCodes.CANCEL) -> None:
        """The stream is over; it is reset with `code` unless both sides had come to their end."""
        del self._exchanges[exchange.number]
        exchange.credit.end()
        if exchange.uploading is not None:
            exchange.uploading.cancel()
        if not self._over and not self._machine.is_over(exchange.number):
            self._machine.reset_stream(exchange.number, code)
        self.give_back()

    # The request's body.

    async def _upload(self, exchange: Exchange, body: AsyncGenerator[bytes, None]) -> None:
        try:
            async with aclosing(body):
                async for chunk in body:
                    await self._send_piece(exchange, memoryview(chunk))
            self._machine.end_stream(exchange.number)
            self._flush()
        except Exception as error:
            # The body's own fault, which its owner knows better; half a request must not look whole.
            broken = BrokenAnswerError(AnswerFault.NOT_HTTP)
            broken.__cause__ = error
            exchange.failed(broken)
            self.let_go(exchange)

    async def _send_piece(self, exchange: Exchange, rest: memoryview) -> None:
        while rest:
            room = await self._room(exchange)
            self._machine.send_data(exchange.number, rest[:room])
            self._patience.sent()
            self._flush()
            rest = rest[room:]

    async def _room(self, exchange: Exchange) -> int:
        """How many bytes may go out now; waits until some may."""
        while True:
            window = self._machine.local_flow_control_window(exchange.number)
            room = min(window, self._machine.max_outbound_frame_size, LARGEST_PIECE)
            if room > 0 and not self._congested:
                return room
            waiter: asyncio.Future[None] = self._loop.create_future()
            self._waiting_for_room.add(waiter)
            try:
                await waiter
            finally:
                self._waiting_for_room.discard(waiter)

    def _make_room(self) -> None:
        for waiter in self._waiting_for_room:
            if not waiter.done():
                waiter.set_result(None)

    # The connection's life.

    def _tick(self) -> None:
        self._ticking = self._loop.call_later(TICK_SECONDS, self._tick)
        match self._health.look(self._loop.time(), busy=self.places_taken > 0):
            case Step.ASK:
                self._machine.ping(_PING)
                self._flush()
            case Step.CLOSE:
                self._end(lambda: BrokenAnswerError(AnswerFault.CUT), ErrorCodes.NO_ERROR)
            case Step.GIVE_UP:
                self.died = True
                self._end(lambda: LinkDownError(LinkCause.SILENT))
                self._transport.abort()
            case _:
                pass

    def _flush(self) -> None:
        data = self._machine.data_to_send()
        if data and not self._over:
            self._transport.write(data)
            if self._transport.get_write_buffer_size() > LARGEST_BACKLOG:
                self._end(lambda: BrokenAnswerError(AnswerFault.NOT_HTTP))

    def _end(self, error: Callable[[], UpstreamError], code: ErrorCodes | None = None) -> None:
        """Break off what runs, with a farewell of `code` unless the library has written one."""
        if self._over:
            return
        if code is not None:
            self._machine.close_connection(code)
        if data := self._machine.data_to_send():
            self._transport.write(data)
        self._over = True
        self._ticking.cancel()
        for exchange in list(self._exchanges.values()):
            exchange.broken_off(error())
            self._finish(exchange)
        self._transport.close()
        self._loop.call_later(CLOSE_SECONDS, self._transport.abort)
        self._changed(self)


def _of_reset(code: int | None) -> UpstreamError:
    """What a reset before the head means; the first two say that nothing was done (RFC 9113 8.7)."""
    if code == ErrorCodes.REFUSED_STREAM:
        return BusyError()
    if code == ErrorCodes.HTTP_1_1_REQUIRED:
        return LinkDownError(LinkCause.RESET, connected=False)
    return MonitorSilentError("reset without an answer")
