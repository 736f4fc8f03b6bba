"""The library's state machine of a connection, with what it lacks for ours.

It would close at the first GOAWAY, while RFC 9113 6.8 has running streams finish; end a connection for a wrong
``Content-Length`` of one answer; and take any number of frames that carry nothing.
"""

from __future__ import annotations

from typing import Any

from h2.config import H2Configuration
from h2.connection import (
    AllowedStreamIDs,
    ConnectionInputs,
    ConnectionState,
    H2Connection,
    H2ConnectionStateMachine,
)
from h2.errors import ErrorCodes
from h2.events import Event
from h2.exceptions import FrameTooLargeError, ProtocolError
from h2.settings import SettingCodes, Settings
from h2.stream import H2Stream
from hyperframe.frame import DataFrame, Frame, HeadersFrame

from swf_remote.proxy.http2.windows import CONNECTION_WINDOW, STREAM_WINDOW, Patience
from swf_remote.proxy.wire import LARGEST_HEAD

# A head above ``LARGEST_HEAD`` is one answer's fault; only beyond this the connection has to end.
LARGEST_DECODED = 4 * LARGEST_HEAD
WHOLE_FRAME = 1024
_FIRST_WINDOW = 65_535


class _Draining(H2ConnectionStateMachine):
    """Open as long as the transport is, whatever farewell has come."""

    def process_input(self, input_: ConnectionInputs) -> list[Event]:
        if input_ is ConnectionInputs.RECV_GOAWAY and self.state is not ConnectionState.CLOSED:
            return []
        return super().process_input(input_)


class _Stream(H2Stream):
    """Lengths are checked by ``heads`` and ``exchange``."""

    def _initialize_content_length(self, headers: object) -> None:
        pass


class Machine(H2Connection):
    """A client's connection: bytes in, events out; ``data_to_send`` has what goes out."""

    MAX_CLOSED_STREAMS = 4096

    def __init__(self, patience: Patience) -> None:
        super().__init__(
            H2Configuration(client_side=True, validate_inbound_headers=False, normalize_inbound_headers=False)
        )
        self.state_machine = _Draining()
        self.local_settings = Settings(
            client=True,
            initial_values={
                SettingCodes.ENABLE_PUSH: 0,
                SettingCodes.INITIAL_WINDOW_SIZE: STREAM_WINDOW,
                SettingCodes.MAX_HEADER_LIST_SIZE: LARGEST_DECODED,
            },
        )
        self.decoder.max_header_list_size = LARGEST_DECODED
        self.max_inbound_frame_size = self.local_settings.max_frame_size
        self._patience = patience

    def begin(self) -> None:
        """Preface, settings, and the connection's window."""
        self.initiate_connection()
        self.increment_flow_control_window(CONNECTION_WINDOW - _FIRST_WINDOW)

    def is_over(self, number: int) -> bool:
        """Whether a stream is closed."""
        stream = self.streams.get(number)
        return stream is None or stream.closed

    def clear_outbound_data_buffer(self) -> None:
        """Called at GOAWAY; what waits to be sent belongs to streams that go on."""

    def receive_data(self, data: Any) -> list[Event]:
        """As the library's, which would hold a frame that is too long until it is whole.

        Raises:
            ProtocolError: the other side breaks the rules; a farewell is ready to be sent.
        """
        events = super().receive_data(data)
        if int.from_bytes(self.incoming_buffer._data[:3], "big") > self.max_inbound_frame_size:
            self.close_connection(ErrorCodes.FRAME_SIZE_ERROR)
            raise FrameTooLargeError("a frame longer than is allowed")
        return events

    def _receive_frame(self, frame: Frame) -> list[Event]:
        if not self._carries_something(frame):
            self._patience.spend()
        return super()._receive_frame(frame)

    def _carries_something(self, frame: Frame) -> bool:
        if self.is_over(frame.stream_id):
            # What was on its way when its reader left comes in whole frames.
            return isinstance(frame, DataFrame) and len(frame.data) >= WHOLE_FRAME
        return isinstance(frame, HeadersFrame) or (isinstance(frame, DataFrame) and bool(frame.data))

    def _begin_new_stream(self, stream_id: int, allowed_ids: AllowedStreamIDs) -> H2Stream:
        if not stream_id % 2:
            raise ProtocolError("a stream of the server's own, though pushes are switched off")
        stream = super()._begin_new_stream(stream_id, allowed_ids)
        # The library names the class of its streams nowhere that could be set.
        stream.__class__ = _Stream
        return stream
