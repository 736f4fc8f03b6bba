"""The table of alarms on the dashboard: what each watches, how it fares, and how noisy it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from swf_remote.alarms.detecting.registry import all_detectors
from swf_remote.alarms.models import Alarm, Delivery, Event, State

from .noise import Noise
from .spans import MOST_OPEN

PAGE = 25
_SHOWN = (
    "name", "title", "detector", "severity", "enabled", "notify", "every_minutes", "schedule", "created_at",
    "evaluated_for", "failing_since",
)  # fmt: skip
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
_RANKS = {"critical": 2, "warning": 1}
SORTS = ("attention", "name", "severity", "firing", "events", "last", "messages")


@dataclass(frozen=True, slots=True)
class AlarmRow:
    """One alarm."""

    alarm: Alarm
    detector: str
    firing: int
    last: datetime | None
    messages: int
    noise: Noise


@dataclass(frozen=True, slots=True)
class AlarmTable:
    """One page of the table."""

    rows: Sequence[AlarmRow]
    number: int
    page: int = 1
    pages: int = 1
    sort: str = SORTS[0]
    sorts: Sequence[str] = field(default=SORTS)

    @property
    def previous(self) -> int:
        """The page before."""
        return self.page - 1

    @property
    def following(self) -> int:
        """The page after."""
        return self.page + 1


def present_alarms() -> list[Alarm]:
    """All that are not archived."""
    return list(Alarm.objects.filter(archived=False).only(*_SHOWN).order_by("name"))


def alarm_table(
    alarms: Sequence[Alarm], since: datetime, noises: Mapping[str, Noise], *, sort: str, page: int
) -> AlarmTable:
    """The page of the table that is asked for; one beyond the end is the last."""
    firing = _firing()
    facts = {key: (last, messages) for key, last, messages in _facts(since)}
    rows = [
        AlarmRow(
            alarm=alarm,
            detector=_title(alarm.detector),
            firing=firing.get(alarm.pk, 0),
            last=facts.get(alarm.pk, (None, 0))[0],
            messages=facts.get(alarm.pk, (None, 0))[1],
            noise=noises.get(alarm.pk, Noise()),
        )
        for alarm in alarms
    ]
    rows.sort(key=_KEYS[sort])
    pages = max(-(-len(rows) // PAGE), 1)
    page = min(page, pages)
    return AlarmTable(rows[(page - 1) * PAGE : page * PAGE], len(rows), page, pages, sort)


def _title(detector: str) -> str:
    found = all_detectors().get(detector)
    return found.title if found else f"{detector} (not installed)"


def _firing() -> dict[str, int]:
    """How many fire, by alarm."""
    fires: Iterable[str] = Event.objects.filter(state__in=(State.FIRING, State.ACKNOWLEDGED)).values_list(
        "alarm_id", flat=True
    )[:MOST_OPEN]
    counted: dict[str, int] = {}
    for key in fires:
        counted[key] = counted.get(key, 0) + 1
    return counted


def _facts(since: datetime) -> QuerySet[Alarm, tuple[str, datetime | None, int]]:
    """When each fired last, and how many messages it made; one look into an index for each."""
    mine = Event.objects.filter(alarm=OuterRef("pk"), fired_at__isnull=False).order_by("-fired_at")
    made = (
        Delivery.objects.filter(alarm=OuterRef("pk"), subscriber=None, created_at__gte=since).order_by().values("alarm")
    )
    number = made.annotate(number=Count("created_at")).values("number")
    return (
        Alarm.objects.filter(archived=False)
        .annotate(
            last=Subquery(mine.values("fired_at")[:1]),
            messages=Coalesce(Subquery(number, output_field=IntegerField()), 0),
        )
        .order_by()
        .values_list("pk", "last", "messages")
    )


def _recent(row: AlarmRow) -> float:
    return -(row.last or _LONG_AGO).timestamp()


def _attention(row: AlarmRow) -> tuple[Any, ...]:
    rank = -_RANKS.get(row.alarm.severity, 0)
    return (not row.firing, row.alarm.failing_since is None, not row.alarm.enabled, rank, row.alarm.name)


_KEYS: Mapping[str, Any] = {
    "attention": _attention,
    "name": lambda row: row.alarm.name,
    "severity": lambda row: (-_RANKS.get(row.alarm.severity, 0), row.alarm.name),
    "firing": lambda row: (-row.firing, row.alarm.name),
    "events": lambda row: (-row.noise.events, row.alarm.name),
    "last": lambda row: (_recent(row), row.alarm.name),
    "messages": lambda row: (-row.messages, row.alarm.name),
}
