"""How an event steps through its states. Pure; times are aware.

pending → firing → acknowledged → resolved: it fires when it has matched for as long as the alarm asks, and resolves
when it has not matched for as long as the alarm asks. A clock that goes back makes no time pass.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum


class Step(StrEnum):
    """What happened to an event in one evaluation."""

    NONE = "none"
    PENDING = "pending"
    FIRED = "firing"
    RESOLVED = "resolved"
    DROPPED = "dropped"
    """It never fired, and is gone."""


class Stage(StrEnum):
    """Where an event stands; the words of ``models.State``."""

    PENDING = "pending"
    FIRING = "firing"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class Patience:
    """How long the alarm waits."""

    before_firing: timedelta = timedelta(0)
    before_clearing: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class Standing:
    """An event's state."""

    stage: Stage
    first_seen: datetime
    last_seen: datetime
    fired_at: datetime | None = None
    gone_since: datetime | None = None
    resolved_at: datetime | None = None


def matched(known: Standing | None, now: datetime, patience: Patience) -> tuple[Standing, Step]:
    """It matches now; `known` is the open event, if there is one."""
    if known is None:
        born = Standing(Stage.PENDING, now, now)
        standing, step = _fire_if_ripe(born, now, patience)
        return standing, step if step is Step.FIRED else Step.PENDING
    seen = replace(known, first_seen=min(known.first_seen, now), last_seen=now, gone_since=None)
    return _fire_if_ripe(seen, now, patience) if seen.stage is Stage.PENDING else (seen, Step.NONE)


def absent(known: Standing, now: datetime, patience: Patience) -> tuple[Standing, Step]:
    """A successful evaluation does not match it any more."""
    if known.stage is Stage.PENDING:
        return known, Step.DROPPED
    gone_since = min(known.gone_since or now, now)
    if now - gone_since < patience.before_clearing:
        return replace(known, gone_since=gone_since), Step.NONE
    return replace(known, stage=Stage.RESOLVED, gone_since=gone_since, resolved_at=now), Step.RESOLVED


def _fire_if_ripe(known: Standing, now: datetime, patience: Patience) -> tuple[Standing, Step]:
    if now - known.first_seen < patience.before_firing:
        return known, Step.NONE
    return replace(known, stage=Stage.FIRING, fired_at=now), Step.FIRED
