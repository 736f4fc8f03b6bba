"""What the tables say of a delivery before, during and after an attempt. One transaction each.

Before anything goes out the delivery is ``sending`` and the attempt is written down; what became of it is written down
afterwards. Where a process dies in between, the delivery stays ``sending`` until somebody takes it up again.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import NamedTuple, Protocol

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.db.models.lookups import IsNull

from swf_remote.alarms.models import Attempt, Channel, Delivery, Outcome

from .backoff import LONGEST, MOST_ATTEMPTS, wait_after
from .transports import Parcel, Result

LOG = logging.getLogger("swf_remote.alarms")
SENDING, INTERRUPTED = "sending", "interrupted"
_LONGEST_DETAIL = 2000


class Hold(Protocol):
    """Says, inside a transaction, whether this process may begin work until its end."""

    def check(self) -> None:
        """Raises what ends the transaction, if it may not."""


class Begun(NamedTuple):
    """An attempt that is written down and not made yet."""

    parcel: Parcel
    channel: str
    attempt: int


def begin_next(
    now: datetime, hold: Hold, channels: Collection[str], busy: Collection[str], flying: Collection[str]
) -> Begun | None:
    """Write down the attempt at the delivery that waited longest; None: none is due.

    Args:
        now: the time.
        hold: asked before anything is written.
        channels: ways that have room.
        busy: webhooks that are being talked to.
        flying: deliveries whose outcome is known here and not written down yet.
    """
    if not _due(now, channels, busy, flying).exists():
        return None
    with transaction.atomic():
        hold.check()
        row = _due(now, channels, busy, flying).select_for_update().first()
        if row is None:
            return None
        row.outcome, row.attempts_made = Outcome.SENDING, row.attempts_made + 1
        row.save(update_fields=["outcome", "attempts_made"])
        attempt = Attempt.objects.create(delivery=row, at=now, outcome=SENDING)
    parcel = Parcel(row.pk, tuple(row.destinations), row.subject, row.content, row.created_at)
    return Begun(parcel, row.channel, attempt.pk)


def left_behind(flying: Collection[str]) -> set[tuple[str, int]]:
    """Deliveries that somebody else began to send, each with the number of the attempt.

    Args:
        flying: deliveries that this process is sending.
    """
    left = Delivery.objects.filter(outcome=Outcome.SENDING).exclude(pk__in=list(flying))
    return set(left.order_by().values_list("pk", "attempts_made"))


def take_up(now: datetime, hold: Hold, left: Collection[str]) -> None:
    """Let go again what somebody was sending who is not there any more.

    Args:
        now: the time.
        hold: asked before anything is written; nobody else begins to send while it is held.
        left: the deliveries.
    """
    with transaction.atomic():
        hold.check()
        rows = list(Delivery.objects.filter(pk__in=list(left), outcome=Outcome.SENDING).select_for_update())
        for row in rows:
            row.attempts.filter(outcome=SENDING).update(
                outcome=INTERRUPTED, detail="The sender stopped before it knew; it may have been taken."
            )
            row.outcome, row.next_attempt_at = Outcome.WAITING, now
            _finish(row, now)
            row.save()
    for row in rows:
        LOG.warning("alarms: delivery %s was interrupted and goes again", row.pk)


def note(begun: Begun, result: Result, seconds: float, now: datetime) -> None:
    """Write down what became of an attempt.

    This needs no hold: it is true, whoever works now. If the delivery was begun again meanwhile, only what is certain
    is taken over, which is who has it.
    """
    with transaction.atomic():
        row = Delivery.objects.select_for_update().filter(pk=begun.parcel.id).first()
        if row is None:
            return
        words = _outcome_of(begun.parcel, result)
        Attempt.objects.filter(pk=begun.attempt).update(
            outcome=words, detail=result.detail[:_LONGEST_DETAIL], duration_ms=seconds * 1000
        )
        if row.outcome in (Outcome.SENT, Outcome.DEAD):
            return
        _take_over(row, result)
        if not row.attempts.filter(pk__gt=begun.attempt).exists():
            wait = wait_after(row.attempts_made, result.wait, has_come_on=bool(result.reached))
            row.outcome, row.next_attempt_at = Outcome.WAITING, now + wait
            if row.attempts_made >= MOST_ATTEMPTS:
                row.outcome, row.finished_at = Outcome.DEAD, now
            _finish(row, now)
        row.save()
    _tell(row, result, words)


def _due(
    now: datetime, channels: Collection[str], busy: Collection[str], flying: Collection[str]
) -> QuerySet[Delivery]:
    # What waits for longer than anything may was put off by a clock that was ahead; for the end of quiet hours may wait
    # for days what was made in the past.
    far = now + LONGEST * 2
    put_off = Q(next_attempt_at__gt=far) & (Q(waits_until=None) | Q(attempts_made__gt=0) | Q(created_at__gt=far))
    is_time = Q(next_attempt_at__lte=now) | put_off
    found = Delivery.objects.filter(is_time, outcome=Outcome.WAITING, channel__in=list(channels))
    found = found.exclude(subscriber__in=User.objects.filter(is_active=False))
    for url in busy:
        found = found.exclude(channel=Channel.WEBHOOK, destinations=[url])
    # However many have subscribed, an alarm's own people do not wait for them.
    is_subscribers = IsNull(F("subscriber"), False)
    return found.exclude(pk__in=list(flying)).order_by(is_subscribers, "next_attempt_at", "created_at", "pk")


def _take_over(row: Delivery, result: Result) -> None:
    refused = {address: words for address, words in result.refused.items() if address in row.destinations}
    reached = [address for address in row.destinations if address in result.reached]
    row.reached = [*row.reached, *reached]
    row.destinations = [one for one in row.destinations if one not in result.reached and one not in refused]
    row.content = {**row.content, "refused": {**row.content.get("refused", {}), **refused}}


def _finish(row: Delivery, now: datetime) -> None:
    """Nobody is left who might take it."""
    if not row.destinations:
        row.outcome, row.finished_at = Outcome.SENT if row.reached else Outcome.DEAD, now


def _outcome_of(parcel: Parcel, result: Result) -> str:
    if set(parcel.destinations) <= set(result.reached):
        return "accepted"
    if result.reached:
        return "partly"
    return "refused" if set(parcel.destinations) <= set(result.refused) else "failed"


def _tell(row: Delivery, result: Result, words: str) -> None:
    """Log it; addresses stay out of logs."""
    parts: Mapping[str, int] = {"taken by": len(result.reached), "refused by": len(result.refused)}
    counts = ", ".join(f"{name} {number}" for name, number in parts.items() if number)
    level = logging.INFO if words == "accepted" else logging.WARNING
    LOG.log(level, "alarms: delivery %s by %s: %s%s", row.pk, row.channel, words, f" ({counts})" if counts else "")
    if row.outcome == Outcome.DEAD:
        LOG.error("alarms: delivery %s is given up after attempt %d", row.pk, row.attempts_made)
