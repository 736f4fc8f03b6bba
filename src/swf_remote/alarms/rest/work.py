"""What the engine does: ticks, deliveries, detectors, and all of it in a few figures."""

from __future__ import annotations

from swf_remote.alarms.access import may_edit, visible_deliveries
from swf_remote.alarms.acting import RefusedActionError
from swf_remote.alarms.delivery import outbox
from swf_remote.alarms.detecting.registry import all_detectors
from swf_remote.alarms.firing import counts
from swf_remote.alarms.models import Alarm, Channel, Delivery, Outcome, Severity, State, Tick

from .paging import Stage, bounded_count, limit_of, read_cursor, told, walk
from .serving import Asked, Reply
from .shapes import Shape, attempt_shape, delivery_shape, evaluation_shape, moment, tick_shape
from .words import choice, only_words

MOST_EVALUATIONS = 1000


def ticks(asked: Asked) -> Reply:
    """Ticks, newest first; with ``?failed=true`` those in which an alarm could not be evaluated."""
    words = only_words(asked, "failed", "limit", "cursor")
    place = read_cursor(words.get("cursor", ""), asked.now)
    rows = Tick.objects.filter(started_at__lte=place.began)
    if choice(words, "failed", "true", "false"):
        rows = rows.filter(failed__gt=0) if words["failed"] == "true" else rows.filter(failed=0)
    found, following = walk([Stage(rows, "started_at")], place, limit_of(asked))
    return Reply(told(asked, "ticks", [tick_shape(one, signed_in=asked.signed_in) for one in found], following, None))


def tick(asked: Asked, tick_id: str) -> Reply:
    """A tick with what it asked the monitor, and what it saw of each alarm where there was something."""
    only_words(asked)
    found = Tick.objects.get(pk=tick_id)
    rows = found.evaluations.select_related("alarm").order_by("alarm__name")[:MOST_EVALUATIONS]
    return Reply(
        {
            **tick_shape(found, signed_in=asked.signed_in),
            "queries": found.queries,
            "evaluations": [evaluation_shape(row) for row in rows],
        }
    )


def deliveries(asked: Asked) -> Reply:
    """Messages, newest first, for signed-in users."""
    asked.need_reader()
    words = only_words(asked, "outcome", "channel", "alarm", "limit", "cursor")
    place = read_cursor(words.get("cursor", ""), asked.now)
    rows = visible_deliveries(asked.reader).select_related("alarm").filter(created_at__lte=place.began)
    if outcome := choice(words, "outcome", *Outcome.values):
        rows = rows.filter(outcome=outcome)
    if channel := choice(words, "channel", *Channel.values):
        rows = rows.filter(channel=channel)
    if alarm := words.get("alarm"):
        rows = rows.filter(alarm__name=alarm)
    found, following = walk([Stage(rows, "created_at")], place, limit_of(asked))
    total = bounded_count(rows) if "cursor" not in words else None
    return Reply(told(asked, "deliveries", [_delivery(asked, one) for one in found], following, total))


def delivery(asked: Asked, delivery_id: str) -> Reply:
    """A message with each attempt to deliver it, for signed-in users."""
    asked.need_reader()
    found = visible_deliveries(asked.reader).select_related("alarm").get(pk=delivery_id)
    return Reply(_with_attempts(asked, found))


def retry(asked: Asked, delivery_id: str) -> Reply:
    """A message that was given up is tried again, under its old number."""
    found = visible_deliveries(asked.reader).select_related("alarm").get(pk=delivery_id)
    asked.need(_edits(asked, found))
    if not outbox.retry(found, asked.now):
        raise RefusedActionError(f"Only a delivery that was given up can be tried again; this one is {found.outcome}.")
    found.refresh_from_db()
    return Reply(_with_attempts(asked, found))


def _with_attempts(asked: Asked, found: Delivery) -> Shape:
    return {**_delivery(asked, found), "attempts": [attempt_shape(one) for one in found.attempts.order_by("at", "id")]}


def _delivery(asked: Asked, found: Delivery) -> Shape:
    return delivery_shape(found, _edits(asked, found))


def _edits(asked: Asked, found: Delivery) -> bool:
    return may_edit(asked.reader, found.alarm or Alarm())


def detectors(asked: Asked) -> Reply:
    """Kinds of alarms, each with the JSON schema of its parameters."""
    only_words(asked)
    found = [
        {
            "name": name,
            "title": kind.title,
            "summary": kind.summary,
            "parameters": kind.Parameters.model_json_schema(),
        }
        for name, kind in all_detectors().items()
    ]
    return Reply({"detectors": found})


def summary(asked: Asked) -> Reply:
    """How many events fire, and whether the engine is at work: for navigation bars and outside watchers."""
    only_words(asked)
    groups = counts()
    firing = dict.fromkeys(Severity.values, 0)
    for group in groups:
        if group.state == State.FIRING:
            firing[group.severity] = firing.get(group.severity, 0) + group.number
    last = Tick.objects.filter(finished_at__isnull=False).order_by("-started_at").first()
    return Reply(
        {
            "firing": firing,
            "firing_in_all": sum(firing.values()),
            "acknowledged": sum(group.number for group in groups if group.state == State.ACKNOWLEDGED),
            "failing_alarms": Alarm.objects.filter(enabled=True, archived=False, failing_since__isnull=False).count(),
            "last_tick": tick_shape(last, signed_in=asked.signed_in) if last else None,
            "seconds_since_last_tick": (
                max((asked.now - (last.finished_at or asked.now)).total_seconds(), 0.0) if last else None
            ),
            "as_of": moment(asked.now),
        }
    )
