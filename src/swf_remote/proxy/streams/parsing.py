"""Event streams as bytes come: the grammar of the WHATWG's HTML standard, 9.2.5 and 9.2.6, and a bound on one event.

Lines end with CRLF, LF or CR, wherever the pieces are cut. An event without its blank line is no event.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

LARGEST_EVENT = 4 << 20
DEFAULT_NAME = "message"
_LINE_END = re.compile(rb"\r\n|\n|\r")
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Message:
    """One event as it was sent."""

    name: str
    data: str
    """Its lines, joined by LF."""


class EventParser:
    """Feed it the stream piece by piece."""

    def __init__(self, largest: int = LARGEST_EVENT) -> None:
        """`largest`: bytes of one event's lines; a longer one is left out and counted."""
        self.last_id = ""
        """What ``Last-Event-ID`` says when the stream is asked for again."""
        self.retry: int | None = None
        """Milliseconds to wait before that, if the stream said so."""
        self.left_out = 0
        """Events that were too long."""
        self._largest = largest
        self._partial: list[bytes] = []
        self._size = 0
        self._after_cr = False
        self._first_line = True
        self._rest_of_line_is_lost = False
        self._id = ""
        self._reset()

    def feed(self, piece: bytes) -> list[Message]:
        """The events that this piece completes."""
        if not piece:
            return []
        if self._after_cr and piece[:1] == b"\n":
            piece = piece[1:]
            if not piece:
                self._after_cr = False
                return []
        self._after_cr = piece.endswith(b"\r")
        *lines, rest = _LINE_END.split(piece)
        found = [message for line in lines if (message := self._end_line(line))]
        self._continue_line(rest)
        return found

    def _continue_line(self, part: bytes) -> None:
        self._size += len(part)
        if self._size <= self._largest:
            self._partial.append(part)
        elif not self._rest_of_line_is_lost:
            # A comment may be as long as it likes: nothing of it is kept.
            if not b"".join([*self._partial, part]).startswith(b":"):
                self._give_up()
            self._partial.clear()
            self._rest_of_line_is_lost = True

    def _end_line(self, part: bytes) -> Message | None:
        self._continue_line(part)
        line, lost = b"".join(self._partial), self._rest_of_line_is_lost
        self._partial.clear()
        self._rest_of_line_is_lost = False
        if self._first_line:
            line = line.removeprefix(_BOM)
            self._first_line = False
        message = None
        if line:
            self._kept += len(line)
            self._field(*line.decode("utf-8", "replace").split(":", 1))
        elif not lost:
            message = self._dispatch()
        self._size = self._kept
        return message

    def _field(self, name: str, value: str = "") -> None:
        value = value.removeprefix(" ")
        match name:
            case "data" if not self._too_long:
                self._data.append(value)
            case "event":
                self._name = value
            case "id" if "\0" not in value:
                self._id = value
            case "retry" if value.isascii() and value.isdigit():
                self.retry = int(value)

    def _dispatch(self) -> Message | None:
        self.last_id = self._id
        self.left_out += self._too_long
        message = Message(self._name or DEFAULT_NAME, "\n".join(self._data)) if self._data else None
        self._reset()
        return message

    def _give_up(self) -> None:
        self._data.clear()
        self._too_long = True

    def _reset(self) -> None:
        self._name = ""
        self._data: list[str] = []
        self._kept = 0
        self._too_long = False
