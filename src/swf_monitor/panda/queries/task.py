"""What belongs to one task: its datasets, the parameters it was submitted with, its latest jobs and its history."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, func, select

from swf_monitor.panda.queries.components import FAULT_COLUMNS
from swf_monitor.panda.queries.conditions import jobs
from swf_monitor.panda.schema import table

JOBS_SHOWN: Final = 200
JOBS_SINCE: Final = timedelta(days=90)
_DATASET_COLUMNS: Final = (
    "datasetname",
    "type",
    "streamname",
    "status",
    "nfiles",
    "nfilesfinished",
    "nfilesfailed",
    "nfilesused",
    "nevents",
    "neventsused",
    "site",
    "destination",
)
_JOB_COLUMNS: Final = (
    "pandaid",
    "jeditaskid",
    "jobstatus",
    "attemptnr",
    "computingsite",
    "creationtime",
    "endtime",
    "modificationtime",
    "nevents",
    *FAULT_COLUMNS,
)


def datasets_of(connection: Connection, task_id: int) -> list[dict[str, Any]]:
    """The task's datasets with their share of processed files and the storage they go to (contract 5.2)."""
    source = table("jedi_datasets")
    rows = connection.execute(
        select(*(source.c[name] for name in _DATASET_COLUMNS))
        .where(source.c.jeditaskid == task_id)
        .order_by(source.c.datasetid)
    )
    return [_with_share(row) for row in rows.mappings()]


def _with_share(row: RowMapping) -> dict[str, Any]:
    processed = (row["nfilesfinished"] or 0) + (row["nfilesfailed"] or 0)
    share = round(100 * processed / row["nfiles"], 1) if row["nfiles"] else None
    return {**row, "files_percent": share, "rse": row["destination"] or row["site"] or ""}


def parameters_of(connection: Connection, task_id: int) -> dict[str, Any]:
    """The parameters as submitted; empty when PanDA keeps none, ``{"text": ...}`` when they are no JSON object."""
    source = table("jedi_taskparams")
    text = connection.execute(select(source.c.taskparams).where(source.c.jeditaskid == task_id)).scalar()
    if not text:
        return {}
    try:
        parameters = json.loads(text)
    except ValueError:
        return {"text": text}
    return parameters if isinstance(parameters, dict) else {"text": text}


def jobs_of(connection: Connection, task_id: int, now: datetime) -> tuple[Sequence[RowMapping], int]:
    """The newest jobs of the last `JOBS_SINCE`, at most `JOBS_SHOWN`, and how many there are in that time."""
    recent = jobs(
        _JOB_COLUMNS,
        lambda source: source.c.jeditaskid == task_id,
        lambda source: source.c.modificationtime >= now - JOBS_SINCE,
    )
    rows = connection.execute(select(recent).order_by(recent.c.pandaid.desc()).limit(JOBS_SHOWN)).mappings().all()
    if len(rows) < JOBS_SHOWN:
        return rows, len(rows)
    return rows, connection.execute(select(func.count()).select_from(recent)).scalar_one()


def jobs_by_status(connection: Connection, task_id: int) -> dict[str, int]:
    """Numbers of the task's jobs by state, largest first; all its jobs, as its counts."""
    all_jobs = jobs(("jobstatus",), lambda source: source.c.jeditaskid == task_id)
    number = func.count().label("number")
    rows = connection.execute(
        select(all_jobs.c.jobstatus, number).group_by(all_jobs.c.jobstatus).order_by(number.desc())
    )
    return {row.jobstatus: row.number for row in rows}


def history_of(connection: Connection, task_id: int) -> Sequence[RowMapping]:
    """The states the task went through, oldest first, as far as PanDA recorded them."""
    source = table("tasks_statuslog")
    return (
        connection.execute(
            select(source.c.modificationtime, source.c.status, source.c.reason)
            .where(source.c.jeditaskid == task_id)
            .order_by(source.c.modificationtime)
        )
        .mappings()
        .all()
    )
