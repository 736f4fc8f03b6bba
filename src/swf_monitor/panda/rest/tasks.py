"""``GET api/panda/tasks/`` and ``GET api/panda/tasks/<id>/`` (contract 5.2)."""

from __future__ import annotations

from typing import Any, Final

from rest_framework.request import Request

from swf_monitor.panda import windows
from swf_monitor.panda.database import snapshot
from swf_monitor.panda.queries.task import datasets_of, parameters_of
from swf_monitor.panda.queries.task_counts import count_tasks
from swf_monitor.panda.queries.tasks import TaskSelection, newest_tasks, task_record, tasks_by
from swf_monitor.panda.rest.parameters import NotFoundError, integer, panda_endpoint, text
from swf_monitor.panda.task_fields import detail_item, job_parameters, list_item, plain

DEFAULT_LIMIT: Final = 50
LARGEST_LIMIT: Final = 200


@panda_endpoint
def task_list(request: Request) -> dict[str, Any]:
    """A page of the window's tasks, newest id first; counts and summary cover the whole window."""
    query = request.query_params
    days = integer(query, "days", minimum=1) or windows.DEFAULT_DAYS
    limit = integer(query, "limit", minimum=1, maximum=LARGEST_LIMIT) or DEFAULT_LIMIT
    before_id = integer(query, "before_id")
    filters = {
        "status": text(query, "status"),
        "username": text(query, "username"),
        "taskname": text(query, "taskname"),
        "reqid": integer(query, "reqid"),
        "workinggroup": text(query, "workinggroup"),
        "taskid": integer(query, "taskid"),
    }
    selection = TaskSelection(
        since=windows.window_of_days(days).since,
        now=windows.utc_now(),
        processingtype=text(query, "processingtype"),
        **filters,  # type: ignore[arg-type]
    )
    with snapshot() as connection:
        tasks = newest_tasks(connection, selection, limit=limit + 1, before_id=before_id)
        summary = tasks_by(connection, selection, "status")
    page, has_more = tasks[:limit], len(tasks) > limit
    return {
        "items": [list_item(task) for task in page],
        "total_count": sum(summary.values()),
        "has_more": has_more,
        "next_before_id": page[-1]["jeditaskid"] if has_more else None,
        "summary": summary,
        "filters": {"days": days, **filters},
    }


@panda_endpoint
def task_detail(_request: Request, task_id: int) -> dict[str, Any]:
    """One task, whatever its age, with its datasets, parameters and full record."""
    with snapshot() as connection:
        record = task_record(connection, task_id)
        if record is None:
            raise NotFoundError(f"Task {task_id} not found")
        counts = count_tasks(connection, [task_id])[task_id]
        datasets = datasets_of(connection, task_id)
        parameters = parameters_of(connection, task_id)
    return {
        **detail_item(record, counts),
        "datasets": datasets,
        "taskparams": parameters,
        "job_parameters": job_parameters(parameters),
        "task_record": {str(name): plain(value) for name, value in record.items()},
    }
