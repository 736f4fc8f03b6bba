"""Doing a work for as long as this process holds its lease, and trying to get it otherwise."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from django.db import DatabaseError, connection

from .lease import LeaseKeeper, LeaseLostError

LOG = logging.getLogger("swf_remote.alarms")
TRY_SECONDS = 5.0
Step = Callable[[], float]
"""Does one piece of the work; seconds until the next."""


def work_while_held(
    lease: LeaseKeeper, step: Step, stop: threading.Event, lost: Callable[[], None] = lambda: None
) -> None:
    """Return once `stop` is set; whatever the database does, the work goes on when it answers again.

    Args:
        lease: says whether this process may work.
        step: the work.
        stop: ends it.
        lost: called when another process has taken the lease.
    """
    while not stop.is_set():
        try:
            if lease.take():
                LOG.info("alarms: lease %s is held here", lease.name)
                _work(lease, step, stop, lost)
        except LeaseLostError:
            LOG.warning("alarms: lease %s went to another process", lease.name)
        except DatabaseError as error:
            LOG.warning("alarms: the database does not answer, lease %s waits: %s", lease.name, error)
            connection.close()
        stop.wait(TRY_SECONDS)


def _work(lease: LeaseKeeper, step: Step, stop: threading.Event, lost: Callable[[], None]) -> None:
    try:
        with lease.beating():
            while lease.held and not stop.is_set():
                stop.wait(step())
    finally:
        if not lease.held:
            lost()
    lease.release()
