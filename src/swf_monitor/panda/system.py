"""Judges the state of the system: can the PanDA database be read, and does anybody still fill it.

The judgement is made anew for each caller from a few cheap look-ups, so it is never older than the answer it is in.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from swf_monitor.panda import windows
from swf_monitor.panda.database import snapshot
from swf_monitor.panda.queries.health import Freshness, freshness

log = logging.getLogger(__name__)

OK: Final = "ok"
WARNING: Final = "warning"
ERROR: Final = "error"
UNKNOWN: Final = "unknown"
_SEVERITY: Final = (ERROR, WARNING, UNKNOWN, OK)


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the status page: what was looked at, how it is, and why."""

    category: str
    name: str
    status: str
    summary: str
    newest: datetime | None = None


@dataclass(frozen=True, slots=True)
class SystemStatus:
    """All checks and the worst of them."""

    checks: Sequence[Check]
    checked_at: datetime

    @property
    def worst(self) -> Check:
        """The check that decides the overall status; the first one when all are equally well."""
        return min(self.checks, key=lambda check: _SEVERITY.index(check.status))

    @property
    def data_as_of(self) -> datetime | None:
        """The newest sign that somebody fills the database (UTC); None while there is none."""
        newest = max((check.newest for check in self.checks if check.newest is not None), default=None)
        return None if newest is None else newest.replace(tzinfo=UTC)

    def counts(self) -> dict[str, int]:
        """How many checks have each status, and their total."""
        by_status = {
            status: sum(check.status == status for check in self.checks) for status in (OK, WARNING, ERROR, UNKNOWN)
        }
        return {**by_status, "total": len(self.checks)}

    @property
    def reason(self) -> str:
        """The overall reason in one sentence."""
        return "All checks are well." if self.worst.status == OK else self.worst.summary


def system_status(feed_max_age: float) -> SystemStatus:
    """Look and judge.

    Args:
        feed_max_age: seconds without a Harvester heartbeat after which PanDA counts as silent.
    """
    now = windows.utc_now()
    try:
        with snapshot() as connection:
            found = freshness(connection)
    except SQLAlchemyError:
        log.warning("the PanDA database cannot be read", exc_info=True)
        unreadable = Check("PanDA", "Database", ERROR, "The PanDA database cannot be read.")
        return SystemStatus([unreadable], now.replace(tzinfo=UTC))
    checks = [
        Check("PanDA", "Database", OK, "The PanDA database can be read."),
        _feed(found.heartbeat, now, feed_max_age),
        *_activity(found, now),
    ]
    return SystemStatus(checks, now.replace(tzinfo=UTC))


def _feed(heartbeat: datetime | None, now: datetime, feed_max_age: float) -> Check:
    if heartbeat is None:
        return Check("PanDA", "Feed", UNKNOWN, "No Harvester instance has reported yet.")
    age = (now - heartbeat).total_seconds()
    if age > feed_max_age:
        return Check(
            "PanDA", "Feed", ERROR, f"PanDA feed silent since {heartbeat:%H:%M:%S} UTC ({age:.0f} s)", heartbeat
        )
    return Check("PanDA", "Feed", OK, f"Harvester reported {max(age, 0):.0f} s ago.", heartbeat)


def _activity(found: Freshness, now: datetime) -> list[Check]:
    return [
        _change("Jobs", "job", found.job_change, now),
        _change("Tasks", "task", found.task_change, now),
    ]


def _change(name: str, noun: str, moment: datetime | None, now: datetime) -> Check:
    if moment is None:
        return Check("Production", name, UNKNOWN, f"There is no {noun} in the database.")
    age = max((now - moment).total_seconds(), 0)
    return Check("Production", name, OK, f"The last {noun} changed {age:.0f} s ago.", moment)
