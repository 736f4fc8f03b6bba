"""The gateway's side: the real engine, one tick for each moment that is read from standard input.

``python -m tools.judge.gateway`` reads lines with a time in ISO 8601 and answers each with one line of JSON: the
events that began to fire in that tick, how many messages were put into the outbox, and the alarms that cannot be
evaluated. Its settings are the environment's.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any


class Present:
    """The engine's clock."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.now


def main() -> None:
    """Tick until standard input ends."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "swf_remote.settings")
    import django  # noqa: PLC0415 - the settings above come first

    django.setup()
    for document in _ticks(Present()):
        sys.stdout.write(json.dumps(document) + "\n")
        sys.stdout.flush()


def _ticks(clock: Present) -> Iterator[dict[str, Any]]:
    from swf_remote.alarms.engine.lease import LeaseKeeper  # noqa: PLC0415 - models, after the set-up
    from swf_remote.alarms.engine.running import engine_of  # noqa: PLC0415
    from swf_remote.configuration import configuration  # noqa: PLC0415

    lease = LeaseKeeper("engine", "judge")
    lease.take()
    engine = engine_of(configuration(), lease)
    engine.clock = clock
    for line in sys.stdin:
        clock.now = datetime.fromisoformat(line.strip()).replace(tzinfo=UTC)
        tick = engine.tick()
        yield _seen_at(clock.now) | {"messages": tick.deliveries if tick else 0}


def _seen_at(now: datetime) -> dict[str, Any]:
    from swf_remote.alarms.models import Alarm, Event  # noqa: PLC0415 - models, after the set-up

    fired = Event.objects.filter(fired_at=now).select_related("alarm").order_by("alarm__name", "fingerprint")
    failing = Alarm.objects.filter(failing_since__isnull=False).order_by("name")
    return {
        "fired": [
            {"alarm": one.alarm.name, "fingerprint": one.fingerprint, "subject": one.subject, "detail": one.detail}
            for one in fired
        ],
        "failing": {one.name: one.last_error for one in failing},
    }


if __name__ == "__main__":
    main()
