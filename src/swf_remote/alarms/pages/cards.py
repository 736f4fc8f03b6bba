"""Cards of what fires: oldest unacknowledged first, then what somebody looks after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from swf_remote.alarms.models import Event, Silence, State
from swf_remote.alarms.routing.matchers import MatcherError, Matchers, read_matchers

from .serving import bounded_count, counted
from .things import history_url, matchers_of

MOST_CARDS = 20
MOST_COUNTED = 1000
MOST_SILENCES = 200


@dataclass(frozen=True, slots=True)
class Card:
    """One event that fires."""

    event: Event
    silenced_until: datetime | None
    matchers: str
    history: str

    @property
    def metric(self) -> str:
        """The figure against its limit."""
        return str(self.event.values.get("metric", ""))


@dataclass(frozen=True, slots=True)
class Firing:
    """All that fires, and how much of it there is."""

    cards: Sequence[Card]
    firing: int
    acknowledged: int
    pending: int
    oldest: datetime | None

    @property
    def more(self) -> int:
        """How many have no card."""
        return self.firing + self.acknowledged - len(self.cards)

    @property
    def counts(self) -> dict[str, str]:
        """Numbers in words, by state."""
        numbers = {"firing": self.firing, "acknowledged": self.acknowledged, "pending": self.pending}
        return {name: counted(number, MOST_COUNTED) for name, number in numbers.items()}


@dataclass(frozen=True, slots=True)
class Silences:
    """Those that hold now."""

    rows: Sequence[tuple[Silence, Matchers]]

    @classmethod
    def at(cls, now: datetime) -> Silences:
        """Read them; one that cannot be read silences nothing."""
        rows = []
        for silence in Silence.objects.filter(ends_at__gt=now, starts_at__lte=now).order_by("ends_at")[:MOST_SILENCES]:
            try:
                rows.append((silence, read_matchers(silence.matchers)))
            except MatcherError:
                continue
        return cls(rows)

    def until(self, event: Event) -> datetime | None:
        """Until when nobody is told of the event; None: it is not silenced."""
        labels = {name: str(value) for name, value in event.labels.items()}
        ends = [silence.ends_at for silence, matchers in self.rows if matchers.hold(labels)]
        return max(ends, default=None)


def card_of(event: Event, silences: Silences) -> Card:
    """The card of an event."""
    return Card(event, silences.until(event), matchers_of(event), history_url(event))


def firing_now(silences: Silences) -> Firing:
    """What fires, with a card for each of the first `MOST_CARDS`."""
    events: list[Event] = []
    numbers = {}
    for state in (State.FIRING, State.ACKNOWLEDGED, State.PENDING):
        found = Event.objects.filter(state=state)
        numbers[state] = bounded_count(found, MOST_COUNTED)
        if state != State.PENDING and numbers[state] and len(events) < MOST_CARDS:
            events += found.select_related("alarm").order_by("fired_at")[: MOST_CARDS - len(events)]
    fires = [event.fired_at for event in events if event.state == State.FIRING and event.fired_at]
    return Firing(
        [card_of(event, silences) for event in events],
        numbers[State.FIRING],
        numbers[State.ACKNOWLEDGED],
        numbers[State.PENDING],
        min(fires, default=None),
    )
