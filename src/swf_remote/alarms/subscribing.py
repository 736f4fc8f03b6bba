"""Subscriptions and quiet hours: each user's own. Checked as a whole, and kept."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet

from .configuring import RefusedError
from .engine.schedule import Schedule, ScheduleError, read_schedule
from .models import Preference, Severity, Subscription
from .routing.matchers import MatcherError, read_matchers

MOST = 100
"""Subscriptions of one user."""


def own(user: User) -> QuerySet[Subscription]:
    """This user's, oldest first."""
    return Subscription.objects.filter(user=user).select_related("alarm").order_by("created_at", "pk")


def subscribe(wanted: Subscription, now: datetime) -> Subscription:
    """Keep a new subscription; one that is there already is switched on or off as this one is.

    Raises:
        RefusedError: something is wrong, or the user has too many.
    """
    wanted.matchers, wanted.created_at = wanted.matchers.strip(), now
    faults = _faults(wanted.clean_fields) | _read(read_matchers, "matchers", wanted.matchers)
    if wanted.alarm is not None and wanted.alarm.archived:
        faults["alarm"] = [f"{wanted.alarm.name} is archived: it finds nothing any more."]
    if faults:
        raise RefusedError(faults)
    with transaction.atomic():
        # One at a time for each user, so that nobody gets around the bound.
        User.objects.select_for_update().get(pk=wanted.user_id)
        rows = own(wanted.user)
        same = rows.filter(alarm=wanted.alarm, matchers=wanted.matchers, severity=wanted.severity).first()
        if same is not None:
            turn(same, enabled=wanted.enabled)
            return same
        if rows.count() >= MOST:
            raise RefusedError({"alarm": [f"You have {MOST} subscriptions; remove one before you add another."]})
        wanted.save(force_insert=True)
    return wanted


def turn(subscription: Subscription, *, enabled: bool) -> None:
    """Switch it on or off."""
    subscription.enabled = enabled
    subscription.save(update_fields=["enabled"])


def preference_of(user: User) -> Preference:
    """This user's quiet hours; none where nothing was kept."""
    return Preference.objects.filter(user=user).first() or Preference(user=user)


def keep_preference(preference: Preference) -> None:
    """Keep quiet hours. What waits already goes on to wait as it was decided.

    Raises:
        RefusedError: they are no times of the week, or are all of it.
    """
    preference.quiet_hours = preference.quiet_hours.strip()
    faults = _faults(preference.clean_fields) | _read(read_quiet_hours, "quiet_hours", preference.quiet_hours)
    if faults:
        raise RefusedError(faults)
    Preference.objects.update_or_create(
        user=preference.user,
        defaults={"quiet_hours": preference.quiet_hours, "urgent_anyway": preference.urgent_anyway},
    )


def read_quiet_hours(text: str) -> Schedule:
    """The quiet hours that a text means; an empty one means none.

    Raises:
        ScheduleError: it means none, or they never end.
    """
    found = read_schedule(text)
    if found.spans and found.is_all_the_time():
        raise ScheduleError("These quiet hours never end: leave some time, or remove your subscriptions")
    return found


def describe(subscription: Subscription) -> str:
    """What it is for: ``the alarm failing_tasks, from warning on, where site=BNL_*``."""
    words = [f"the alarm {subscription.alarm.name}" if subscription.alarm else "every alarm"]
    if subscription.severity == Severity.WARNING:
        words.append("from warning on")
    elif subscription.severity == Severity.CRITICAL:
        words.append("critical events only")
    if subscription.matchers:
        words.append(f"where {subscription.matchers}")
    return ", ".join(words)


def _faults(clean: Callable[[], None]) -> dict[str, list[str]]:
    try:
        clean()
    except ValidationError as error:
        return {name: list(words) for name, words in error.message_dict.items()}
    return {}


def _read(read: Callable[[str], object], name: str, text: str) -> dict[str, list[str]]:
    try:
        read(text)
    except (MatcherError, ScheduleError) as error:
        return {name: [f"{error}."]}
    return {}
