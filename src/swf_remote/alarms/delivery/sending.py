"""The outbox's other end: what is due goes out, several at once, and what became of it is written down.

All work with the database is done in the caller's thread; each attempt runs in a thread of its own, which knows no
database. An exception of the database or of the hold leaves everything as the tables say; the next call goes on from
there, and outcomes that are known and not written down yet are kept until they are.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from swf_remote.alarms.models import Channel
from swf_remote.configuration import Configuration

from . import recording
from .allowed import read_allowed
from .folder import MailFolder
from .recording import Begun, Hold
from .smtp import MailServer
from .transports import Parcel, Result, Transport
from .webhook import Webhooks
from .wording import one_line

LOG = logging.getLogger("swf_remote.alarms")
AT_ONCE = 8
PATIENCE_SECONDS = 15.0
_LOOK_SECONDS = 0.1
_USUAL_PORTS = {"starttls": 587, "tls": 465, "off": 25}
_LONGEST_WORDS = 300


@dataclass(frozen=True, slots=True)
class _Landing:
    """An attempt that was made."""

    begun: Begun
    result: Result | BaseException
    seconds: float


class Outbox:
    """Sends what is due. One thread calls it, and only while its process holds the lease of deliveries.

    A way never takes all the room, and a webhook one attempt at a time: who answers slowly holds up nobody else.

    What another process was sending is taken up after a while. If that process lives, and could not write down what it
    knows because the database was gone, it has the time to do so.
    """

    def __init__(
        self, transports: Mapping[str, Transport], at_once: int = AT_ONCE, patience: float = PATIENCE_SECONDS
    ) -> None:
        """`transports`: by channel; `at_once`: most attempts at the same time; `patience`: seconds left to others."""
        self._transports = transports
        self._patience = patience
        self._left_behind: dict[tuple[str, int], float] = {}
        self._room = -(-at_once // max(len(transports), 1))
        self._air: dict[str, Begun] = {}
        self._landed: queue.SimpleQueue[_Landing] = queue.SimpleQueue()
        self._unwritten: list[_Landing] = []

    @classmethod
    def of(cls, settings: Configuration) -> Outbox:
        """The one that these settings describe."""
        hooks = Webhooks(read_allowed(settings.webhook_hosts), settings.webhook_secret)
        return cls({Channel.MAIL: _mail(settings), Channel.WEBHOOK: hooks})

    def deliver_due(self, now: datetime, hold: Hold, wait: float = 1.0) -> bool:
        """Write down what ended, begin what is due, and wait a little for ends; to be called again and again.

        Args:
            now: the time.
            hold: whether this process may begin work.
            wait: most seconds to wait; the lease has to be kept alive meanwhile.

        Returns:
            whether anything began or ended.

        Raises:
            LeaseLostError, DatabaseError: nothing is lost; call again when it is over.
        """
        ended = self._write_down(now)
        self._take_up(now, hold)
        begun = self._begin(now, hold)
        if self._air:
            self._await(wait)
        return self._write_down(now) or ended or begun

    def settle(self, now: datetime, hold: Hold) -> None:
        """Send all that is due now, and wait until it is known what became of it.

        Raises:
            LeaseLostError, DatabaseError: as above.
        """
        while self.deliver_due(now, hold) or self._air or self._left_behind:
            if self._left_behind and not self._air:
                time.sleep(_LOOK_SECONDS)

    def close(self, now: datetime, seconds: float) -> None:
        """Wait for what is under way, but no longer than so many seconds; what ends later will be taken up again.

        Raises:
            DatabaseError: what ended is not written down.
        """
        end = time.monotonic() + seconds
        while self._air and time.monotonic() < end:
            self._await(max(end - time.monotonic(), 0))
            self._write_down(now)

    def _take_up(self, now: datetime, hold: Hold) -> None:
        moment = time.monotonic()
        found = recording.left_behind(self._air)
        self._left_behind = {one: self._left_behind.get(one, moment) for one in found}
        left = [one[0] for one, since in self._left_behind.items() if moment - since >= self._patience]
        if left:
            recording.take_up(now, hold, left)
            self._left_behind = {one: since for one, since in self._left_behind.items() if one[0] not in left}

    def _begin(self, now: datetime, hold: Hold) -> bool:
        has_begun = False
        while (begun := self._next(now, hold)) is not None:
            self._air[begun.parcel.id] = begun
            name = f"alarms-{begun.channel}"
            threading.Thread(target=self._fly, args=(begun,), name=name, daemon=True).start()
            has_begun = True
        return has_begun

    def _next(self, now: datetime, hold: Hold) -> Begun | None:
        taken = [one.channel for one in self._air.values()]
        free = [channel for channel in self._transports if taken.count(channel) < self._room]
        busy = {one.parcel.destinations[0] for one in self._air.values() if one.channel == Channel.WEBHOOK}
        return recording.begin_next(now, hold, free, busy, self._air) if free else None

    def _fly(self, begun: Begun) -> None:
        start = time.perf_counter()
        result: Result | BaseException
        try:
            result = self._transports[begun.channel].deliver(begun.parcel)
        except Exception as error:
            LOG.exception("alarms: delivery %s by %s failed", begun.parcel.id, begun.channel)
            result = Result(detail=one_line(f"{type(error).__name__}: {error}", _LONGEST_WORDS))
        except BaseException as error:
            # For the thread that calls us, which is to end by it.
            result = error
        self._landed.put(_Landing(begun, result, time.perf_counter() - start))

    def _await(self, seconds: float) -> None:
        with suppress(queue.Empty):
            self._unwritten.append(self._landed.get(timeout=seconds))

    def _write_down(self, now: datetime) -> bool:
        while not self._landed.empty():
            self._unwritten.append(self._landed.get())
        ended = bool(self._unwritten)
        while self._unwritten:
            landing = self._unwritten[0]
            if isinstance(landing.result, BaseException):
                raise landing.result
            recording.note(landing.begun, landing.result, landing.seconds, now)
            del self._unwritten[0]
            del self._air[landing.begun.parcel.id]
        return ended


class NoMailServer:
    """A ``Transport`` where nobody set one: messages wait, and say why."""

    def deliver(self, parcel: Parcel) -> Result:  # noqa: ARG002
        """See ``Transport``."""
        return Result(detail="No mail server is set (SWF_REMOTE_EMAIL_HOST or SWF_REMOTE_EMAIL_FOLDER).")


def _mail(settings: Configuration) -> Transport:
    if settings.email_folder is not None:
        return MailFolder(settings.email_folder)
    if not settings.email_host:
        return NoMailServer()
    return MailServer(
        host=settings.email_host,
        port=settings.email_port or _USUAL_PORTS[settings.email_tls],
        tls=settings.email_tls,
        hello=urlsplit(settings.public_address).hostname or "localhost",
        user=settings.email_user,
        password=settings.email_password,
    )
