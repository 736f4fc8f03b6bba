"""The answers that a kept tick gives to a detector's questions. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from operator import attrgetter
from typing import Any

from swf_remote.alarms.inputs.answers import Answers
from swf_remote.alarms.inputs.items import Activity, Counts, Moment, Past, Task
from swf_remote.alarms.inputs.queries import ActivityOf, InputError, PastOf, Query, Tasks, words_of
from swf_remote.alarms.inputs.thinning import Window


def unsupported(queries: Iterable[Query[Any]]) -> str:
    """Why a detector with these questions cannot be tried on kept ticks; empty: it can."""
    missing = [words_of(query) for query in queries if not _is_kept(query)]
    if not missing:
        return ""
    return (
        f"It asks {', '.join(missing)}, which is not kept of earlier ticks, so it cannot be tried on them. Kept are "
        "tasks, and jobs by site and user of one day."
    )


def _is_kept(query: Query[Any]) -> bool:
    return isinstance(query, (Tasks, PastOf)) or query == ActivityOf(1)


def reach_of(queries: Iterable[Query[Any]]) -> timedelta:
    """How far the questions look back from a tick."""
    return timedelta(hours=max((query.hours for query in queries if isinstance(query, PastOf)), default=0))


def answers_at(moment: Moment, queries: Sequence[Query[Any]], window: Window) -> Answers:
    """What the questions get; `window` holds the ticks before.

    Raises:
        InputError: what one of them needs was not kept of this tick.
    """
    found: Mapping[Query[Any], Any] = {query: _answer(moment, query, window) for query in queries}
    return Answers(moment.at, found)


def _answer(moment: Moment, query: Query[Any], window: Window) -> tuple[Task, ...] | Activity | Past:
    match query:
        case Tasks(days):
            return _tasks(moment, days)
        case PastOf(hours):
            return window.past(moment.at - timedelta(hours=hours), moment.at)
        case ActivityOf(1):
            return _activity(moment)
    raise InputError(f"{words_of(query)} is not kept of earlier ticks")


def _tasks(moment: Moment, days: int) -> tuple[Task, ...]:
    """Newest first, as the monitor lists them."""
    if not moment.has_tasks or moment.covers_since is None:
        raise InputError("the tick had no tasks")
    begin = moment.at - timedelta(days=days)
    if moment.covers_since > begin:
        raise InputError(f"of {days} days of tasks not all are kept")
    within = [task for task in moment.tasks.values() if task.modified >= begin]
    within.sort(key=attrgetter("jeditaskid"), reverse=True)
    return tuple(within)


def _activity(moment: Moment) -> Activity:
    if not moment.has_sites:
        raise InputError("the tick had no jobs by site")
    sites, by_status = tuple(moment.sites.values()), Counter[str]()
    for site in sites:
        by_status.update(site.by_status)
    return Activity(_total(sites), by_status, sites, tuple(moment.users.values()))


def _total(counts: Iterable[Counts]) -> int:
    return sum(one.total for one in counts)
