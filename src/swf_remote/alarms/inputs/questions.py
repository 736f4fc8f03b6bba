"""Each kind of question: which addresses answer it, and how they are read."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from swf_remote.proxy.policy.exposure import Exposure

from . import field_path
from .exchange import Exchange
from .items import Job, Task
from .queries import ActivityOf, ErrorPatterns, InputError, Jobs, Query, Queues, Tasks, TheField, words_of
from .reading import activity_of, job_of, patterns_of, queues_of, task_of
from .walking import Walk, at_address

MOST_TASKS = 100_000
TASKS_OF_A_PAGE = 200
JOBS_OF_A_PAGE = 1000


class Documents:
    """Answers in one piece; the same address is asked once, whatever for."""

    def __init__(self) -> None:
        self._asked: dict[str, asyncio.Task[Any]] = {}

    async def at(self, path: str, exchange: Exchange) -> Any:
        """The JSON at `path`, by `exchange` if nobody asked for it before.

        Raises:
            InputError: it could not be had.
        """
        if path not in self._asked:
            self._asked[path] = asyncio.create_task(exchange.document(path))
        return await asyncio.shield(self._asked[path])

    def give_up(self) -> None:
        """Wait for nothing more."""
        for task in self._asked.values():
            task.cancel()


def answer(
    query: Query[Any], exchange: Exchange, documents: Documents, table: Exposure
) -> Coroutine[Any, Any, Any] | None:
    """What has to be awaited for the answer; None: no monitor answers such a question.

    Awaiting it raises ``InputError`` where the monitor does not give a whole and correct answer.
    """
    match query:
        case Tasks():
            return _tasks(query, exchange)
        case Jobs():
            return _jobs(query, exchange)
    found = _in_one_piece(query, table)
    return None if found is None else _read(*found, exchange, documents)


def _in_one_piece(query: Query[Any], table: Exposure) -> tuple[str, Callable[[Any], Any]] | None:
    """Address and reading of an answer that comes at once."""
    match query:
        case ActivityOf(days):
            return f"api/panda/activity/?days={days}", lambda found: activity_of(found, days)
        case ErrorPatterns(days, most):
            return f"api/panda/errors/?days={days}&limit={most}", patterns_of
        case Queues():
            return "api/panda/queues/?hours=24", queues_of
        case TheField(path):
            return field_path.checked(path, table), lambda found: found
    return None


def size_of(answer: Any) -> int | None:
    """How many rows an answer has; None: it is not made of rows."""
    return len(answer) if isinstance(answer, (tuple, list)) else None


async def _tasks(query: Tasks, exchange: Exchange) -> tuple[Task, ...]:
    walk = Walk(
        exchange,
        f"api/panda/tasks/?days={query.days}",
        limit=TASKS_OF_A_PAGE,
        days=query.days,
        read=task_of,
        number=lambda task: task.jeditaskid,
    )
    return tuple(await walk.rows(MOST_TASKS))


async def _jobs(query: Jobs, exchange: Exchange) -> tuple[Job, ...]:
    if not query.status.isalnum() or not query.status.isascii():
        raise InputError(f"{words_of(query)}: a state is a word of letters")
    walk = Walk(
        exchange,
        f"api/panda/jobs/?days={query.days}&status={query.status}",
        limit=min(JOBS_OF_A_PAGE, query.most),
        days=query.days,
        read=job_of,
        number=lambda job: job.pandaid,
    )
    return tuple(await walk.rows(query.most, cut=True))


async def _read(path: str, read: Callable[[Any], Any], exchange: Exchange, documents: Documents) -> Any:
    return at_address(path, read, await documents.at(path, exchange))
