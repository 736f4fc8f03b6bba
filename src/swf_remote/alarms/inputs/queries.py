"""Questions that detectors ask. Equal questions are one request, however many alarms ask them in a tick."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from .items import Activity, ErrorPattern, Failure, Job, LinkWord, Past, Queue, Task

T_co = TypeVar("T_co", covariant=True)


class InputError(Exception):
    """A question got no answer that can be relied on; the text says why, for the people who run the alarms."""


@dataclass(frozen=True, slots=True)
class Query(Generic[T_co]):
    """A question whose answer is a `T_co`."""


@dataclass(frozen=True, slots=True)
class Tasks(Query[tuple[Task, ...]]):
    """All tasks modified in the last `days` days (contract 5.2); newest first."""

    days: int = 1


@dataclass(frozen=True, slots=True)
class ActivityOf(Query[Activity]):
    """Jobs of the last `days` days, counted by state, site and user (contract 5.3)."""

    days: int = 1


@dataclass(frozen=True, slots=True)
class Jobs(Query[tuple[Job, ...]]):
    """Jobs of the last `days` days in one state (contract 5.3), at most `most`, newest first."""

    status: str
    days: int = 7
    most: int = 20_000


@dataclass(frozen=True, slots=True)
class ErrorPatterns(Query[tuple[ErrorPattern, ...]]):
    """Error patterns of the last `days` days; only monitors that offer ``api/panda/errors/`` tell them."""

    days: int = 1
    most: int = 200


@dataclass(frozen=True, slots=True)
class Queues(Query[tuple[Queue, ...]]):
    """All queues; only monitors that offer ``api/panda/queues/`` tell them."""


@dataclass(frozen=True, slots=True)
class TheLink(Query[LinkWord]):
    """How the link is; always has an answer."""


@dataclass(frozen=True, slots=True)
class TheField(Query[object]):
    """One answer of the monitor's REST interface, as it is; `path` is relative to ``api/panda/``, with its query."""

    path: str


@dataclass(frozen=True, slots=True)
class PastOf(Query[Past]):
    """Task and site counters of earlier ticks, as far as `hours` back; asks no monitor."""

    hours: int = 24


@dataclass(frozen=True, slots=True)
class TickFailures(Query[tuple[Failure, ...]]):
    """What could not be evaluated in this tick; asks no monitor, and is answered last."""


def words_of(query: Query[Any]) -> str:
    """A question, for people: ``Tasks(days=1)``, ``TheLink``."""
    return repr(query).replace("()", "")
