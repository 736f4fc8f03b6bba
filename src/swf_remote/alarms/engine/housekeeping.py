"""What is old goes: ticks and evaluations after 90 days, delivered messages as the outbox says. Events stay."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from swf_remote.alarms.delivery import outbox
from swf_remote.alarms.models import Evaluation, Tick

from .lease import LeaseKeeper

TICKS_KEPT = timedelta(days=90)
AT_ONCE = 1000
"""Rows removed in one transaction, so that nobody waits long for it."""


def tidy(now: datetime, lease: LeaseKeeper) -> int:
    """Remove what is too old, in small steps; rows of ticks and evaluations removed.

    Imported ticks, whose reports old mails link to, stay.

    Raises:
        LeaseLostError, DatabaseError: the rest goes the next time.
    """
    removed = 0
    while True:
        with transaction.atomic():
            lease.check()
            gone = _remove_old_ticks(now)
        removed += gone
        if not gone:
            break
    outbox.purge_old(now)
    return removed


def _remove_old_ticks(now: datetime) -> int:
    old = list(
        Tick.objects.filter(started_at__lt=now - TICKS_KEPT)
        .exclude(engine="")
        .order_by("started_at")
        .values_list("pk", flat=True)[:AT_ONCE]
    )
    evaluations, _ = Evaluation.objects.filter(tick_id__in=old).delete()
    Tick.objects.filter(pk__in=old).delete()
    return len(old) + evaluations
