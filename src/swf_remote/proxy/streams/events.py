"""Events as readers get them: ``event``, ``id`` and ``data`` lines, encoded once for all who hear them.

An id is ``<epoch>-<number>``. Heartbeats and the first event carry the number of the last event before them, so that
whoever hears little still knows where to go on.
"""

from __future__ import annotations

import json
import re
import secrets
import time
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from swf_remote.proxy.streams.filters import FOR_ALL, Facts, facts_of
from swf_remote.proxy.streams.parsing import Message
from swf_remote.web.error_pages import RETRY_MILLISECONDS
from swf_remote.web.moments import iso

CONNECTED = "connected"
HEARTBEAT = "heartbeat"
RESET = "reset"
RESTORED = "restored"
LOST = "events_dropped"
COME_BACK = f"retry: {RETRY_MILLISECONDS}\n\n".encode()

_ABOUT_THE_STREAM = frozenset({RESTORED, LOST})
_ID = re.compile(r"([0-9a-f]{1,32})-([0-9]{1,18})")


def new_epoch() -> str:
    """What no earlier epoch was called."""
    return secrets.token_hex(6)


@dataclass(frozen=True, slots=True)
class Position:
    """A place in the sequence: the event that was heard last."""

    epoch: str
    number: int

    def __str__(self) -> str:
        return f"{self.epoch}-{self.number}"

    def next(self) -> Position:
        """The place after the next event."""
        return Position(self.epoch, self.number + 1)

    @classmethod
    def of(cls, text: bytes) -> Position | None:
        """From a ``Last-Event-ID``; None without one. What is not one of ours is of no epoch that there ever was."""
        found = _ID.fullmatch(text.decode("latin-1").strip())
        if found:
            return cls(found[1], int(found[2]))
        return cls("", 0) if text else None


@dataclass(frozen=True, slots=True)
class Event:
    """One event on its way to listeners."""

    number: int
    """Its own, or for a word about the stream that of the event before it."""
    frame: bytes
    facts: Facts = FOR_ALL


def numbered(position: Position, message: Message) -> Event:
    """An event of the sequence."""
    return Event(position.number, frame(message, position), facts_of(message, _ABOUT_THE_STREAM))


def frame(message: Message, position: Position | None = None) -> bytes:
    """The event's bytes."""
    lines = [f"event: {message.name}"]
    if position:
        lines.append(f"id: {position}")
    lines += [f"data: {line}" for line in message.data.split("\n")]
    return ("\n".join(lines) + "\n\n").encode("utf-8", "replace")


def connected(position: Position) -> bytes:
    """A listener's first event, as the monitor begins its streams."""
    return frame(_own(CONNECTED, client_id=str(uuid4()), status=CONNECTED), position)


def heartbeat(position: Position) -> Event:
    """Nothing happened, and the stream stands."""
    return aside(_own(HEARTBEAT, timestamp=time.time()), position)


def aside(message: Message, position: Position) -> Event:
    """An event that nobody who comes back gets again."""
    return Event(position.number, frame(message, position))


def reset(reason: str) -> bytes:
    """What follows may have been heard before, and something between may be missing."""
    return frame(_own(RESET, reason=reason))


def restored(since: datetime) -> Message:
    """The monitor's stream stands again; what happened after `since` may be missing."""
    return _own(RESTORED, since=iso(since))


def left_out(count: int) -> Message:
    """So many events were too long to be handed on."""
    return _own(LOST, count=count)


def _own(name: str, **members: object) -> Message:
    return Message(name, json.dumps(members))
