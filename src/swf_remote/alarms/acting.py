"""What people do to events and silences. Each step is checked, done once, and written down with who did it."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from .models import Change, Event, Silence, State
from .routing.matchers import MatcherError, read_matchers

LONGEST_NOTE = 4000
LONGEST_SILENCE = timedelta(days=90)


class RefusedActionError(Exception):
    """It cannot be done; says why, for the one who asked."""


def acknowledge(event_id: str, by: str, now: datetime, note: str = "") -> Event:
    """Say that somebody looks after it: nobody is told of it again while it fires. Twice is as good as once.

    Raises:
        Event.DoesNotExist: there is none.
        RefusedActionError: it does not fire.
    """
    with transaction.atomic():
        event = _locked(event_id)
        if event.state == State.ACKNOWLEDGED:
            return event
        if event.state != State.FIRING:
            raise RefusedActionError(f"Only an event that fires can be acknowledged; this one is {event.state}.")
        event.state, event.acknowledged_by, event.acknowledged_at = State.ACKNOWLEDGED, by, now
        event.unacknowledged_since = None
        event.save(update_fields=["state", "acknowledged_by", "acknowledged_at", "unacknowledged_since"])
        _write(event, State.ACKNOWLEDGED, by, now, note)
    return event


def withdraw_acknowledgement(event_id: str, by: str, now: datetime) -> Event:
    """Let it be told again, from the next window on; until it is escalated, the whole time has to pass once more.

    Raises:
        Event.DoesNotExist: there is none.
        RefusedActionError: it is not acknowledged.
    """
    with transaction.atomic():
        event = _locked(event_id)
        if event.state != State.ACKNOWLEDGED:
            raise RefusedActionError(f"It is not acknowledged; it is {event.state}.")
        event.state, event.acknowledged_by, event.acknowledged_at = State.FIRING, "", None
        event.unacknowledged_since = now if event.notified_at is not None else None
        event.save(update_fields=["state", "acknowledged_by", "acknowledged_at", "unacknowledged_since"])
        _write(event, "unacknowledged", by, now)
    return event


def assign(event_id: str, assignee: str, by: str, now: datetime) -> Event:
    """Give it to somebody; an empty name: to nobody.

    Raises:
        Event.DoesNotExist: there is none.
        RefusedActionError: it is over, or the name is too long.
    """
    if len(assignee) > 150 or not assignee.isprintable():
        raise RefusedActionError("A name has at most 150 printable characters.")
    with transaction.atomic():
        event = _locked(event_id)
        if event.state == State.RESOLVED:
            raise RefusedActionError("It is over; nobody has to look after it any more.")
        if event.assignee != assignee:
            event.assignee = assignee
            event.save(update_fields=["assignee"])
            _write(event, "assigned", by, now, assignee or "nobody")
    return event


def note(event_id: str, text: str, by: str, now: datetime) -> Event:
    """Add a note, at any time.

    Raises:
        Event.DoesNotExist: there is none.
        RefusedActionError: it is empty or too long.
    """
    words = text.strip()
    if not 1 <= len(words) <= LONGEST_NOTE:
        raise RefusedActionError(f"A note has 1 to {LONGEST_NOTE} characters; this one has {len(words)}.")
    with transaction.atomic():
        event = _locked(event_id)
        _write(event, "note", by, now, words)
    return event


def silence(matchers: str, reason: str, ends_at: datetime, by: str, now: datetime) -> Silence:
    """Tell nobody of matching events until then; they are recorded all the same.

    Raises:
        RefusedActionError: the matchers are none or empty, there is no reason, or the end is past or too far away.
    """
    try:
        read = read_matchers(matchers)
    except MatcherError as error:
        raise RefusedActionError(f"These are no matchers: {error}") from None
    if not read.all:
        raise RefusedActionError("Without a matcher nobody would be told of anything; name at least one label.")
    if not 1 <= len(reason.strip()) <= 500:
        raise RefusedActionError("A silence needs a reason of 1 to 500 characters.")
    if not now < ends_at <= now + LONGEST_SILENCE:
        raise RefusedActionError(f"A silence ends in the future, at most {LONGEST_SILENCE.days} days from now.")
    return Silence.objects.create(
        matchers=matchers.strip(), reason=reason.strip(), starts_at=now, ends_at=ends_at, created_by=by
    )


def end_silence(silence_id: str, now: datetime) -> Silence:
    """End it now; one that is over stays as it is.

    Raises:
        Silence.DoesNotExist: there is none.
    """
    with transaction.atomic():
        found = Silence.objects.select_for_update().get(pk=silence_id)
        if found.ends_at > now:
            found.ends_at = max(now, found.starts_at)
            found.save(update_fields=["ends_at"])
    return found


def _locked(event_id: str) -> Event:
    return Event.objects.select_for_update().get(pk=event_id)


def _write(event: Event, what: str, by: str, now: datetime, text: str = "") -> None:
    Change.objects.create(event=event, at=now, what=what, by=by, text=text[:LONGEST_NOTE])
