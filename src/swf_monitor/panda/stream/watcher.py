"""Asks the database once a second what changed, as long as somebody listens.

The reading happens in a thread. A database that cannot be read is logged once and asked again with growing pauses;
when it answers again, what was missed meanwhile is told.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from swf_monitor.panda.database import snapshot
from swf_monitor.panda.stream.changes import ChangeReader
from swf_monitor.panda.stream.events import Event
from swf_monitor.panda.stream.hub import Publish, Ready

PERIOD: Final = 1.0
LONGEST_PAUSE: Final = 30.0

_log = logging.getLogger(__name__)


async def watch(publish: Publish, ready: Ready) -> None:
    """Publish changes until cancelled; `ready` is called after the first attempt to read."""
    reader = ChangeReader()
    pause = PERIOD
    while True:
        try:
            events = await asyncio.to_thread(_read, reader)
        except SQLAlchemyError as problem:
            if pause == PERIOD:
                _log.warning("PanDA database not readable, events pause: %s", type(problem).__name__)
            pause = min(2 * pause, LONGEST_PAUSE)
        else:
            pause = PERIOD
            for event in events:
                publish(event)
        ready()
        await asyncio.sleep(pause)


def _read(reader: ChangeReader) -> list[Event]:
    with snapshot() as connection:
        return reader.read(connection)
