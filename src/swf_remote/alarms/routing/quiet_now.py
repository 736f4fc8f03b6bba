"""What of the tables and of the monitor's answers holds messages back at a moment."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Any

from swf_remote.alarms.inputs.queries import InputError, Query, Queues
from swf_remote.alarms.models import Alarm, Event, Silence, State

from .explaining import read_explanation
from .matchers import MatcherError, Matchers, read_matchers
from .quiet import Quiet

LOG = logging.getLogger("swf_remote.alarms")
CLOSED = frozenset({"offline", "brokeroff"})
"""States of queues that take no jobs (panda-states: a queue is switched off by people, or by their monitoring)."""


def silences_at(now: datetime) -> Sequence[Matchers]:
    """Those in force. A row that cannot be read holds nothing back."""
    found = []
    for silence in Silence.objects.filter(starts_at__lte=now, ends_at__gt=now):
        try:
            found.append(read_matchers(silence.matchers))
        except MatcherError as error:
            LOG.warning("alarms: silence %s holds nothing back: %s", silence.pk, error)
    return found


def closed_sites(asked: Mapping[Query[Any], Any]) -> AbstractSet[str]:
    """Sites whose queues are switched off; none where the monitor does not tell."""
    queues = asked.get(Queues(), ())
    if isinstance(queues, InputError):
        LOG.warning("alarms: no maintenance is heeded: %s", queues)
        return frozenset()
    return frozenset(queue.name for queue in queues if queue.status in CLOSED)


def quiet_for(alarm: Alarm, silences: Sequence[Matchers], closed: AbstractSet[str]) -> Quiet:
    """What holds back this alarm's messages."""
    try:
        explanation = read_explanation(alarm.explained_by)
    except MatcherError as error:
        LOG.warning("alarms: nothing explains %s: %s", alarm.name, error)
        explanation = None
    return Quiet(
        silences,
        closed if alarm.heed_maintenance else frozenset(),
        explanation,
        _told(alarm) if explanation else (),
    )


def _told(alarm: Alarm) -> Sequence[Mapping[str, str]]:
    fires = Event.objects.filter(state__in=(State.FIRING, State.ACKNOWLEDGED), notified_at__isnull=False)
    return list(fires.exclude(alarm=alarm).order_by().values_list("labels", flat=True))
