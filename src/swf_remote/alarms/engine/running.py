"""The engine as a process: ticks at each full minute, deliveries beside them, housekeeping in between."""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

from django.db import close_old_connections, connection
from django.utils import timezone

from swf_remote.alarms.delivery import outbox, ping
from swf_remote.alarms.delivery.sending import Outbox
from swf_remote.alarms.inputs.asking import Asker
from swf_remote.alarms.inputs.recordings import WANTED
from swf_remote.alarms.models import Tick
from swf_remote.configuration import Configuration

from .holding import work_while_held
from .housekeeping import tidy
from .lease import LeaseKeeper
from .tick import Engine

LOG = logging.getLogger("swf_remote.alarms")
DELIVERY_PAUSE = 1.0
TIDY_SECONDS = 3600.0
END_SECONDS = 20.0


def process_name() -> str:
    """This process, for people: ``host:4711``."""
    return f"{socket.gethostname()[:80]}:{os.getpid()}"


def engine_of(settings: Configuration, lease: LeaseKeeper) -> Engine:
    """The engine in front of the configured monitor."""
    asker = Asker.of(settings)
    return Engine(
        ask=asker.ask,
        enqueue=outbox.enqueue,
        lease=lease,
        name=process_name(),
        record=asker.recordings.record,
        wanted=WANTED,
        queries_told=asker.told,
    )


def tick_once(settings: Configuration) -> tuple[bool, Tick | None]:
    """One tick now: whether this process got the lease, and what was done; None: no alarm was due.

    Raises:
        LeaseLostError, DatabaseError: as of ``Engine.tick``.
    """
    lease = LeaseKeeper("engine", process_name())
    if not lease.take():
        return False, None
    try:
        with lease.beating():
            return True, _tick(engine_of(settings, lease), settings)
    finally:
        lease.release()


def deliver_now(settings: Configuration) -> bool:
    """Deliver what is due, and wait for the answers; False: another process does it.

    Raises:
        LeaseLostError, DatabaseError: nothing is lost.
    """
    lease = LeaseKeeper("delivery", process_name())
    if not lease.take():
        return False
    sender = Outbox.of(settings)
    try:
        with lease.beating():
            sender.settle(timezone.now(), lease)
    finally:
        sender.close(timezone.now(), END_SECONDS)
        lease.release()
    return True


def run(settings: Configuration, stop: threading.Event) -> None:
    """Tick and deliver until `stop` is set, in turn with engines of other processes and hosts."""
    with ThreadPoolExecutor(1, "alarms-delivery") as beside:
        delivering = beside.submit(_deliver, settings, stop)
        try:
            lease = LeaseKeeper("engine", process_name())
            work_while_held(lease, _Ticking(engine_of(settings, lease), settings).step, stop)
        finally:
            stop.set()
            connection.close()
        delivering.result()


@dataclass(slots=True)
class _Ticking:
    engine: Engine
    settings: Configuration
    tidied_at: float = float("-inf")

    def step(self) -> float:
        """One tick; seconds until the next full minute."""
        close_old_connections()
        _tick(self.engine, self.settings)
        if time.monotonic() - self.tidied_at >= TIDY_SECONDS:
            tidy(self.engine.clock(), self.engine.lease)
            self.tidied_at = time.monotonic()
        return seconds_to_next_minute(self.engine.clock())


def seconds_to_next_minute(now: datetime) -> float:
    """More than 0, at most 60."""
    return 60.0 - (now.second + now.microsecond / 1e6)


def _tick(engine: Engine, settings: Configuration) -> Tick | None:
    tick = engine.tick()
    if tick is not None:
        LOG.info(
            "alarms: tick of %s: %d of %d alarms evaluated, %d failed, %d matches, %d messages",
            f"{tick.slot:%H:%M}", tick.evaluated, tick.due, tick.failed, tick.matches, tick.deliveries,
        )  # fmt: skip
        if settings.alarms_ping_url:
            ping.ping(settings.alarms_ping_url, good=tick.failed == 0)
    return tick


def _deliver(settings: Configuration, stop: threading.Event) -> None:
    lease, sender = LeaseKeeper("delivery", process_name()), Outbox.of(settings)

    def close() -> None:
        sender.close(timezone.now(), END_SECONDS)

    try:
        work_while_held(lease, _delivering(sender, lease), stop, lost=close)
    finally:
        stop.set()  # neither half goes on alone, or it would seem that all works
        close()
        connection.close()


def _delivering(sender: Outbox, lease: LeaseKeeper) -> Callable[[], float]:
    def step() -> float:
        close_old_connections()
        return 0.0 if sender.deliver_due(timezone.now(), lease, DELIVERY_PAUSE) else DELIVERY_PAUSE

    return step
