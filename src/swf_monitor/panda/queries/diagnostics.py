"""Single faulty jobs with all their errors, newest first (contract 4.9)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, RowMapping, select

from swf_monitor.panda.queries.components import FAULT_COLUMNS
from swf_monitor.panda.queries.selection import JobSelection

MOST_JOBS: Final = 500
_COLUMNS: Final = ("pandaid", "jeditaskid", "produsername", "jobstatus", "computingsite", "endtime", *FAULT_COLUMNS)


def faulty_jobs(connection: Connection, selection: JobSelection, most: int = MOST_JOBS) -> Sequence[RowMapping]:
    """At most `most` jobs of the selection, the highest ids first, with the columns `components.faults_of` reads."""
    jobs = selection.rows(*_COLUMNS)
    newest = select(jobs).order_by(jobs.c.pandaid.desc()).limit(most)
    return connection.execute(newest).mappings().all()
