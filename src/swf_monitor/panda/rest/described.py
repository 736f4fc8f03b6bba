"""Addresses, parameters and answers of the REST endpoints, as data: what ``schema`` tells and tests check.

The types of columns are taken from the table definitions, so they cannot differ from what the database holds.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Final

from sqlalchemy import Table
from sqlalchemy.types import DateTime, Integer, Numeric

from swf_monitor.panda.queries.components import FAULT_COLUMNS, SOURCES
from swf_monitor.panda.queries.diagnostics import MOST_JOBS
from swf_monitor.panda.queries.errors import DIAGNOSTIC_LENGTH, MOST_PATTERNS
from swf_monitor.panda.queries.jobs import REST_COLUMNS
from swf_monitor.panda.queries.queues import LAST_END_WINDOW
from swf_monitor.panda.queries.task_counts import TaskCounts
from swf_monitor.panda.queries.tasks import ITEM_COLUMNS, TASKS
from swf_monitor.panda.rest import activity, errors, jobs, queues, tasks
from swf_monitor.panda.schema import table
from swf_monitor.panda.windows import DEFAULT_DAYS

Schema = dict[str, Any]
TEXT: Final[Schema] = {"type": "string"}
WORD: Final[Schema] = {"type": ["string", "null"]}
COUNT: Final[Schema] = {"type": "integer", "minimum": 0}
WHOLE: Final[Schema] = {"type": ["integer", "null"]}
NUMBER: Final[Schema] = {"type": ["number", "null"]}
SHARE: Final[Schema] = {"type": ["number", "null"], "minimum": 0, "maximum": 1}
NAMES: Final[Schema] = {"type": "array", "items": TEXT}
TALLY: Final[Schema] = {"type": "object", "additionalProperties": COUNT}
ANYTHING: Final[Schema] = {"type": "object"}
CONFIGURED: Final[Schema] = {"description": "as configured"}
PRESENT: Final[Schema] = {**COUNT, "description": "at this moment, whatever their age"}
TIME: Final[Schema] = {"type": ["string", "null"], "description": "ISO 8601, UTC, without zone"}


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of an address: in its query, or `in_path`."""

    name: str
    type: Schema
    meaning: str
    in_path: bool = False


@dataclass(frozen=True, slots=True)
class Operation:
    """A GET of one address.

    Attributes:
        path: below the mount, parameters in braces.
        name: as clients may call it.
        answer: the schema of its body.
        may_miss: it answers 404 if there is no such thing.
    """

    path: str
    name: str
    summary: str
    parameters: tuple[Parameter, ...]
    answer: Schema
    may_miss: bool = False


def shape(**members: Schema) -> Schema:
    """An object whose members are all there, and no others."""
    return {"type": "object", "properties": members, "required": list(members), "additionalProperties": False}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _columns(source: Table, names: Iterable[str]) -> dict[str, Schema]:
    return {name: _of_column(source.c[name].type) for name in names}


def _of_column(kind: Any) -> Schema:
    if isinstance(kind, DateTime):
        return TIME
    return WHOLE if isinstance(kind, Integer) else NUMBER if isinstance(kind, Numeric) else WORD


def _whole(
    name: str, meaning: str, default: int | None, *, least: int | None = 1, most: int | None = None
) -> Parameter:
    limits = {"minimum": least, "maximum": most, "default": default}
    return Parameter(
        name, {"type": "integer", **{key: told for key, told in limits.items() if told is not None}}, meaning
    )


def _days(default: int) -> Parameter:
    return _whole("days", "length of the window that ends now", default)


def _pattern(name: str, meaning: str) -> Parameter:
    return Parameter(name, TEXT, f"{meaning}; % stands for any text")


def _page_of(items: Schema, filters: Schema) -> Schema:
    return shape(
        items=_list(items),
        total_count=COUNT,
        has_more={"type": "boolean"},
        next_before_id=WHOLE,
        summary=TALLY,
        filters=filters,
    )


_STATUS: Final = _pattern("status", "state as PanDA writes it")
_USER: Final = _pattern("username", "user")
_SITE: Final = _pattern("site", "computing site")
_GROUP: Final = _pattern("workinggroup", "working group")
_TASK: Final = _whole("taskid", "task", None, least=None)
_REQUEST: Final = _whole("reqid", "request", None, least=None)
_BEFORE: Final = _whole("before_id", "cursor: only ids below it", None, least=None)
_HOURS: Final = _whole("hours", "for which jobs are counted", queues.DEFAULT_HOURS, most=queues.MOST_HOURS)

_COUNTS: Final = {
    **dict.fromkeys(asdict(TaskCounts()), COUNT),
    "maxattempt": WHOLE,
    "computed_failurerate": SHARE,
    "computed_finalfailurerate": SHARE,
    "computed_progress": WHOLE,
    "avg_retries_success": NUMBER,
}
_TASK_FIELDS: Final = {**_columns(TASKS, ITEM_COLUMNS), **_COUNTS}
_QUEUE_FIELDS: Final = {
    "panda_queue": TEXT,
    **dict.fromkeys(queues.SETTINGS, CONFIGURED),
    "last_update": {**TIME, "description": "when the settings were written; ISO 8601, UTC, without zone"},
    "jobs": {**COUNT, "description": "of the last hours, in all states, by the time of their last change"},
    "by_status": TALLY,
    **dict.fromkeys(("running", "waiting", "finished", "failed"), COUNT),
    "failure_rate": {**SHARE, "description": "failed among failed and finished jobs of the last hours"},
    **dict.fromkeys(("running_now", "waiting_now"), PRESENT),
    "last_job_end": {
        **TIME,
        "description": f"latest end of a finished or failed job of the last {LAST_END_WINDOW.days} days, or of the "
        "hours asked for if these are more; null where there is none",
    },
}
_FAULT: Final = {"component": {"enum": list(SOURCES)}, "code": {"type": ["integer", "string"]}, "diag": TEXT}
SCHEMAS: Final[dict[str, Schema]] = {
    "TaskItem": shape(**_TASK_FIELDS, processingtype_raw=TEXT),
    "Task": shape(
        **_TASK_FIELDS,
        datasets=_list(ANYTHING),
        taskparams=ANYTHING,
        job_parameters=_list(shape(label=TEXT, value=TEXT)),
        task_record=ANYTHING,
    ),
    "JobItem": shape(**_columns(table("jobsactive4"), REST_COLUMNS)),
    "Fault": shape(**_FAULT),
    "FaultyJob": shape(**_columns(table("jobsactive4"), (*REST_COLUMNS, *FAULT_COLUMNS)), errors=_list(_ref("Fault"))),
    "Job": shape(
        pandaid=COUNT,
        job={**ANYTHING, "description": "columns with a value, and errors with the meaning of their codes"},
        job_record={**ANYTHING, "description": "every column"},
        table={**TEXT, "description": "in which PanDA keeps it now"},
        files=_list(ANYTHING),
        log_urls={"type": "object", "additionalProperties": TEXT},
        history=_list(ANYTHING),
        attempts=_list(ANYTHING),
        harvester={**_list(ANYTHING), "description": "workers, the latest first"},
        task={"type": ["object", "null"]},
        monitor_url=TEXT,
    ),
    "Group": {"type": "object", "properties": {"total": COUNT}, "required": ["total"]},
    "ErrorPattern": shape(
        error_source={"enum": list(errors.SOURCES)},
        error_code={"type": "integer"},
        error_diag={**TEXT, "maxLength": DIAGNOSTIC_LENGTH},
        count={**COUNT, "description": "jobs"},
        task_count=COUNT,
        users=NAMES,
        sites=NAMES,
        destination_sites=NAMES,
        avg_seconds_to_error=NUMBER,
        never_started_count=COUNT,
        first_seen={**TEXT, "description": "last change of its first job within the window; UTC without zone"},
        last_seen={**TEXT, "description": "last change of its latest job; UTC without zone"},
        attribution_guidance=TEXT,
    ),
    "QueueItem": shape(**_QUEUE_FIELDS),
    "Queue": shape(**_QUEUE_FIELDS, settings=ANYTHING),
}

OPERATIONS: Final = (
    Operation(
        "/api/panda/tasks/",
        "list_tasks",
        "Tasks of a window, newest id first",
        (
            _days(DEFAULT_DAYS),
            *(_STATUS, _USER, _GROUP, _TASK, _REQUEST),
            Parameter("taskname", TEXT, "part of the name, or a pattern with %"),
            _pattern("processingtype", "processing type as stored, or __blank__"),
            _whole("limit", "tasks in one answer", tasks.DEFAULT_LIMIT, most=tasks.LARGEST_LIMIT),
            _BEFORE,
        ),
        _page_of(
            _ref("TaskItem"),
            shape(days=COUNT, status=WORD, username=WORD, taskname=WORD, reqid=WHOLE, workinggroup=WORD, taskid=WHOLE),
        ),
    ),
    Operation(
        "/api/panda/tasks/{task_id}/",
        "get_task",
        "One task of whatever age, with its datasets, parameters and full record",
        (Parameter("task_id", {"type": "integer"}, "the task's number", in_path=True),),
        _ref("Task"),
        may_miss=True,
    ),
    Operation(
        "/api/panda/jobs/",
        "list_jobs",
        "Jobs of a window, newest id first",
        (
            _days(DEFAULT_DAYS),
            *(_STATUS, _USER, _SITE, _TASK, _REQUEST),
            _whole("limit", f"jobs in one answer; {jobs.DEFAULT_LIMIT_OF_TASK} with a taskid", jobs.DEFAULT_LIMIT),
            _BEFORE,
        ),
        _page_of(_ref("JobItem"), shape(days=COUNT, status=WORD, username=WORD, site=WORD, taskid=WHOLE, reqid=WHOLE)),
    ),
    Operation(
        "/api/panda/jobs/diagnose/",
        "diagnose_jobs",
        "Failed, cancelled and closed jobs with all their errors, newest id first",
        (
            _days(DEFAULT_DAYS),
            *(_USER, _SITE, _TASK, _REQUEST),
            Parameter("error_component", {"enum": list(SOURCES)}, "the component that reported an error"),
            _whole("limit", "jobs in one answer", MOST_JOBS, most=MOST_JOBS),
            _BEFORE,
        ),
        shape(
            error_summary=shape(
                total_faulty_jobs=COUNT,
                by_component=TALLY,
                top_error_codes=_list(
                    shape(component=_FAULT["component"], code=_FAULT["code"], count=COUNT, sample_diag=TEXT)
                ),
            ),
            jobs=_list(_ref("FaultyJob")),
            count=COUNT,
            pagination=shape(before_id=WHOLE, has_more={"type": "boolean"}, next_before_id=WHOLE, limit=COUNT),
            filters=shape(days=COUNT, username=WORD, site=WORD, taskid=WHOLE, reqid=WHOLE, error_component=WORD),
        ),
    ),
    Operation(
        "/api/panda/jobs/{pandaid}/",
        "get_job",
        "One job with its errors, files, logs, attempts, workers and full record",
        (Parameter("pandaid", {"type": "integer"}, "the job's number", in_path=True),),
        _ref("Job"),
        may_miss=True,
    ),
    Operation(
        "/api/panda/activity/",
        "get_activity",
        "Numbers of jobs and tasks by state, user, site and type",
        (_days(activity.DEFAULT_DAYS), _USER, _SITE, _GROUP),
        shape(
            jobs=shape(total=COUNT, by_status=TALLY, by_user=_list(_ref("Group")), by_site=_list(_ref("Group"))),
            tasks=shape(
                total=COUNT,
                by_status=TALLY,
                by_type=_list(shape(type=TEXT, count=COUNT, is_test={"type": "boolean"}, filter_value=TEXT)),
                by_user=_list(_ref("Group")),
            ),
            filters=shape(days=COUNT, username=WORD, site=WORD, workinggroup=WORD),
        ),
    ),
    Operation(
        "/api/panda/errors/",
        "list_errors",
        "Error patterns of failed, cancelled and closed jobs, most frequent first",
        (
            _days(errors.DEFAULT_DAYS),
            *(_USER, _SITE, _TASK),
            _pattern("destinationse", "storage element to which the output was to go"),
            Parameter("error_source", {"enum": list(errors.SOURCES)}, "the component that reported the error"),
            _whole("limit", "patterns in one answer", errors.DEFAULT_LIMIT, most=MOST_PATTERNS),
        ),
        shape(
            total_errors={**COUNT, "description": "of all patterns, those beyond the limit included"},
            errors=_list(_ref("ErrorPattern")),
            count=COUNT,
            filters=shape(days=COUNT, username=WORD, site=WORD, destinationse=WORD, taskid=WHOLE, error_source=WORD),
        ),
    ),
    Operation(
        "/api/panda/queues/",
        "list_queues",
        "Computing queues with their settings and the numbers of their jobs",
        (
            *(
                Parameter(name, TEXT, f"{meaning}, in upper or lower case")
                for name, meaning in (
                    ("vo", "experiment (vo_name); all if absent"),
                    ("status", "status as configured"),
                    ("state", "state as configured"),
                    ("search", "part of name, nickname, site, region or country"),
                )
            ),
            _HOURS,
        ),
        shape(
            queues=_list(_ref("QueueItem")),
            count=COUNT,
            filters=shape(vo=WORD, status=WORD, state=WORD, search=WORD, hours=COUNT),
        ),
    ),
    Operation(
        "/api/panda/queues/{name}/",
        "get_queue",
        "One queue with all its settings",
        (Parameter("name", TEXT, "the queue's name", in_path=True), _HOURS),
        _ref("Queue"),
        may_miss=True,
    ),
    Operation("/api/panda/schema/", "get_schema", "This description", (), ANYTHING),
)
"""Every address under ``api/panda/``."""
