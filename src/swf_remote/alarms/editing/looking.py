"""What an alarm, saved or not, finds right now, and the message that it would make. Nothing is written."""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from django.db import DatabaseError

from swf_remote.alarms.delivery.compose import Message, compose
from swf_remote.alarms.delivery.rendering import as_text
from swf_remote.alarms.detecting.contract import Finding, Match
from swf_remote.alarms.detecting.registry import detector, read_parameters
from swf_remote.alarms.engine.evaluation import firing_of
from swf_remote.alarms.inputs.answers import Answers
from swf_remote.alarms.inputs.asking import Asker
from swf_remote.alarms.inputs.queries import InputError, Query, TickFailures, words_of
from swf_remote.alarms.inputs.recordings import Recordings
from swf_remote.alarms.models import Alarm, Event, State
from swf_remote.alarms.routing.matchers import read_matchers
from swf_remote.alarms.routing.news import News
from swf_remote.configuration import configuration

LOG = logging.getLogger("swf_remote.alarms")
MOST_SHOWN = 50
SECONDS = 20.0
"""For all questions to the monitor."""


@dataclass(frozen=True, slots=True)
class Look:
    """What was found."""

    at: datetime
    seconds: float
    """How long it took."""
    matches: tuple[Match, ...] = ()
    """The first `MOST_SHOWN` of those that would become events."""
    count: int = 0
    outside: int = 0
    """Matches beyond the alarm's scope."""
    trouble: tuple[tuple[str, str], ...] = ()
    """Questions without an answer, and why; with one of them nothing is found, as in a tick."""
    message: Message | None = None
    """What would be told if all of it were new."""

    @property
    def more(self) -> int:
        """How many are not shown."""
        return self.count - len(self.matches)

    @property
    def text(self) -> str:
        """The message as plain text."""
        return as_text(self.message) if self.message else ""


def look(alarm: Alarm, now: datetime) -> Look:
    """What the alarm finds now. It has been checked before; it is not saved, nor is anything else.

    Raises:
        DatabaseError: what is kept of the past cannot be read.
    """
    begin = time.monotonic()
    kind = detector(alarm.detector)
    parameters = read_parameters(kind, alarm.parameters)
    queries = tuple(kind.queries(parameters))
    found = ask(queries, now)
    trouble = [(words_of(one), str(found[one])) for one in queries if isinstance(found.get(one), InputError)]
    finding = Finding(())
    if not trouble:
        try:
            firing = firing_of(alarm) if alarm.version else frozenset()
            finding = kind.detect(parameters, Answers(now, found), firing)
        except InputError as error:
            trouble = [(kind.title, str(error))]
        except DatabaseError:
            raise
        except Exception as error:
            # A detector of anybody's may fail in any way; whoever tries it has to know how.
            LOG.exception("alarms: the detector %s failed while it was tried", alarm.detector)
            trouble = [(kind.title, f"The detector failed: {type(error).__name__}: {error}")]
    return _told(alarm, finding, now, tuple(trouble), begin)


def ask(queries: Collection[Query[Any]], now: datetime) -> Mapping[Query[Any], Any]:
    """Answers of the monitor, by question; nobody's failures are known outside of a tick."""
    asked = set(queries) - {TickFailures()}
    found: dict[Query[Any], Any] = dict(_asker().ask(asked, now)) if asked else {}
    return found | {TickFailures(): ()}


@cache
def _asker() -> Asker:
    settings = configuration()
    return Asker(settings, Recordings.of(settings), seconds=SECONDS)


def _told(alarm: Alarm, finding: Finding, now: datetime, trouble: tuple[tuple[str, str], ...], begin: float) -> Look:
    scope = read_matchers(alarm.scope)
    seen = {one.fingerprint: one for one in finding.matches if scope.hold({**one.labels, "alarm": alarm.name})}
    news = News(new=[event_of(alarm, one, now) for one in seen.values()])
    return Look(
        at=now,
        matches=tuple(seen.values())[:MOST_SHOWN],
        count=len(seen),
        outside=len({one.fingerprint for one in finding.matches} - seen.keys()),
        trouble=trouble,
        message=compose(alarm, news, public_url=configuration().public_address, now=now) if seen else None,
        seconds=time.monotonic() - begin,
    )


def event_of(alarm: Alarm, match: Match, now: datetime) -> Event:
    """The event that a match would become; not saved."""
    severity = match.severity or alarm.severity
    return Event(
        alarm=alarm,
        fingerprint=match.fingerprint[:300],
        state=State.FIRING,
        severity=severity,
        subject=match.subject[:500],
        detail=match.detail,
        labels={**match.labels, "alarm": alarm.name, "severity": severity},
        values={**match.values, "metric": match.metric},
        links=[[link.words, link.path] for link in match.links],
        first_seen=now,
        last_seen=now,
        fired_at=now,
    )
