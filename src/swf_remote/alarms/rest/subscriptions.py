"""Subscriptions and quiet hours of whoever asks; staff may list everybody's."""

from __future__ import annotations

from typing import cast

from django.contrib.auth.models import User
from django.urls import reverse

from swf_remote.alarms import subscribing
from swf_remote.alarms.access import is_staff
from swf_remote.alarms.configuring import RefusedError
from swf_remote.alarms.models import Alarm, Preference, Subscription

from .fields import only, take, text_of
from .paging import Stage, limit_of, read_cursor, told, walk
from .serving import Asked, Reply
from .shapes import Shape, moment
from .words import choice, only_words


def listed(asked: Asked) -> Reply:
    """One's own subscriptions, newest first; everybody's for staff with ``?of=all``."""
    asked.need_reader()
    words = only_words(asked, "of", "limit", "cursor")
    place = read_cursor(words.get("cursor", ""), asked.now)
    rows = Subscription.objects.select_related("alarm", "user").filter(created_at__lte=place.began)
    if choice(words, "of", "me", "all") == "all":
        asked.need(is_staff(asked.reader))
    else:
        rows = rows.filter(user=_me(asked))
    found, following = walk([Stage(rows, "created_at")], place, limit_of(asked))
    return Reply(told(asked, "subscriptions", [_shape(one) for one in found], following, None))


def made(asked: Asked) -> Reply:
    """A new one: ``alarm`` (null or missing: every alarm), ``severity``, ``matchers``, ``enabled``."""
    body = asked.body()
    only(body, ("alarm", "severity", "matchers", "enabled"))
    wanted = Subscription(user=_me(asked), alarm=_alarm(body.pop("alarm", None)))
    take(wanted, body)
    kept = subscribing.subscribe(wanted, asked.now)
    address = reverse("alarms-rest-subscription", kwargs={"subscription_id": kept.pk})
    return Reply(_shape(kept), 201, {"Location": address})


def one(asked: Asked, subscription_id: str) -> Reply:
    """One of one's own."""
    asked.need_reader()
    return Reply(_shape(_own(asked, subscription_id)))


def removed(asked: Asked, subscription_id: str) -> Reply:
    """One of one's own goes; as it was."""
    found = _own(asked, subscription_id)
    reply = Reply(_shape(found))
    found.delete()
    return reply


def quiet_hours(asked: Asked) -> Reply:
    """When one's subscriptions wait."""
    asked.need_reader()
    only_words(asked)
    return Reply(_preference_shape(subscribing.preference_of(_me(asked))))


def put_quiet_hours(asked: Asked) -> Reply:
    """Quiet hours become what was sent: ``quiet_hours``, ``urgent_anyway``; what is missing is as for a new account."""
    body = asked.body()
    only(body, ("quiet_hours", "urgent_anyway"))
    preference = Preference(user=_me(asked))
    take(preference, body)
    subscribing.keep_preference(preference)
    return Reply(_preference_shape(preference))


def _alarm(name: object) -> Alarm | None:
    if name is None:
        return None
    found = Alarm.objects.filter(name=text_of({"alarm": name}, "alarm")).first()
    if found is None:
        raise RefusedError({"alarm": ["There is no such alarm."]})
    return found


def _own(asked: Asked, subscription_id: str) -> Subscription:
    return subscribing.own(_me(asked)).select_related("alarm", "user").get(pk=subscription_id)


def _shape(row: Subscription) -> Shape:
    return {
        "id": row.pk,
        "user": row.user.get_username(),
        "alarm": row.alarm.name if row.alarm else None,
        "severity": row.severity,
        "matchers": row.matchers,
        "enabled": row.enabled,
        "created_at": moment(row.created_at),
    }


def _preference_shape(preference: Preference) -> Shape:
    return {"quiet_hours": preference.quiet_hours, "urgent_anyway": preference.urgent_anyway}


def _me(asked: Asked) -> User:
    return cast(User, asked.reader)
