"""The outbox: messages are put here in the transaction that decided on them, and leave it by ``sending``.

Nothing here talks to anybody but the database. The identifier of a delivery follows from the alarm, the tick and where
it goes, so that the same decision never makes two.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Any
from uuid import UUID, uuid5

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q

from swf_remote.alarms.models import Alarm, Channel, Delivery, Event, Outcome, Tick
from swf_remote.alarms.models.configured import new_id
from swf_remote.alarms.routing.news import News
from swf_remote.alarms.routing.people_now import people_at
from swf_remote.alarms.routing.recipients import Recipients, resolve
from swf_remote.configuration import configuration

from .compose import Item, Message, Subscribed, compose
from .formats import Hook, read_hooks, shown
from .letter import MOST_REFERENCES, again_as, content_of
from .payloads import payload
from .subscribers import Share, part_of, shares
from .wording import address, counted, one_line

LOG = logging.getLogger("swf_remote.alarms")
KEEP_SENT = timedelta(days=90)
KEEP_DEAD = timedelta(days=365)
MOST_PURGED = 1000
MOST_AT_ONCE = 100
"""Mails to subscribers in one statement."""
MOST_REASONS = 5
LONGEST_REASON = 700
_DELIVERIES = UUID("0b7d1a39-4f37-4a0e-9a6c-5f6f0f1f5f0d")


def enqueue(alarm: Alarm, tick: Tick, news: News, now: datetime) -> list[Delivery]:
    """Put what is to be told into the outbox: a mail to all addresses, a post to each webhook, and subscribers' mails.

    What is escalated, and the end of what was, goes by a mail of its own to those whom the alarm escalates to; nobody
    is told of an end twice.

    Meant for the transaction in which the engine notes that it was told. Whether the alarm tells anybody at all is
    the engine's to know.

    Returns:
        what was put there; nothing, if there is nobody to be told.
    """
    recipients = _people(alarm, alarm.recipients, now)
    escalation = _escalation(alarm, tick, news, recipients, now)
    ordinary = replace(news, escalated=())
    if not ordinary:
        return _put(escalation)
    told = ordinary, _composed(alarm, ordinary, now)
    made = _put([*_messages(alarm, tick, told, recipients, _hooks(alarm)), *escalation])
    return [*made, *_put_for_subscribers(alarm, tick, ordinary, recipients, now)]


def enqueue_test(
    alarm: Alarm, news: News, by: str, now: datetime, addresses: Sequence[str] | None = None
) -> list[Delivery]:
    """Put a test into the outbox, marked as one.

    Args:
        alarm: whose message it is.
        news: what would be told now; may be empty.
        by: user name of whoever asked for it.
        now: when.
        addresses: mail to these only; None: to all that the alarm tells, its webhooks included.
    """
    told = news, _composed(alarm, news, now, test_by=by or "somebody")
    if addresses is None:
        return _put(_messages(alarm, None, told, _people(alarm, alarm.recipients, now), _hooks(alarm)))
    return _put(_messages(alarm, None, told, resolve(" ".join(addresses), {}), ()))


def retry(delivery: Delivery, now: datetime) -> bool:
    """Let a delivery that was given up go again, to all that have not taken it; False: it is not given up (any more).

    Its identifier stays, so that whoever has it already can tell.
    """
    with transaction.atomic():
        row = Delivery.objects.select_for_update().filter(pk=delivery.pk, outcome=Outcome.DEAD).first()
        if row is None:
            return False
        row.destinations = [*row.destinations, *row.content.get("refused", {})]
        row.content = {**row.content, "refused": {}}
        row.outcome, row.attempts_made, row.next_attempt_at, row.finished_at = Outcome.WAITING, 0, now, None
        row.save()
    return True


def purge_old(now: datetime) -> int:
    """Delete what was sent or given up long ago, and what waits for accounts that are disabled; how many.

    At most `MOST_PURGED` at a time.
    """
    old = Q(outcome=Outcome.SENT, finished_at__lt=now - KEEP_SENT)
    old |= Q(outcome=Outcome.DEAD, finished_at__lt=now - KEEP_DEAD)
    old |= Q(outcome=Outcome.WAITING, subscriber__in=User.objects.filter(is_active=False))
    found = list(Delivery.objects.filter(old).order_by().values_list("pk", flat=True)[:MOST_PURGED])
    Delivery.objects.filter(pk__in=found).delete()
    return len(found)


def _composed(alarm: Alarm, news: News, now: datetime, test_by: str = "") -> Message:
    return compose(alarm, news, public_url=configuration().public_address, now=now, test_by=test_by)


def _people(alarm: Alarm, text: str, now: datetime) -> Recipients:
    found = people_at(text, now)
    for warning in found.warnings:
        LOG.warning("alarms: recipients of %s: %s", alarm.name, warning)
    return found


def _hooks(alarm: Alarm) -> Sequence[Hook]:
    found = read_hooks(alarm.webhooks)
    for warning in found.warnings:
        LOG.warning("alarms: %s: %s", alarm.name, warning)
    return found.hooks


def _messages(
    alarm: Alarm, tick: Tick | None, told: tuple[News, Message], recipients: Recipients, hooks: Sequence[Hook]
) -> list[Delivery]:
    news, message = told
    made = [_mail(alarm, tick, "mail", told, recipients)] if recipients.addresses else []
    for hook in hooks:
        identifier = _identifier(alarm, tick, hook.url)
        content = {"format": hook.format, "body": payload(hook.format, identifier, message, news)}
        made.append(_delivery(identifier, alarm, tick, message, (Channel.WEBHOOK, [hook.url], content)))
    return made


def _escalation(alarm: Alarm, tick: Tick, news: News, recipients: Recipients, now: datetime) -> list[Delivery]:
    """Mails to those whom the alarm escalates to; who is among the recipients hears of the end as one of these."""
    ends = [event for event in news.cleared if event.escalated_at is not None]
    if not news.escalated and not ends:
        return []
    people = _people(alarm, alarm.escalate_to, now)
    known = {address.lower() for address in recipients.addresses}
    others = [address for address in people.addresses if address.lower() not in known]
    both = [address for address in people.addresses if address.lower() in known]
    parts = (
        ("escalation", others, News(escalated=news.escalated, cleared=ends)),
        ("escalation to recipients", both, News(escalated=news.escalated)),
    )
    made = []
    for place, addresses, part in parts:
        if addresses and part:
            told = part, _composed(alarm, part, now)
            made.append(_mail(alarm, tick, place, told, people._replace(addresses=tuple(addresses))))
            made[-1].escalation = True
    return made


def _mail(alarm: Alarm, tick: Tick | None, place: str, told: tuple[News, Message], recipients: Recipients) -> Delivery:
    news, message = told
    identifier = _identifier(alarm, tick, place)
    content = content_of(
        identifier,
        message,
        sender=configuration().mail_sender,
        alarm=alarm.pk,
        events=_oldest_first(news),
        teams=recipients.teams,
    )
    return _delivery(identifier, alarm, tick, message, (Channel.MAIL, list(recipients.addresses), content))


def _put(made: list[Delivery]) -> list[Delivery]:
    Delivery.objects.bulk_create(made)
    for one in made:
        where = (
            shown(one.destinations[0])
            if one.channel == Channel.WEBHOOK
            else counted(len(one.destinations), "address", "addresses")
        )
        LOG.info("alarms: %s goes by %s to %s", one.pk, one.channel, where)
    return made


def _put_for_subscribers(alarm: Alarm, tick: Tick, news: News, recipients: Recipients, now: datetime) -> list[Delivery]:
    """A mail of its own for each subscriber; what many are told alike is written once."""
    writer = _Writer(alarm, news, now)
    made = []
    for share in shares(alarm, news, recipients.addresses, now):
        identifier = _identifier(alarm, tick, f"subscriber {share.user.pk}")
        message, content = writer.written(share)
        carried = (Channel.MAIL, [share.user.email], again_as(identifier, content))
        row = _delivery(identifier, alarm, tick, message, carried)
        row.subscriber, row.waits_until = share.user, share.waits_until
        row.next_attempt_at = share.waits_until or now
        made.append(row)
    Delivery.objects.bulk_create(made, batch_size=MOST_AT_ONCE)
    if made:
        waiting = sum(row.waits_until is not None for row in made)
        told = counted(len(made), "subscriber")
        LOG.info("alarms: %s goes by mail to %s, %d of them after their quiet hours", alarm.name, told, waiting)
    return made


class _Writer:
    """Writes subscribers' mails of one alarm's news: what is equal once, and each event once for all."""

    def __init__(self, alarm: Alarm, news: News, now: datetime) -> None:
        self._alarm, self._news, self._now = alarm, news, now
        self._oldest_first = _oldest_first(news)
        self._items: dict[str, Item] = {}
        self._written: dict[tuple[object, ...], tuple[Message, dict[str, Any]]] = {}

    def written(self, share: Share) -> tuple[Message, dict[str, Any]]:
        """The message, and what the outbox keeps of it but for the identifier."""
        key = (share.events, share.why, share.waits_until)
        if key not in self._written:
            self._written[key] = self._write(share)
        return self._written[key]

    def _write(self, share: Share) -> tuple[Message, dict[str, Any]]:
        public_url = configuration().public_address
        news = part_of(self._news, share.events)
        composed = compose(self._alarm, news, public_url=public_url, now=self._now, items=self._items)
        why = tuple(one_line(words, LONGEST_REASON) for words in share.why[:MOST_REASONS])
        subscribed = Subscribed(why, address(public_url, "alarms/subscriptions/"), share.waits_until)
        message = replace(composed, subscribed=subscribed)
        oldest = list(islice((key for key in self._oldest_first if key in share.events), MOST_REFERENCES))
        sender = configuration().mail_sender
        return message, content_of("", message, sender=sender, alarm=self._alarm.pk, events=oldest, teams=())


def _delivery(
    identifier: str,
    alarm: Alarm,
    tick: Tick | None,
    message: Message,
    carried: tuple[Channel, list[str], Mapping[str, Any]],
) -> Delivery:
    channel, destinations, content = carried
    return Delivery(
        id=identifier,
        alarm=None if alarm._state.adding else alarm,
        tick=tick,
        channel=channel,
        destinations=destinations,
        subject=message.subject,
        content={**content, "refused": {}},
        test=bool(message.test_by),
        next_attempt_at=message.at,
        created_at=message.at,
    )


def _identifier(alarm: Alarm, tick: Tick | None, where: str) -> str:
    return new_id() if tick is None else str(uuid5(_DELIVERIES, f"{alarm.pk} {tick.pk} {where}"))


def _oldest_first(news: News) -> list[str]:
    events: list[Event] = [*news.escalated, *news.new, *news.continuing, *news.cleared]
    return [event.pk for event in sorted(events, key=lambda event: (event.fired_at or event.first_seen, event.pk))]
