"""What of a tick's answers is kept, together with what an earlier tick knew and cannot have changed since. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from .codec import Known, differences
from .items import Activity, Counts, Task
from .layered import Layered
from .queries import ActivityOf, Query, Tasks

LONGEST = timedelta(days=8)
"""Tasks that were modified longer ago are left out, unless a question asked for them."""
MOST_TASKS = 100_000
CLOCKS = timedelta(minutes=10)
"""By so much the monitor's clock and ours may differ."""


def gathered(now: datetime, asked: Mapping[Query[Any], Any], before: Known | None) -> Known | None:
    """What is known at this tick; None: it asked for nothing that is kept, or got no answer."""
    listed = {query.days: answer for query, answer in asked.items() if isinstance(query, Tasks) and _is_answer(answer)}
    activity = asked.get(ActivityOf(1))
    has_sites = isinstance(activity, Activity)
    if not listed and not has_sites:
        return None
    old = before if before is not None and before.at < now else Known(now, Layered({}), {}, {}, None, False, False)
    tasks, since = _tasks(now, listed, old) if listed else (old.tasks, old.covers_since)
    return Known(
        at=now,
        tasks=tasks,
        sites=_by_name(activity.by_site) if isinstance(activity, Activity) else old.sites,
        users=_by_name(activity.by_user) if isinstance(activity, Activity) else old.users,
        covers_since=since,
        has_tasks=bool(listed),
        has_sites=has_sites,
    )


def _is_answer(answer: Any) -> bool:
    return isinstance(answer, tuple)


def _by_name(counts: tuple[Counts, ...]) -> dict[str, Counts]:
    return {one.name: one for one in counts}


def _tasks(
    now: datetime, listed: Mapping[int, tuple[Task, ...]], old: Known
) -> tuple[Layered[int, Task], datetime | None]:
    """All tasks, and since when every modified one is among them.

    A task that was known, was not modified within the window, and is not listed now has not changed: it would be
    listed if it had. That holds as long as the earlier tick lies in the window.
    """
    begin = now - timedelta(days=max(listed))
    tasks = {task.jeditaskid: task for answer in listed.values() for task in answer}
    since = begin
    if old.covers_since is not None and old.at >= begin + CLOCKS:
        oldest = min(begin, now - LONGEST)
        resting = [
            task
            for number, task in old.tasks.pairs()
            if number not in tasks and oldest <= task.modified < begin + CLOCKS
        ]
        resting.sort(key=lambda task: task.modified)
        room = max(0, MOST_TASKS - len(tasks))
        kept = resting[len(resting) - room :] if room < len(resting) else resting
        since = max(oldest, min(begin, old.covers_since))
        if len(kept) < len(resting):
            since = min(begin, kept[0].modified) if kept else begin
        tasks.update((task.jeditaskid, task) for task in kept)
    return old.tasks.changed(differences(old.tasks, tasks)), since
