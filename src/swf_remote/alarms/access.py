"""Who may do what. Until roles exist: anyone reads, signed-in users act, owner and staff configure."""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser, User
from django.db import DatabaseError
from django.db.models import Q, QuerySet

from .models import Alarm, Delivery

Reader = User | AnonymousUser


def is_signed_in(reader: Reader) -> bool:
    """Whether this is somebody: sees members, addresses and deliveries, acknowledges, assigns, notes and silences.

    Nobody is somebody while the database is gone.
    """
    try:
        return reader.is_authenticated and reader.is_active
    except DatabaseError:
        return False


def is_staff(reader: Reader) -> bool:
    """Whether this is staff: imports, and edits every alarm and team."""
    return is_signed_in(reader) and reader.is_staff


def may_edit(reader: Reader, alarm: Alarm) -> bool:
    """Whether this reader may change, test, switch off and restore this alarm."""
    return is_staff(reader) or (is_signed_in(reader) and alarm.owner_id is not None and alarm.owner_id == reader.pk)


def visible_deliveries(reader: Reader) -> QuerySet[Delivery]:
    """Messages that a signed-in reader sees: what answers a subscription only its user and staff."""
    return Delivery.objects.all() if is_staff(reader) else nearest_deliveries(reader)


def nearest_deliveries(reader: Reader) -> QuerySet[Delivery]:
    """Messages to alarms' own people, and to a signed-in reader: however many have subscribed, those stay few."""
    if not is_signed_in(reader):
        return Delivery.objects.none()
    return Delivery.objects.filter(Q(subscriber=None) | Q(subscriber=reader.pk))


def may_create(reader: Reader) -> bool:
    """Whether this reader may make a new alarm, which is then theirs."""
    return is_signed_in(reader)
