"""The cells of the job table (contract 4.5, sample ``datatable-jobs.json``).

A page repeats few users, sites, states and transformations many times, so their cells are made once per page.
"""

from __future__ import annotations

from functools import cache
from typing import Final

from django.urls import reverse
from sqlalchemy import RowMapping

from swf_monitor.panda.formatting import between, cell_link, duration, stamp, status_cell
from swf_monitor.panda.queries.conditions import BLANK
from swf_monitor.panda.views.job_filters import jobs_url
from swf_monitor.panda.views.transformation import transformation_cell
from swf_monitor.panda.windows import Window

_TIMED_STATES: Final = ("finished", "failed")


def seconds_run(job: RowMapping) -> float | None:
    """Seconds from start to end of a job that finished or failed; None for others (contract 4.5)."""
    return between(job["starttime"], job["endtime"]) if job["jobstatus"] in _TIMED_STATES else None


class JobCells:
    """Makes the rows of one page; links to filters keep its window."""

    def __init__(self, window: Window) -> None:
        self._status = cache(lambda word: status_cell(word, jobs_url(window, status=word)))
        self._user = cache(lambda name: cell_link(jobs_url(window, username=name or BLANK), name or "(blank)"))
        self._site = cache(lambda name: cell_link(jobs_url(window, site=name or BLANK), name or "(blank)"))
        self._task = cache(lambda number: cell_link(reverse("panda_task_detail", args=[number]), number))
        self._transformation = cache(transformation_cell)

    def row(self, job: RowMapping) -> list[str]:
        """The ten cells of one job."""
        return [
            cell_link(reverse("panda_job_detail", args=[job["pandaid"]]), job["pandaid"]),
            self._task(job["jeditaskid"]) if job["jeditaskid"] else "",
            self._user(job["produsername"]),
            self._status(job["jobstatus"]),
            self._site(job["computingsite"]),
            self._transformation(job["transformation"]),
            stamp(job["creationtime"]),
            stamp(job["endtime"]),
            duration(seconds_run(job)),
            "" if job["corecount"] is None else str(job["corecount"]),
        ]
