"""Trying alarms: what matches now, a test message, and what the last days would have brought."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from swf_remote.alarms.access import may_edit
from swf_remote.alarms.backtest.replay import Backtest, Episode, backtest
from swf_remote.alarms.configuring import check
from swf_remote.alarms.detecting.contract import Match
from swf_remote.alarms.editing.looking import Look, look
from swf_remote.alarms.editing.turns import NotNowError, Turns
from swf_remote.alarms.inputs.queries import InputError
from swf_remote.alarms.models import Alarm
from swf_remote.alarms.testing import send_test
from swf_remote.edge.problem import Problem, ProblemError
from swf_remote.web.addresses import own_url

from .alarms import draft, find
from .serving import Asked, Reply
from .shapes import Shape, moment
from .words import number, only_words

MOST_DAYS = 30
DEFAULT_DAYS = 7
BUDGET_SECONDS = 20
MOST_EPISODES = 500
BUSY = Problem(
    503,
    "busy",
    "Alarms are tried one at a time",
    "Try again in some seconds: trying must not slow the real alarms down.",
)
_TURNS = Turns()


def preview(asked: Asked) -> Reply:
    """What the configuration that was sent would find now; nothing is saved, and nobody is told."""
    asked.need_reader()
    return Reply(_found(asked, draft(asked, asked.body())))


def matches(asked: Asked, name: str) -> Reply:
    """What an alarm would find now, for signed-in users."""
    asked.need_reader()
    only_words(asked)
    return Reply(_found(asked, find(name)))


def test(asked: Asked, name: str) -> Reply:
    """A test message is put into the outbox for the alarm's own people."""
    alarm = find(name)
    asked.need(may_edit(asked.reader, alarm))
    with _turn(asked):
        made = send_test(alarm, asked.name, asked.now)
    return Reply({"deliveries": [one.pk for one in made]}, 202)


def past(asked: Asked, name: str) -> Reply:
    """What an alarm would have done over the last ``days``, for signed-in users."""
    asked.need_reader()
    days = number(only_words(asked, "days"), "days", DEFAULT_DAYS, MOST_DAYS)
    alarm = find(name)
    check(alarm)
    with _turn(asked):
        return Reply(backtest_shape(backtest(alarm, days, asked.now, budget_seconds=BUDGET_SECONDS)))


@contextmanager
def _turn(asked: Asked) -> Iterator[None]:
    try:
        with _TURNS.of(asked.name):
            yield
    except NotNowError as error:
        raise ProblemError(replace(BUSY, retry_after=error.seconds)) from None


def _found(asked: Asked, alarm: Alarm) -> Shape:
    check(alarm)
    with _turn(asked):
        found = look(alarm, asked.now)
    if found.trouble:
        raise InputError("; ".join(f"{query}: {why}" for query, why in found.trouble))
    return look_shape(found)


def look_shape(found: Look) -> Shape:
    """What matches at a moment."""
    return {
        "at": moment(found.at),
        "number": found.count,
        "matches": [match_shape(one) for one in found.matches],
        "beyond_scope": found.outside,
        "seconds": round(found.seconds, 3),
    }


def match_shape(match: Match) -> Shape:
    """One thing that matches."""
    return {
        "fingerprint": match.fingerprint,
        "subject": match.subject,
        "metric": match.metric,
        "detail": match.detail,
        "severity": match.severity,
        "labels": dict(match.labels),
        "values": dict(match.values),
        "links": [{"words": link.words, "url": own_url(link.path)} for link in match.links],
    }


def backtest_shape(found: Backtest) -> Shape:
    """What an alarm would have done."""
    return {
        "asked_since": moment(found.asked_since),
        "sees_since": moment(found.sees_since),
        "until": moment(found.until),
        "ticks": found.ticks,
        "evaluated": found.evaluated,
        "failed": dict(found.failed),
        "complete": found.complete,
        "unsupported": found.unsupported,
        "words": found.words(),
        "number": len(found.episodes),
        "episodes": [_episode(one) for one in found.episodes[-MOST_EPISODES:]],
        "messages": [
            {"at": moment(one.at), "new": one.new, "continuing": one.continuing, "cleared": one.cleared}
            for one in found.messages[-MOST_EPISODES:]
        ],
    }


def _episode(one: Episode) -> Shape:
    return {
        "fingerprint": one.fingerprint,
        "subject": one.subject,
        "severity": one.severity,
        "fired_at": moment(one.fired_at),
        "resolved_at": moment(one.resolved_at),
        "values": dict(one.values),
    }
