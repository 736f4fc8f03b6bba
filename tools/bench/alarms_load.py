"""The alarms' engine and pages under load, with their own database: ``python -m tools.bench.alarms_load EVENTS``.

Prints one JSON object: seconds of processor time of ticks, questions asked, milliseconds of pages.
"""

from __future__ import annotations

import json
import os
import random
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

ALARMS = 500
TASKS = 5000
HISTORY_DAYS = 365
PAGES = (
    "alarms/",
    "alarms/events/",
    "alarms/events/?state=resolved&hours=8760",
    "alarms/bench_000/",
    "alarms/history/?task=17",
)
ROUNDS = 5
NOW = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)


def main(arguments: list[str]) -> int:
    """Arguments: how many events of history."""
    with tempfile.TemporaryDirectory(prefix="swf-alarms-") as folder:
        _set_up(Path(folder))
        ticks = _ticks()
        _remember(int(arguments[0]))
        print(json.dumps({**ticks, "pages_ms": _pages()}))
    return 0


def _set_up(folder: Path) -> None:
    for name in [name for name in os.environ if name.startswith("SWF_REMOTE_")]:
        del os.environ[name]
    os.environ.update(
        DJANGO_SETTINGS_MODULE="swf_remote.settings",
        SWF_REMOTE_SECRET_KEY="bench-only-not-a-secret-of-anything-0123456789",
        SWF_REMOTE_PUBLIC_URL="http://127.0.0.1/prod",
        SWF_REMOTE_ALLOWED_HOSTS="127.0.0.1,testserver",
        SWF_REMOTE_MONITOR_URL="http://127.0.0.1:9/swf-monitor",
        SWF_REMOTE_DB_NAME=str(folder / "gateway.sqlite3"),
        SWF_REMOTE_LOG_LEVEL="error",
    )
    import django  # noqa: PLC0415 - the settings come first
    from django.core.management import call_command  # noqa: PLC0415

    django.setup()
    call_command("migrate", verbosity=0, skip_checks=True)


class _World:
    """Tasks of which one in a hundred fails, more or less from tick to tick."""

    def __init__(self) -> None:
        self.now = NOW
        self.asked = 0
        self._chance = random.Random(5)
        self._failed = [self._chance.choice([0] * 99 + [40]) for _ in range(TASKS)]

    def ask(self, queries: Collection[Any], now: datetime) -> Mapping[Any, Any]:
        """All tasks, however many alarms want them."""
        self.asked += len(queries)
        tasks = tuple(self._task(number, failed, now) for number, failed in enumerate(self._failed))
        return dict.fromkeys(queries, tasks)

    def change(self) -> None:
        """A tenth of those that fail fails otherwise."""
        self.now += timedelta(minutes=5)
        self._failed = [
            self._chance.choice([30, 40, 50]) if one and self._chance.random() < 0.1 else one for one in self._failed
        ]

    def _task(self, number: int, failed: int, now: datetime) -> Any:
        from swf_remote.alarms.inputs.items import Task  # noqa: PLC0415

        return Task(
            jeditaskid=number, taskname=f"epic.26.11.1.task{number}", status="running", username=f"user{number % 40}",
            workinggroup="EIC", processingtype="epicproduction", site=f"SITE_{number % 20}", modified=now, created=now,
            started=now, nactive=10, nfinished=100 - failed, nfailed=failed, nrunning=10, nretries=0,
            nfinalfailed=failed, nfilesfinished=100 - failed, failure_rate=failed / 100,
            final_failure_rate=failed / 100, progress=50,
        )  # fmt: skip


def _ticks() -> dict[str, float]:
    from swf_remote.alarms.configuring import save_alarm  # noqa: PLC0415
    from swf_remote.alarms.delivery.outbox import enqueue  # noqa: PLC0415
    from swf_remote.alarms.engine.lease import LeaseKeeper  # noqa: PLC0415
    from swf_remote.alarms.engine.tick import Engine  # noqa: PLC0415
    from swf_remote.alarms.models import Alarm  # noqa: PLC0415

    Alarm.objects.all().delete()
    for number in range(ALARMS):
        made = Alarm(
            name=f"bench_{number:03}", title="Bench", detector="task_failure_ratio", recipients="a@lab.example"
        )
        made.parameters = {
            "threshold": round(0.05 + 0.0002 * number, 4),
            "username": f"user{number % 40}" if number % 2 else "",
        }
        save_alarm(made, "bench", NOW)
    world, found = _World(), {}
    lease = LeaseKeeper("engine", "bench")
    lease.take()
    engine = Engine(
        ask=world.ask, enqueue=enqueue, lease=lease, name="bench", record=lambda *_: None, clock=lambda: world.now
    )
    for name in ("first", "changed", "again"):
        begin = time.process_time()
        tick = engine.tick()
        assert tick is not None
        assert tick.evaluated == ALARMS
        found[f"{name}_s"] = time.process_time() - begin
        found["matches"] = tick.matches
        world.change()
    return {**found, "asked_a_tick": world.asked / 3}


def _remember(count: int) -> None:
    """So many events of the past, evenly over a year and all alarms."""
    from swf_remote.alarms.models import Alarm, Event  # noqa: PLC0415

    alarms = list(Alarm.objects.values_list("pk", "name"))

    def events() -> Iterator[Event]:
        for number in range(count):
            key, name = alarms[number % ALARMS]
            fired = NOW - timedelta(days=HISTORY_DAYS * (number + 1) / count)
            subject = number % TASKS
            yield Event(
                id=str(uuid.UUID(int=number)), alarm_id=key, fingerprint=f"task:{subject}", state="resolved",
                severity="warning", subject=f"task {subject} final-failure rate 40.0% - epic.26.11.1.{subject}",
                detail="Jobs: many", labels={"task": str(subject), "alarm": name}, values={"metric": "40 % ≥ 5 %"},
                first_values={}, first_seen=fired, last_seen=fired, fired_at=fired, notified_at=fired,
                notified_clear=True, resolved_at=fired + timedelta(minutes=30), resolution="It matches no more.",
            )  # fmt: skip

    batch: list[Event] = []
    for event in events():
        batch.append(event)
        if len(batch) == 5000:
            Event.objects.bulk_create(batch)
            batch = []
    Event.objects.bulk_create(batch)


def _pages() -> dict[str, float]:
    """Milliseconds of each page, median of some, in the process that has the engine's rows and the history."""
    from django.test import Client  # noqa: PLC0415

    client = Client()
    return {page: _median(lambda page=page: _got(client, f"/prod/{page}")) for page in PAGES}


def _median(do: Callable[[], None]) -> float:
    spent = []
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        do()
        spent.append((time.perf_counter() - begin) * 1000)
    return statistics.median(spent)


def _got(client: Any, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200, (path, answer.status_code)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
