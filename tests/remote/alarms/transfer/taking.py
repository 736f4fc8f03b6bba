"""Taking over tables of today's alarms in tests, and what is here afterwards."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from swf_remote.alarms.models import Alarm, AlarmVersion, Change, Evaluation, Event, Team, TeamVersion, Tick
from swf_remote.alarms.transfer.today import Report, open_source, take_over
from tests.remote.alarms.transfer import today_tables as today
from tests.remote.alarms.transfer.today_tables import Rows

NOW = datetime(2026, 11, 29, 8, 0, tzinfo=UTC)
Written = Callable[[Rows, Path], str]
FORMS: dict[str, Written] = {"sqlite": today.as_sqlite, "copy": today.as_copy, "jsonl": today.as_json_lines}


def take(where: str, **options: Any) -> Report:
    """Take over what is at this address or in this file."""
    with open_source(where) as source:
        return take_over(source, now=NOW, **options)


def rows_here() -> list[int]:
    """How many rows each table has."""
    tables: tuple[Any, ...] = (Alarm, AlarmVersion, Team, TeamVersion, Event, Change, Tick, Evaluation)
    return [table.objects.count() for table in tables]
