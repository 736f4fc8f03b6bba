"""A sign of life for a watcher outside: who hears nothing for too long raises the alarm that we cannot raise."""

from __future__ import annotations

import logging
import threading
from http.client import HTTPException

from .connecting import Asking, anywhere
from .formats import shown

LOG = logging.getLogger("swf_remote.alarms")
SECONDS = 5.0


def ping(url: str, good: bool = True) -> None:
    """Ask for `url` after a good tick, and for `url` with ``/fail`` after a bad one; empty: nothing.

    Takes at most `SECONDS`. Failures are logged and not raised: what the watcher does not hear is its alarm.
    """
    if not url:
        return
    address = url if good else f"{url.rstrip('/')}/fail"
    # A resolver has time-outs of its own, which may be longer.
    thread = threading.Thread(target=_ask, args=(address,), name="alarms-ping", daemon=True)
    thread.start()
    thread.join(SECONDS)
    if thread.is_alive():
        LOG.warning("alarms: no answer from the watcher at %s in %g s", shown(url), SECONDS)


def _ask(url: str) -> None:
    try:
        answer = Asking(SECONDS, anywhere).ask("GET", url, {"User-Agent": "swf-remote-alarms", "Connection": "close"})
    except (OSError, HTTPException, ValueError) as error:
        LOG.warning("alarms: the watcher at %s was not told: %s", shown(url), type(error).__name__)
        return
    if not 200 <= answer.status < 300:
        LOG.warning("alarms: the watcher at %s answered %d", shown(url), answer.status)
