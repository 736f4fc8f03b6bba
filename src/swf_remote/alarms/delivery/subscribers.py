"""Who has subscribed to what is told, and when each is told: one question to the database for one alarm's news.

Nobody who is among the alarm's recipients is told twice. Rows that cannot be read tell nobody, and stop nobody.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any, cast

from django.contrib.auth.models import User
from django.core.exceptions import ObjectDoesNotExist
from django.db.models import Q

from swf_remote.alarms.engine.schedule import ScheduleError, read_schedule
from swf_remote.alarms.models import Alarm, Event, Preference, Severity, Subscription
from swf_remote.alarms.routing.addresses import is_address
from swf_remote.alarms.routing.matchers import MatcherError, read_matchers
from swf_remote.alarms.routing.news import News
from swf_remote.alarms.subscribing import describe

LOG = logging.getLogger("swf_remote.alarms")
_RANKS = {word: rank for rank, word in enumerate(Severity.values)}


@dataclass(frozen=True, slots=True)
class Share:
    """What one subscriber is told, why, and whether it waits."""

    user: User
    events: frozenset[str]
    """Identifiers."""
    why: tuple[str, ...]
    """The subscriptions, in words."""
    waits_until: datetime | None
    """End of the quiet hours; None: it goes at once."""


def shares(alarm: Alarm, news: News, recipients: Collection[str], now: datetime) -> Iterator[Share]:
    """What each subscriber is told of the news, by user.

    Args:
        alarm: whose news they are.
        news: what is told.
        recipients: addresses that the alarm itself tells.
        now: when it was decided.
    """
    told = _Told([*news.new, *news.continuing, *news.cleared])
    fires = {event.pk for event in (*news.new, *news.continuing) if event.severity == Severity.CRITICAL}
    taken = {address.lower() for address in recipients}
    for _, rows in groupby(_subscriptions(alarm), key=lambda row: row.user_id):
        found = [(row, told.matching(row)) for row in rows]
        user = found[0][0].user
        events = frozenset().union(*(some for _, some in found))
        if events and user.email.lower() not in taken and is_address(user.email):
            why = tuple(describe(row) for row, some in found if some)
            yield Share(user, events, why, _waits_until(user, now, is_urgent=bool(events & fires)))


def part_of(news: News, events: Collection[str]) -> News:
    """These events of the news. What else fires is not counted: it may be nothing that the subscriber asked for."""
    return News(
        new=[event for event in news.new if event.pk in events],
        continuing=[event for event in news.continuing if event.pk in events],
        cleared=[event for event in news.cleared if event.pk in events],
    )


def _subscriptions(alarm: Alarm) -> Sequence[Subscription]:
    """Those of accounts that are in use, by user."""
    rows = Subscription.objects.filter(Q(alarm=alarm) | Q(alarm=None), enabled=True, user__is_active=True)
    rows = rows.exclude(user__email="").select_related("alarm", "user__alarm_preference")
    return list(rows.order_by("user_id", "created_at", "pk"))


@dataclass(slots=True)
class _Told:
    """The events that are told. Equal subscriptions, of whomever, are matched once."""

    events: Sequence[Event]
    _matching: dict[tuple[str, str], frozenset[str]] = field(default_factory=dict)

    def matching(self, row: Subscription) -> frozenset[str]:
        """Identifiers of the events that the subscription is for."""
        key = (row.matchers, row.severity)
        if key not in self._matching:
            self._matching[key] = self._match(row)
        return self._matching[key]

    def _match(self, row: Subscription) -> frozenset[str]:
        try:
            matchers = read_matchers(row.matchers)
        except MatcherError as error:
            LOG.warning("alarms: subscription %s tells of nothing: %s", row.pk, error)
            return frozenset()
        least = _RANKS.get(row.severity, 0)
        return frozenset(
            event.pk for event in self.events if _RANKS.get(event.severity, 0) >= least and matchers.hold(event.labels)
        )


def _waits_until(user: User, now: datetime, *, is_urgent: bool) -> datetime | None:
    try:
        preference: Preference = cast(Any, user).alarm_preference
    except ObjectDoesNotExist:
        return None
    if is_urgent and preference.urgent_anyway:
        return None
    try:
        return read_schedule(preference.quiet_hours).until(now)
    except ScheduleError as error:
        LOG.warning("alarms: quiet hours of user %s are not heeded: %s", user.pk, error)
        return None
