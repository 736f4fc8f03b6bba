"""What answers consist of, read strictly: a field that is missing or of the wrong kind is an ``InputError``, because an
alarm that silently reads nothing looks healthy.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Task:
    """A task's counters as ``api/panda/tasks/`` tells them (contract 5.2). Times are aware, in UTC."""

    jeditaskid: int
    taskname: str
    status: str
    username: str
    workinggroup: str
    processingtype: str
    site: str
    modified: datetime
    created: datetime | None
    started: datetime | None
    nactive: int
    nfinished: int
    nfailed: int
    nrunning: int
    nretries: int
    nfinalfailed: int
    nfilesfinished: int
    failure_rate: float | None
    """Failed of all ended job records, 0 to 1."""
    final_failure_rate: float | None
    """Files that used up their retries, 0 to 1; None where the monitor does not tell it."""
    progress: int | None
    """Percent."""
    has_final_rate: bool = True
    """Whether the monitor knows final failures at all."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Jobs of one site or user by state."""

    name: str
    total: int
    by_status: Mapping[str, int]

    def of(self, *states: str) -> int:
        """How many are in one of these states."""
        return sum(self.by_status.get(state, 0) for state in states)


@dataclass(frozen=True, slots=True)
class Activity:
    """Jobs by state, site and user."""

    total: int
    by_status: Mapping[str, int]
    by_site: tuple[Counts, ...]
    by_user: tuple[Counts, ...]


@dataclass(frozen=True, slots=True)
class Job:
    """A job as ``api/panda/jobs/`` tells it."""

    pandaid: int
    jeditaskid: int | None
    status: str
    site: str
    user: str
    created: datetime | None
    started: datetime | None
    ended: datetime | None
    modified: datetime | None
    cores: int


@dataclass(frozen=True, slots=True)
class ErrorPattern:
    """Failed jobs that say the same."""

    source: str
    code: int
    text: str
    count: int
    tasks: int
    sites: tuple[str, ...]
    users: tuple[str, ...]
    first_seen: datetime | None
    last_seen: datetime | None


@dataclass(frozen=True, slots=True)
class Queue:
    """A queue and how busy it is."""

    name: str
    status: str
    running: int
    waiting: int
    finished: int
    failed: int
    last_job_end: datetime | None


@dataclass(frozen=True, slots=True)
class LinkWord:
    """How the link is."""

    up: bool
    since: datetime | None
    broken_at: str
    """Which part, in a word; empty while it is up."""
    data_as_of: datetime | None
    """When the monitor's data last changed, where it tells that."""


@dataclass(frozen=True, slots=True)
class Moment:
    """The counters of one earlier tick."""

    at: datetime
    tasks: Mapping[int, Task]
    """Those that the tick asked for, and those known before that cannot have changed since."""
    sites: Mapping[str, Counts]
    """Jobs of one day."""
    users: Mapping[str, Counts] = field(default_factory=dict)
    """Likewise."""
    covers_since: datetime | None = None
    """All tasks modified at or after this moment are in `tasks`; None: that is not known."""
    has_tasks: bool = True
    """False: the tick did not ask for tasks, or got no answer; `tasks` is empty."""
    has_sites: bool = True
    """False: likewise for sites and users."""


@dataclass(frozen=True, slots=True)
class Past:
    """Earlier ticks, oldest first: each of the last three hours, one in a quarter of an hour of two days, and before
    that one an hour.
    """

    moments: Sequence[Moment]


@dataclass(frozen=True, slots=True)
class Failure:
    """An alarm that could not be evaluated in this tick."""

    alarm: str
    """Its name."""
    title: str
    error: str
    query: str
    """The question that failed, in words; empty if it was not a question."""
