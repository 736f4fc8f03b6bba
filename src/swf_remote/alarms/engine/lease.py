"""One worker at a time, on any number of hosts, without trust in anybody's wall clock.

The holder raises the row's beat every few seconds. Another process takes the lease only after it has itself seen the
same beat for `STALE_SECONDS` by its own monotonic clock, or when the holder gave it back. Each holder has a higher
token; every transaction of a holder first locks the row and compares the token, so one that was paused and has lost the
lease changes nothing more.

A claim that the holder commits raises the beat too. So whatever takes less than `STALE_SECONDS` after it is over before
anybody else can begin.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import DatabaseError, connection, transaction
from django.db.models import F
from django.utils import timezone

from swf_remote.alarms.models import Lease

LOG = logging.getLogger("swf_remote.alarms")
STALE_SECONDS = 45.0
BEAT_SECONDS = 5.0


class LeaseLostError(Exception):
    """Another process does the work now; what was begun is to be left."""


class LeaseKeeper:
    """This process's view of one lease."""

    def __init__(self, name: str, holder: str, monotonic: Callable[[], float] = time.monotonic) -> None:
        """`holder`: who this process is, for people, such as ``host:pid``."""
        self.name, self._holder, self._monotonic = name, holder, monotonic
        self._seen: tuple[int, int] | None = None
        self._seen_since = 0.0
        self._token: int | None = None

    @property
    def held(self) -> bool:
        """Whether it was held when this process last looked."""
        return self._token is not None

    def take(self) -> bool:
        """Take it if it is free or its holder is dead; False: somebody else works.

        Raises:
            DatabaseError: the database does not answer.
        """
        if self._token is not None:
            return True
        with transaction.atomic():
            row = _locked(self.name) or Lease.objects.create(name=self.name)
            if row.holder and not self._is_dead(row):
                return False
            row.holder, row.token, row.beat, row.renewed_at = self._holder, row.token + 1, row.beat + 1, timezone.now()
            row.save()
        self._token, self._seen = row.token, None
        return True

    def check(self) -> None:
        """Inside a transaction: make sure that it is still held until the end of the transaction.

        Raises:
            LeaseLostError: it is not.
        """
        row = _locked(self.name)
        if self._token is None or row is None or row.token != self._token:
            self._token = None
            raise LeaseLostError(self.name)
        self._raise_beat()

    def beat(self) -> None:
        """Say that this process lives.

        Raises:
            LeaseLostError: it is not held any more.
            DatabaseError: the database does not answer; the lease may still be held.
        """
        if not self._raise_beat():
            self._token = None
            raise LeaseLostError(self.name)

    def release(self) -> None:
        """Give it back, so that others need not wait.

        Raises:
            DatabaseError: the database does not answer.
        """
        token, self._token = self._token, None
        if token is not None:
            Lease.objects.filter(name=self.name, token=token).update(holder="")

    @contextmanager
    def beating(self) -> Iterator[None]:
        """Beat in a thread of its own for as long as the block runs."""
        done = threading.Event()
        thread = threading.Thread(target=self._beat_until, args=(done,), name=f"lease-{self.name}", daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()

    def _beat_until(self, done: threading.Event) -> None:
        try:
            while not done.wait(BEAT_SECONDS):
                try:
                    self.beat()
                except LeaseLostError:
                    return
                except DatabaseError as error:
                    LOG.warning("alarms: no beat of lease %s: %s", self.name, error)
                    connection.close()
        finally:
            connection.close()

    def _raise_beat(self) -> bool:
        if self._token is None:
            return False
        mine = Lease.objects.filter(name=self.name, token=self._token)
        return bool(mine.update(beat=F("beat") + 1, renewed_at=timezone.now()))

    def _is_dead(self, row: Lease) -> bool:
        seen = (row.token, row.beat)
        if seen != self._seen:
            self._seen, self._seen_since = seen, self._monotonic()
        return self._monotonic() - self._seen_since >= STALE_SECONDS


def _locked(name: str) -> Lease | None:
    return Lease.objects.select_for_update().filter(name=name).first()
