"""Finds what changed in the PanDA tables since it last looked: the only module of the stream with SQL.

A job's state is found by ``statechangetime``, which every job table indexes and which PanDA sets at each change of
state. Each look overlaps the previous one, because a transaction may commit after a later one did; what is already
known is not told twice. The reader compares states, so a job that passed two states between two looks gives one event.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Column, Connection, Table, func, or_, select, union_all

from swf_monitor.panda.schema import table
from swf_monitor.panda.stream.events import Event
from swf_monitor.panda.windows import utc_now

AGENT: Final = "panda-watcher"
OVERLAP: Final = timedelta(seconds=30)
# A row dated in the far future must not make the reader blind to everything before it.
CREDIBLE_AHEAD: Final = timedelta(days=2)
REMEMBERED: Final = 100_000

_JOB_COLUMNS: Final = ("pandaid", "jeditaskid", "jobstatus", "computingsite", "produsername", "statechangetime")
_TASK_COLUMNS: Final = ("jeditaskid", "taskname", "status", "username", "statechangetime")
Rows = list[Mapping[str, Any]]


class ChangedRows:
    """Rows of one table whose time columns moved since the last `read`."""

    def __init__(self, source: Table, times: tuple[str, ...], columns: tuple[str, ...]) -> None:
        self._times: list[Column[Any]] = [source.c[name] for name in times]
        self._query = select(*(source.c[name] for name in dict.fromkeys((*columns, *times))))
        self._position: datetime | None = None

    def read(self, connection: Connection, now: datetime) -> Rows:
        """The rows newer than the last position less the overlap; at first those of the last moments."""
        horizon = now + CREDIBLE_AHEAD
        if self._position is None:
            self._position = self._newest(connection, horizon)
        if self._position is None:
            return []
        since = self._position - OVERLAP
        found = connection.execute(self._query.where(or_(*(time > since for time in self._times))))
        rows: Rows = [dict(row) for row in found.mappings()]
        seen = [row[time.name] for row in rows for time in self._times]
        self._position = max((time for time in seen if time and time <= horizon), default=self._position)
        return rows

    def _newest(self, connection: Connection, horizon: datetime) -> datetime | None:
        newest = union_all(*(select(func.max(time)).where(time <= horizon) for time in self._times))
        return max((moment for moment in connection.execute(newest).scalars() if moment), default=None)


class LastKnown:
    """The last state told for each id; forgets the oldest ids beyond `capacity`."""

    def __init__(self, capacity: int = REMEMBERED) -> None:
        self._states: OrderedDict[int, str] = OrderedDict()
        self._capacity = capacity

    def replace(self, key: int, state: str) -> str | None:
        """Remember `state`; returns what was known before, or None."""
        before = self._states.pop(key, None)
        self._states[key] = state
        if len(self._states) > self._capacity:
            self._states.popitem(last=False)
        return before


class ChangeReader:
    """Remembers where it stopped; the first `read` only takes the position and reports nothing."""

    def __init__(self, clock: Callable[[], datetime] = utc_now) -> None:
        self._clock = clock
        self._job_tables = [
            ChangedRows(table(name), ("statechangetime",), _JOB_COLUMNS)
            for name in ("jobsdefined4", "jobsactive4", "jobsarchived4")
        ]
        # A task has no index on statechangetime, and PanDA may set modificationtime back on purpose (a trigger then
        # keeps the true time beside it); there are few tasks, so all three are asked.
        self._tasks = ChangedRows(
            table("jedi_tasks"), ("statechangetime", "modificationtime", "realmodificationtime"), _TASK_COLUMNS
        )
        self._job_states = LastKnown()
        self._task_states = LastKnown()
        self._logs: set[int] = set()
        self._first = True

    def read(self, connection: Connection) -> list[Event]:
        """Everything that changed since the last call, oldest first.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: the database cannot be read.
        """
        now = self._clock()
        tasks = self._tasks.read(connection, now)
        jobs = [row for source in self._job_tables for row in source.read(connection, now)]
        jobs.sort(key=lambda row: (row["statechangetime"], row["pandaid"]))
        events = [*self._task_events(tasks), *self._job_events(jobs), *self._log_events(connection)]
        first, self._first = self._first, False
        return [] if first else events

    def _job_events(self, rows: Rows) -> list[Event]:
        return [
            _message("job_state", _job_facts(row), row["jobstatus"], before, row)
            for row, before in _new_states(rows, self._job_states, "pandaid", "jobstatus")
        ]

    def _task_events(self, rows: Rows) -> list[Event]:
        return [
            _message("task_state", _task_facts(row), row["status"], before, row)
            for row, before in _new_states(rows, self._task_states, "jeditaskid", "status")
        ]

    def _log_events(self, connection: Connection) -> list[Event]:
        debug, active = table("jobsdebug"), table("jobsactive4")
        tasks = debug.outerjoin(active, active.c.pandaid == debug.c.pandaid)
        present = {
            row.pandaid: row.jeditaskid
            for row in connection.execute(select(debug.c.pandaid, active.c.jeditaskid).select_from(tasks))
        }
        new = sorted(present.keys() - self._logs)
        self._logs = set(present)
        return [
            Event("payload_log_ready", {**_sender("payload_log_ready"), "pandaid": job, "jeditaskid": present[job]})
            for job in new
        ]


def _new_states(rows: Rows, known: LastKnown, key: str, state: str) -> Iterator[tuple[Mapping[str, Any], str | None]]:
    """The rows whose state is not the one last told, each with that one."""
    for row in rows:
        before = known.replace(row[key], row[state])
        if before != row[state]:
            yield row, before


def _message(msg_type: str, facts: Mapping[str, Any], status: str, before: str | None, row: Mapping[str, Any]) -> Event:
    changed = row["statechangetime"]
    history = {"status": status, "oldstatus": before, "statechangetime": changed and changed.isoformat()}
    return Event(msg_type, {**_sender(msg_type), **facts, **history})


def _sender(msg_type: str) -> dict[str, Any]:
    return {
        "msg_type": msg_type,
        "processed_by": AGENT,
        "sender_agent": AGENT,
        "sent_at": datetime.now(UTC).isoformat(),
    }


def _job_facts(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "pandaid": row["pandaid"],
        "jeditaskid": row["jeditaskid"],
        "computingsite": row["computingsite"],
        "username": row["produsername"],
    }


def _task_facts(row: Mapping[str, Any]) -> dict[str, Any]:
    return {"jedi_task_id": row["jeditaskid"], "task_name": row["taskname"], "username": row["username"]}
