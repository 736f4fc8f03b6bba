"""One alarm, one slot: what a detector found becomes states of events. One transaction, so all of it or nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any

from django.db import transaction
from django.db.models import Q

from swf_remote.alarms.detecting.contract import Finding, Match
from swf_remote.alarms.models import Alarm, Change, Evaluation, Event, State
from swf_remote.alarms.routing.matchers import read_matchers
from swf_remote.alarms.routing.notice import FLAPPING_FIRINGS, FLAPPING_WINDOW

from .present import Present
from .states import Patience, Stage, Standing, Step, absent, matched
from .turns import Turn

CURED = "It matches no more."
LEFT = "It is no longer looked at: it left the alarm's window or scope."
SWITCHED_OFF = "The alarm was switched off."
OPEN = (State.PENDING, State.FIRING, State.ACKNOWLEDGED)
_TIMES = ("first_seen", "last_seen", "fired_at", "gone_since", "resolved_at")
_EVIDENCE = ("severity", "subject", "detail", "labels", "values", "links", "digest")


@dataclass(frozen=True, slots=True)
class Known:
    """An open event, without its evidence, which is heavy and mostly as it was."""

    pk: str
    fingerprint: str
    digest: str
    standing: Standing


@dataclass(slots=True)
class Outcome:
    """What an evaluation changed."""

    matches: int = 0
    made: list[Event] = field(default_factory=list)
    seen_again: list[str] = field(default_factory=list)
    """Identifiers of events of which nothing else has changed."""
    changed: list[Event] = field(default_factory=list)
    """Of those that match, with something else than before."""
    gone: list[Event] = field(default_factory=list)
    """Of those that match no more."""
    dropped: list[Event] = field(default_factory=list)
    fired: list[Event] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)

    @property
    def is_told_of(self) -> bool:
        """Whether there is a row about it: one for each alarm and tick without matches would be many."""
        return bool(self.matches or self.changes)


def patience_of(alarm: Alarm) -> Patience:
    """How long the alarm waits before it fires and before it clears."""
    return Patience(timedelta(minutes=alarm.for_minutes), timedelta(minutes=alarm.clear_minutes))


def apply(turn: Turn, finding: Finding, present: Present) -> Outcome | None:
    """Write down what was found; None where somebody else has evaluated this slot, or the alarm is off by now.

    Raises:
        LeaseLostError: another engine works now; nothing was written.
        DatabaseError: nothing was written.
    """
    alarm, now = turn.alarm, present.now
    with transaction.atomic():
        present.lease.check()
        if not _claim(turn, evaluated_at=now, failing_since=None, failing_query="", last_error=""):
            return None
        outcome = _advance(alarm, finding, now)
        Event.objects.bulk_create(outcome.made)
        _update(outcome.changed, ("state", *_TIMES, *_EVIDENCE))
        _update(outcome.gone, ("state", "resolution", *_TIMES))
        Event.objects.filter(pk__in=[event.pk for event in outcome.fired if event.flapping]).update(flapping=True)
        Event.objects.filter(pk__in=outcome.seen_again).update(last_seen=now)
        Event.objects.filter(pk__in=[event.pk for event in outcome.dropped]).delete()
        Change.objects.bulk_create(outcome.changes)
        if outcome.is_told_of:
            Evaluation.objects.create(tick=present.tick, alarm=alarm, at=now, matches=outcome.matches)
    return outcome


def note_failure(turn: Turn, query: str, present: Present) -> bool:
    """The alarm could not be evaluated: nothing of its events changes. False as None of ``apply``.

    Args:
        turn: with the error.
        query: the question without an answer, in words; empty where it is not a question's fault.
        present: the tick.

    Raises:
        LeaseLostError, DatabaseError: nothing was written.
    """
    alarm, error = turn.alarm, turn.error[:2000]
    with transaction.atomic():
        present.lease.check()
        if not _claim(turn, last_error=error, failing_query=query[:300]):
            return False
        Alarm.objects.filter(pk=alarm.pk, failing_since=None).update(failing_since=present.now)
        Evaluation.objects.create(tick=present.tick, alarm=alarm, at=present.now, error=error)
    return True


def firing_of(alarm: Alarm) -> frozenset[str]:
    """Fingerprints of its events that fire."""
    fires = alarm.events.filter(state__in=(State.FIRING, State.ACKNOWLEDGED))
    return frozenset(fires.values_list("fingerprint", flat=True))


def end_open_events(alarm: Alarm, now: datetime, by: str, why: str = SWITCHED_OFF) -> int:
    """Resolve what is open, because the alarm is looked at no more; nobody is told."""
    with transaction.atomic():
        alarm.events.filter(state=State.PENDING).delete()
        ended = list(alarm.events.filter(state__in=OPEN).values_list("pk", flat=True))
        Event.objects.filter(pk__in=ended).update(
            state=State.RESOLVED, resolved_at=now, resolution=why, notified_clear=True
        )
        Change.objects.bulk_create(Change(event_id=one, at=now, what=State.RESOLVED, by=by, text=why) for one in ended)
    return len(ended)


def _update(events: Sequence[Event], fields: Sequence[str]) -> None:
    """Write these fields of events that exist: an insert that meets them, as that is many times as fast as
    ``bulk_update``.
    """
    Event.objects.bulk_create(events, update_conflicts=True, unique_fields=["id"], update_fields=fields)


def _claim(turn: Turn, **noted: Any) -> bool:
    """Take the slot for this evaluation, and note how it went; False: it is taken, or the alarm is off by now."""
    ahead = turn.due.slot + timedelta(minutes=turn.alarm.every_minutes)
    fresh = Q(evaluated_for=None) | Q(evaluated_for__lt=turn.due.slot) | Q(evaluated_for__gt=ahead)
    mine = Alarm.objects.filter(fresh, pk=turn.alarm.pk, enabled=True, archived=False)
    return bool(mine.update(evaluated_for=turn.due.slot, **noted))


def _advance(alarm: Alarm, finding: Finding, now: datetime) -> Outcome:
    outcome, patience = Outcome(), patience_of(alarm)
    scope = read_matchers(alarm.scope)
    seen = {one.fingerprint[:300]: one for one in finding.matches if scope.hold({**one.labels, "alarm": alarm.name})}
    outcome.matches = len(seen)
    known = {event.fingerprint: event for event in _known(alarm)}
    for fingerprint, match in seen.items():
        _see(outcome, alarm, known.get(fingerprint), (fingerprint, match), now=now, patience=patience)
    for fingerprint, event in known.items():
        if fingerprint not in seen:
            is_cured = finding.covered is None or fingerprint in finding.covered
            _miss(outcome, alarm, event, now=now, patience=patience, why=CURED if is_cured else LEFT)
    _mark_flapping(alarm, outcome.fired, now)
    return outcome


def _known(alarm: Alarm) -> Iterator[Known]:
    fields = ("pk", "fingerprint", "digest", "state", *_TIMES)
    for pk, fingerprint, digest, state, *times in alarm.events.filter(state__in=OPEN).order_by().values_list(*fields):
        yield Known(pk, fingerprint, digest, Standing(Stage(state), *times))


def _see(
    outcome: Outcome, alarm: Alarm, known: Known | None, found: tuple[str, Match], *, now: datetime, patience: Patience
) -> None:
    fingerprint, match = found
    standing, step = matched(known.standing if known else None, now, patience)
    digest = _digest(alarm, match)
    if known and known.digest == digest and replace(standing, last_seen=known.standing.last_seen) == known.standing:
        outcome.seen_again.append(known.pk)
        return
    event = _event(alarm, known, standing) if known else Event(alarm=alarm, fingerprint=fingerprint)
    if known is None:
        event.first_values = dict(match.values)
    (outcome.changed if known else outcome.made).append(event)
    _take(event, standing)
    _take_evidence(event, alarm, match, digest)
    if step in (Step.PENDING, Step.FIRED):
        outcome.changes.append(Change(event=event, at=now, what=step.value, text=event.subject))
    if step is Step.FIRED:
        outcome.fired.append(event)


def _event(alarm: Alarm, known: Known, standing: Standing) -> Event:
    """The known event as it stands now, to be written without what nobody looked at."""
    event = Event(pk=known.pk, alarm=alarm, fingerprint=known.fingerprint)
    _take(event, standing)
    return event


def _take_evidence(event: Event, alarm: Alarm, match: Match, digest: str) -> None:
    event.digest = digest
    event.subject, event.detail = line(match.subject, 500), match.detail
    event.severity = match.severity or alarm.severity
    event.labels = {**match.labels, "alarm": alarm.name, "severity": event.severity}
    event.values = {**match.values, "metric": match.metric}
    event.links = [[link.words, link.path] for link in match.links]


def _digest(alarm: Alarm, match: Match) -> str:
    """Of all that becomes part of the event."""
    said = (alarm.name, alarm.severity, match.severity, match.subject, match.metric, match.detail)
    rest = (
        sorted(match.labels.items()),
        sorted(match.values.items()),
        [(link.words, link.path) for link in match.links],
    )
    return blake2b(repr((said, rest)).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _miss(outcome: Outcome, alarm: Alarm, known: Known, *, now: datetime, patience: Patience, why: str) -> None:
    standing, step = absent(known.standing, now, patience)
    event = _event(alarm, known, standing)
    if step is Step.DROPPED:
        outcome.dropped.append(event)
        return
    outcome.gone.append(event)
    if step is Step.RESOLVED:
        event.resolution = why
        outcome.changes.append(Change(event=event, at=now, what=step.value, text=why))


def _mark_flapping(alarm: Alarm, fired: Sequence[Event], now: datetime) -> None:
    """An event is flapping that fired too often within the window before."""
    if not fired:
        return
    earlier: Mapping[str, int] = _firings(alarm, [event.fingerprint for event in fired], now)
    for event in fired:
        event.flapping = earlier.get(event.fingerprint, 0) >= FLAPPING_FIRINGS


def _firings(alarm: Alarm, fingerprints: Sequence[str], now: datetime) -> dict[str, int]:
    counted: dict[str, int] = {}
    since = alarm.events.filter(fired_at__gt=now - FLAPPING_WINDOW, state=State.RESOLVED)
    wanted = set(fingerprints)
    for fingerprint in since.values_list("fingerprint", flat=True):
        if fingerprint in wanted:
            counted[fingerprint] = counted.get(fingerprint, 0) + 1
    return counted


def _take(event: Event, standing: Standing) -> None:
    event.state = standing.stage.value
    event.first_seen, event.last_seen, event.fired_at = standing.first_seen, standing.last_seen, standing.fired_at
    event.gone_since, event.resolved_at = standing.gone_since, standing.resolved_at


def line(text: str, most: int) -> str:
    """One line of printable text: names of tasks and jobs are data."""
    return "".join(one if one.isprintable() else " " for one in text)[:most]
