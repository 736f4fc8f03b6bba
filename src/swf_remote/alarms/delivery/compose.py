"""What a message says, apart from how a channel writes it. Asks nobody; links to acknowledge are signed with the time.

Everything in a message is clean and bounded: one line where one is due, at most `MOST_ITEMS` events, the rest counted.
"""

from __future__ import annotations

from collections.abc import Iterable, MutableMapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from swf_remote.alarms.acknowledge_links import link_for
from swf_remote.alarms.models import Alarm, Event, Severity, State
from swf_remote.alarms.routing.news import News
from swf_remote.web.moments import duration, stamp

from .wording import address, counted, one_line, some_lines

MOST_ITEMS = 50
LONGEST_SUBJECT = 200
_RANKS = {Severity.CRITICAL.value: 2, Severity.WARNING.value: 1}
_LONGEST_LINE = 500
_DESCRIPTION_LINES, _DETAIL_LINES = 40, 15
_MOST_LINKS = 8
_SOON = timedelta(minutes=1)
_IN_SUBJECTS = {"escalated": "not acknowledged"}


@dataclass(frozen=True, slots=True)
class Link:
    """Words, and the whole address that they lead to."""

    words: str
    url: str


@dataclass(frozen=True, slots=True)
class Item:
    """One event."""

    id: str
    severity: str
    subject: str
    when: str
    """Since when, and how long nobody acknowledged it; or from when to when and why it is over."""
    detail: tuple[str, ...]
    url: str
    """Its page."""
    links: tuple[Link, ...]
    """Pages of the monitor, behind the gateway."""
    acknowledge: str
    """Where whoever reads a mail acknowledges it; empty: it is over, acknowledged, or only tried."""


@dataclass(frozen=True, slots=True)
class Group:
    """Items that have a label in common."""

    title: str
    """Empty where the alarm does not group."""
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """What nobody acknowledged, what is new, what continues, or what is over."""

    word: str
    """``escalated``, ``new``, ``continuing`` or ``cleared``."""
    count: int
    """Of all, also of those that are left out."""
    groups: tuple[Group, ...]

    @property
    def items(self) -> tuple[Item, ...]:
        """All of them, over the groups."""
        return tuple(item for group in self.groups for item in group.items)


@dataclass(frozen=True, slots=True)
class Subscribed:
    """Why a subscriber gets a message, and since when it waited."""

    why: tuple[str, ...]
    """The subscriptions, in words."""
    url: str
    """Where the subscriber changes them."""
    waits_until: datetime | None
    """End of the quiet hours; None: it did not wait."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message of one alarm."""

    subject: str
    severity: str
    """The worst of what fires; of what is over, where nothing does."""
    alarm: str
    title: str
    description: tuple[str, ...]
    sections: tuple[Section, ...]
    left_out: int
    """Events that are counted and not listed."""
    others: str
    """How many fire without being told here, in words; may be empty."""
    url: str
    """The page of all alarms."""
    at: datetime
    test_by: str
    """Who asked for it, if it is a test."""
    subscribed: Subscribed | None = None
    """Of a subscriber's own message."""

    @property
    def is_over(self) -> bool:
        """Whether it tells of ends only."""
        return bool(self.sections) and all(section.word == "cleared" for section in self.sections)


def compose(
    alarm: Alarm,
    news: News,
    *,
    public_url: str,
    now: datetime,
    test_by: str = "",
    items: MutableMapping[str, Item] | None = None,
) -> Message:
    """The message that tells `news`.

    Args:
        alarm: whose message it is.
        news: what there is to tell; may be empty in a test.
        public_url: the gateway's address as readers type it, with the mount.
        now: when it is written.
        test_by: who asked for it, if it is a test.
        items: what other messages of the same news made of the events, by identifier; what is new is added.
    """
    known = {} if items is None else items
    told = [
        ("escalated", _worst_first(news.escalated)),
        ("new", _worst_first(news.new)),
        ("continuing", _worst_first(news.continuing)),
        ("cleared", news.cleared),
    ]
    sections, room = [], MOST_ITEMS
    for word, events in told:
        if events:
            for event in events[:room]:
                if event.pk not in known:
                    known[event.pk] = _item(event, word, public_url, now)
            listed = [known[event.pk] for event in events[:room]]
            sections.append(Section(word, len(events), _groups(listed, events, alarm.group_by)))
            room -= len(listed)
    total = sum(len(events) for _, events in told)
    severity = _worst([*news.escalated, *news.new, *news.continuing]) or _worst(news.cleared) or alarm.severity
    return Message(
        subject=_subject(alarm, told, severity, test=bool(test_by)),
        severity=severity,
        alarm=one_line(alarm.name, 100),
        title=one_line(alarm.title, 255),
        description=some_lines(alarm.description, _DESCRIPTION_LINES, _LONGEST_LINE),
        sections=tuple(sections),
        left_out=total - (MOST_ITEMS - room),
        others=_others(news),
        url=address(public_url, "alarms/"),
        at=now,
        test_by=one_line(test_by, 150),
    )


def _subject(alarm: Alarm, told: Sequence[tuple[str, Sequence[Event]]], severity: str, *, test: bool) -> str:
    """``[warning] name: 2 detections, 1 new, 1 continuing``; what is over is no detection."""
    counts = {word: len(events) for word, events in told}
    fires = counts["escalated"] + counts["new"] + counts["continuing"]
    words = [counted(fires, "detection")] if fires else []
    words += [f"{number} {_IN_SUBJECTS.get(word, word)}" for word, number in counts.items() if number]
    marks = "[TEST] " if test else ""
    marks += f"[{severity}]" if fires or not counts["cleared"] else "[cleared]"
    subject = f"{marks} {alarm.name}: {', '.join(words) or 'nothing to tell'}"
    events = [event for _, some in told for event in some]
    if len(events) == 1:
        subject += f": {events[0].subject}"
    return one_line(subject, LONGEST_SUBJECT)


def _worst_first(events: Sequence[Event]) -> list[Event]:
    return sorted(events, key=lambda event: -_RANKS.get(event.severity, 0))


def _worst(events: Iterable[Event]) -> str:
    return max((event.severity for event in events), key=lambda word: _RANKS.get(word, 0), default="")


def _groups(items: Sequence[Item], events: Sequence[Event], label: str) -> tuple[Group, ...]:
    """Groups in the order of their first item."""
    if not label:
        return (Group("", tuple(items)),) if items else ()
    titles = [_title(event, label) for event in events[: len(items)]]
    order = {title: at for at, title in reversed(list(enumerate(titles)))}
    pairs = sorted(zip(titles, items, strict=True), key=lambda pair: order[pair[0]])
    found = groupby(pairs, key=lambda pair: pair[0])
    return tuple(Group(title, tuple(item for _, item in some)) for title, some in found)


def _title(event: Event, label: str) -> str:
    value = one_line(str(event.labels.get(label, "")), 120)
    return f"{label} {value}" if value else f"no {label}"


def _item(event: Event, word: str, public_url: str, now: datetime) -> Item:
    return Item(
        id=event.pk,
        severity=event.severity,
        subject=one_line(event.subject, 300),
        when=_over(event, now) if word == "cleared" else _since(event, now) + _waits(event, word, now),
        detail=() if word == "cleared" else some_lines(event.detail, _DETAIL_LINES, _LONGEST_LINE),
        url=address(public_url, f"alarms/events/{event.pk}/"),
        links=tuple(_links(event, public_url)),
        acknowledge=link_for(event.pk, "", public_url) if _may_be_acknowledged(event) else "",
    )


def _may_be_acknowledged(event: Event) -> bool:
    return event.state == State.FIRING and not event._state.adding


def _since(event: Event, now: datetime) -> str:
    begin = event.fired_at or event.first_seen
    words = f"since {stamp(begin)}"
    if now - begin >= _SOON:
        words += f" ({duration(now - begin)})"
    return f"{words}, flapping" if event.flapping else words


def _waits(event: Event, word: str, now: datetime) -> str:
    since = event.unacknowledged_since
    if word != "escalated" or since is None:
        return ""
    return f"; nobody has acknowledged it since {stamp(since)} ({duration(now - since)})"


def _over(event: Event, now: datetime) -> str:
    begin, end = event.fired_at or event.first_seen, event.resolved_at or now
    why = one_line(event.resolution, 200)
    return f"{stamp(begin)} to {stamp(end)} ({duration(end - begin)})" + (f": {why}" if why else "")


def _links(event: Event, public_url: str) -> Iterable[Link]:
    for words, path in event.links[:_MOST_LINKS]:
        yield Link(one_line(str(words), 100), address(public_url, str(path)[:2000]))


def _others(news: News) -> str:
    held = [(news.acknowledged, "acknowledged"), (news.silenced, "silenced or explained by others")]
    words = [f"{number} {word}" for number, word in held if number]
    return f"Not told here: {', '.join(words)}." if words else ""
