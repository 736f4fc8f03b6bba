"""One alarm, one tick: who is told of which events. One transaction puts the message into the outbox and notes that.

It goes by what the tables say and not by what has just happened, so that a tick that died between evaluation and this
is made up for by the next.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from django.db import transaction
from django.db.models import Max, Q

from swf_remote.alarms.models import Alarm, Change, Delivery, Evaluation, Event, State, Tick
from swf_remote.alarms.routing.news import News
from swf_remote.alarms.routing.notice import FLAPPING_WINDOW, Candidate, Notice, decide
from swf_remote.alarms.routing.quiet import Quiet
from swf_remote.web.moments import duration

from .present import Present

NOBODY = "Nobody is named to be told."
_FIRES = Q(state__in=(State.FIRING, State.ACKNOWLEDGED))
_OVER = Q(state=State.RESOLVED, notified_at__isnull=False, notified_clear=False)


class Enqueue(Protocol):
    """Puts the messages of one alarm into the outbox, inside the caller's transaction."""

    def __call__(self, alarm: Alarm, tick: Tick, news: News, now: datetime) -> Sequence[Delivery]: ...


def tell(alarm: Alarm, slot: datetime, present: Present, quiet: Quiet, enqueue: Enqueue) -> int:
    """Tell the alarm's people what there is to tell; the number of messages.

    Raises:
        LeaseLostError, DatabaseError: nothing was written.
    """
    tick, now = present.tick, present.now
    with transaction.atomic():
        present.lease.check()
        ahead = slot + timedelta(minutes=alarm.every_minutes)
        untold = Q(told_for=None) | Q(told_for__lt=slot) | Q(told_for__gt=ahead)
        if not Alarm.objects.filter(untold, pk=alarm.pk).update(told_for=slot):
            return 0
        if not alarm.notify:
            alarm.events.filter(_OVER).update(notified_clear=True)
            return 0
        if not _may_be_told(alarm, now):
            return 0
        events = _events(alarm, now)
        held_back = {key for key, event in events.items() if quiet and quiet.holds_back(event.labels)}
        notice = decide(
            _candidates(alarm, events, held_back, now),
            now,
            renotify=alarm.renotify,
            tell_cleared=alarm.tell_cleared,
            escalate=alarm.escalate,
        )
        _forget_clears(events.values())
        if not notice:
            return 0
        news = _news(notice, events, held_back)
        deliveries = enqueue(alarm, tick, news, now)
        _note(alarm, tick, news, now, deliveries)
    return len(deliveries)


def _may_be_told(alarm: Alarm, now: datetime) -> bool:
    """Whether it is worth looking closer: mostly all was told before, and not long ago."""
    ripe = Q(notified_at=None) | Q(notified_at__gt=now)
    if alarm.renotify is not None:
        ripe |= Q(notified_at__lte=now - alarm.renotify)
    if alarm.escalate is not None:
        late = Q(unacknowledged_since__lte=now - alarm.escalate) | Q(unacknowledged_since__gt=now)
        ripe |= Q(escalated_at=None) & late
    return alarm.events.filter(_OVER).exists() or alarm.events.filter(_FIRES & ripe).exists()


def _events(alarm: Alarm, now: datetime) -> dict[str, Event]:
    """Those that fire, and those that are over and of whose end nobody was told; oldest first, without evidence."""
    found: list[Event] = []
    for part in (_FIRES, _OVER):  # each has an index of its own
        found += alarm.events.filter(part).defer("subject", "detail", "values", "first_values", "links", "imported")
    found.sort(key=lambda event: (event.fired_at or event.first_seen, event.pk))
    # A clock that was put back must not make anybody wait until the old time comes again.
    for name in ("notified_at", "unacknowledged_since"):
        ahead = [event for event in found if (at := getattr(event, name)) is not None and at > now]
        for event in ahead:
            setattr(event, name, now)
        Event.objects.bulk_update(ahead, [name])
    return {event.pk: event for event in found}


def _candidates(alarm: Alarm, events: Mapping[str, Event], held_back: set[str], now: datetime) -> Iterable[Candidate]:
    flapping = {event.fingerprint for event in events.values() if event.flapping and event.notified_at is None}
    earlier = alarm.events.filter(fingerprint__in=flapping, notified_at__gt=now - FLAPPING_WINDOW)
    last = dict(earlier.values_list("fingerprint").annotate(Max("notified_at"))) if flapping else {}
    for key, event in events.items():
        yield Candidate(
            id=key,
            fired_at=event.fired_at or event.first_seen,
            notified_at=event.notified_at,
            told_before=last.get(event.fingerprint),
            resolved=event.state == State.RESOLVED,
            acknowledged=event.state == State.ACKNOWLEDGED,
            flapping=event.flapping,
            held_back=key in held_back,
            unacknowledged_since=event.unacknowledged_since,
            escalated=event.escalated_at is not None,
        )


def _forget_clears(events: Iterable[Event]) -> None:
    """Ends are told in the tick that sees them, or never."""
    over = [event.pk for event in events if event.state == State.RESOLVED]
    if over:
        Event.objects.filter(pk__in=over).update(notified_clear=True)


def _news(notice: Notice, events: Mapping[str, Event], held_back: set[str]) -> News:
    whole = Event.objects.in_bulk([*notice.new, *notice.continuing, *notice.cleared, *notice.escalated])
    return News(
        new=[whole[key] for key in notice.new],
        continuing=[whole[key] for key in notice.continuing],
        cleared=[whole[key] for key in notice.cleared],
        escalated=[whole[key] for key in notice.escalated],
        acknowledged=sum(event.state == State.ACKNOWLEDGED for event in events.values()),
        silenced=len(held_back),
    )


def _note(alarm: Alarm, tick: Tick, news: News, now: datetime, deliveries: Sequence[Delivery]) -> None:
    said = {name: [event.pk for event in getattr(news, name)] for name in ("new", "continuing", "cleared", "escalated")}
    fires = [*said["new"], *said["continuing"]]
    Event.objects.filter(pk__in=fires).update(notified_at=now)
    Event.objects.filter(pk__in=said["new"]).update(unacknowledged_since=now)
    Event.objects.filter(pk__in=said["escalated"]).update(escalated_at=now)
    told = "" if any(not one.escalation for one in deliveries) else NOBODY
    escalated = "" if any(one.escalation for one in deliveries) else NOBODY
    Change.objects.bulk_create(
        [Change(event_id=key, at=now, what="told", text=told) for key in (*fires, *said["cleared"])]
        + [
            Change(event=event, at=now, what="escalated", text=_waited(event, now, escalated))
            for event in news.escalated
        ]
    )
    Evaluation.objects.update_or_create(tick=tick, alarm=alarm, defaults=said, create_defaults={"at": now, **said})


def _waited(event: Event, now: datetime, more: str) -> str:
    since = event.unacknowledged_since or now
    return f"Nobody has acknowledged it for {duration(now - since)}. {more}".strip()
