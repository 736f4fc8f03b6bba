"""The monitor's answers as ``items``. Pure; what is missing or of the wrong kind is an ``InputError`` that names it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .items import Activity, Counts, ErrorPattern, Job, Queue, Task
from .queries import InputError
from .strictly import (
    INTEGER,
    INTEGER_OR_NONE,
    LIST,
    NUMBER_OR_NONE,
    OBJECT,
    TEXT,
    TEXT_OR_NONE,
    Fields,
    in_words,
    moment,
    texts,
)

# The states of jobs that PanDA knows (contract 4.12); a monitor may count further ones.
JOB_STATES = frozenset((
    "pending", "defined", "waiting", "assigned", "activated", "sent", "starting", "running", "holding", "transferring",
    "merging", "finished", "failed", "cancelled", "closed", "throttled",
))  # fmt: skip

_TASK = {
    "jeditaskid": INTEGER,
    "taskname": TEXT_OR_NONE,
    "status": TEXT_OR_NONE,
    "username": TEXT_OR_NONE,
    "workinggroup": TEXT_OR_NONE,
    "processingtype": TEXT_OR_NONE,
    "site": TEXT_OR_NONE,
    "modificationtime": TEXT_OR_NONE,
    "creationdate": TEXT_OR_NONE,
    "starttime": TEXT_OR_NONE,
    "nactive": INTEGER,
    "nfinished": INTEGER,
    "nfailed": INTEGER,
    "nrunning": INTEGER,
    "nretries": INTEGER,
    "computed_failurerate": NUMBER_OR_NONE,
    "computed_progress": INTEGER_OR_NONE,
}
_FINAL = {"nfinalfailed": INTEGER, "nfilesfinished": INTEGER, "computed_finalfailurerate": NUMBER_OR_NONE}
_TASK_FIELDS = Fields("a task", _TASK)
_FINAL_FIELDS = Fields("a task", _FINAL)
_JOB_FIELDS = Fields(
    "a job",
    {
        "pandaid": INTEGER,
        "jeditaskid": INTEGER_OR_NONE,
        "jobstatus": TEXT,
        "computingsite": TEXT_OR_NONE,
        "produsername": TEXT_OR_NONE,
        "creationtime": TEXT_OR_NONE,
        "starttime": TEXT_OR_NONE,
        "endtime": TEXT_OR_NONE,
        "modificationtime": TEXT_OR_NONE,
        "corecount": INTEGER_OR_NONE,
    },
)
_ACTIVITY_FIELDS = Fields("the activity", {"jobs": OBJECT, "filters": OBJECT})
_JOBS_FIELDS = Fields(
    "the activity's part jobs", {"total": INTEGER, "by_status": OBJECT, "by_user": LIST, "by_site": LIST}
)
_SITE_FIELDS = Fields("a row of by_site", {"site": TEXT_OR_NONE, "total": INTEGER})
_USER_FIELDS = Fields("a row of by_user", {"user": TEXT_OR_NONE, "total": INTEGER})
_ERRORS_FIELDS = Fields("the list of errors", {"total_errors": INTEGER, "count": INTEGER, "errors": LIST})
_PATTERN_FIELDS = Fields(
    "an error pattern",
    {
        "error_source": TEXT,
        "error_code": INTEGER,
        "error_diag": TEXT_OR_NONE,
        "count": INTEGER,
        "task_count": INTEGER,
        "sites": LIST,
        "users": LIST,
        "first_seen": TEXT_OR_NONE,
        "last_seen": TEXT_OR_NONE,
    },
)
_QUEUES_FIELDS = Fields("the list of queues", {"queues": LIST, "count": INTEGER})
_QUEUE_FIELDS = Fields(
    "a queue",
    {
        "panda_queue": TEXT,
        "status": TEXT_OR_NONE,
        "running_now": INTEGER,
        "waiting_now": INTEGER,
        "finished": INTEGER,
        "failed": INTEGER,
        "last_job_end": TEXT_OR_NONE,
    },
)


def task_of(found: Any) -> Task:
    """One task; a monitor that does not tell the rate of final failures need not count these either.

    Raises:
        InputError: it is no task as agreed.
    """
    (
        number, name, status, user, group, kind, site, modified, created, started,
        active, finished, failed, running, retries, rate, progress,
    ) = _TASK_FIELDS.values(found)  # fmt: skip
    tells_final = "computed_finalfailurerate" in found
    final_failed, files_finished, final_rate = _FINAL_FIELDS.values(found) if tells_final else (0, 0, None)
    born = moment(created, "a task", "creationdate")
    changed = moment(modified, "a task", "modificationtime") or born
    if changed is None:
        raise InputError(f"the task {number} has neither modificationtime nor creationdate")
    return Task(
        number,
        name or "",
        status or "",
        user or "",
        group or "",
        kind or "",
        site or "",
        changed,
        born,
        moment(started, "a task", "starttime"),
        active,
        finished,
        failed,
        running,
        retries,
        final_failed,
        files_finished,
        None if rate is None else float(rate),
        None if final_rate is None else float(final_rate),
        progress,
        tells_final,
    )


def job_of(found: Any) -> Job:
    """One job.

    Raises:
        InputError: it is no job as agreed.
    """
    number, task, status, site, user, created, started, ended, modified, cores = _JOB_FIELDS.values(found)
    return Job(
        number,
        task,
        status,
        site or "",
        user or "",
        moment(created, "a job", "creationtime"),
        moment(started, "a job", "starttime"),
        moment(ended, "a job", "endtime"),
        moment(modified, "a job", "modificationtime"),
        cores or 1,
    )


def activity_of(document: Any, days: int) -> Activity:
    """Jobs by state, site and user of the last `days` days (contract 5.3).

    Raises:
        InputError: it is no such answer.
    """
    jobs, filters = _ACTIVITY_FIELDS.values(document)
    if filters.get("days", days) != days:
        raise InputError(f"the activity is about {str(filters['days'])[:20]} days, asked for: {days}")
    total, by_status, by_user, by_site = _JOBS_FIELDS.values(jobs)
    for state, count in by_status.items():
        if type(count) is not int:
            raise InputError(f"the activity has {in_words(type(count))} for the state {state}, where a count belongs")
    return Activity(total, by_status, _counts(by_site, "site", _SITE_FIELDS), _counts(by_user, "user", _USER_FIELDS))


def _counts(rows: Iterable[Any], named: str, fields: Fields) -> tuple[Counts, ...]:
    """Rows by name, in their order; rows without a name are one."""
    found: dict[str, Counts] = {}
    for row in rows:
        name, total = fields.values(row)
        one = Counts(name or "", total, _states(row, named, fields.what))
        known = found.get(one.name)
        found[one.name] = one if known is None else _together(known, one)
    return tuple(found.values())


def _states(row: Mapping[str, Any], named: str, what: str) -> dict[str, int]:
    states = {}
    for state, count in row.items():
        if state in (named, "total"):
            continue
        if type(count) is int:
            states[state] = count
        elif state in JOB_STATES:
            raise InputError(f"{what} has {in_words(type(count))} in the field {state}, where a count belongs")
    return states


def _together(one: Counts, other: Counts) -> Counts:
    states = {**one.by_status}
    for state, count in other.by_status.items():
        states[state] = states.get(state, 0) + count
    return Counts(one.name, one.total + other.total, states)


def patterns_of(document: Any) -> tuple[ErrorPattern, ...]:
    """Error patterns, most frequent first.

    Raises:
        InputError: it is no such answer, or was cut.
    """
    _total, count, errors = _ERRORS_FIELDS.values(document)
    _check_count(count, errors, "error patterns")
    return tuple(map(_pattern_of, errors))


def _pattern_of(found: Any) -> ErrorPattern:
    source, code, text, count, tasks, sites, users, first, last = _PATTERN_FIELDS.values(found)
    what = "an error pattern"
    return ErrorPattern(
        source,
        code,
        text or "",
        count,
        tasks,
        texts(sites, what, "sites"),
        texts(users, what, "users"),
        moment(first, what, "first_seen"),
        moment(last, what, "last_seen"),
    )


def queues_of(document: Any) -> tuple[Queue, ...]:
    """All queues, by name.

    Raises:
        InputError: it is no such answer, or was cut.
    """
    queues, count = _QUEUES_FIELDS.values(document)
    _check_count(count, queues, "queues")
    return tuple(map(_queue_of, queues))


def _queue_of(found: Any) -> Queue:
    name, status, running, waiting, finished, failed, ended = _QUEUE_FIELDS.values(found)
    last = moment(ended, "a queue", "last_job_end")
    return Queue(name, status or "", running, waiting, finished, failed, last)


def _check_count(count: int, rows: list[Any], what: str) -> None:
    if count != len(rows):
        raise InputError(f"the answer announces {count} {what} and holds {len(rows)}")
