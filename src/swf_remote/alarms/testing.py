"""Test deliveries: what an alarm would tell now goes to its own people, marked as a test."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from .acting import RefusedActionError
from .delivery import outbox
from .models import Alarm, Delivery, State
from .routing.news import News

MOST_EVENTS = 200


def send_test(alarm: Alarm, by: str, now: datetime) -> list[Delivery]:
    """Put a test into the outbox, with the alarm's events that fire, for its recipients and webhooks.

    Raises:
        RefusedActionError: nobody is named who could be told.
    """
    fires = alarm.events.filter(state=State.FIRING).order_by("fired_at")[:MOST_EVENTS]
    with transaction.atomic():
        made = outbox.enqueue_test(alarm, News(new=list(fires)), by, now)
    if not made:
        raise RefusedActionError(f"{alarm.name} names nobody who could be told: give it recipients or webhooks.")
    return made
