"""Which jobs a page shows: the filters of a job list as SQL on the union of the two job tables.

Contract section 4: a window, exact filters (a value with ``%`` is a pattern, ``__blank__`` means empty), and on error
pages the faulty states and the component that reported an error.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import CTE, ColumnElement, Subquery, Table, and_, select

from swf_monitor.panda.queries.components import reported_by
from swf_monitor.panda.queries.conditions import jobs, matches
from swf_monitor.panda.windows import Window


@dataclass(frozen=True)
class JobSelection:
    """The filters of a job list; None means "all".

    Attributes:
        window: by modification time, or by an exact pair of end times.
        status, username, site, destinationse: values or patterns.
        taskid, reqid: exact numbers.
        statuses: the only states the page knows (error pages), or none for every state.
        source: the component that must have reported an error (`components.SOURCES`).
        modified_since: leaves out rows that were last touched before; lets an index serve what asks for end times.
    """

    window: Window
    status: str | None = None
    username: str | None = None
    site: str | None = None
    destinationse: str | None = None
    taskid: int | None = None
    reqid: int | None = None
    statuses: tuple[str, ...] = ()
    source: str | None = None
    modified_since: datetime | None = None

    def without(self, field: str) -> JobSelection:
        """The same selection with one filter lifted, for counting that filter's values."""
        lifted: dict[str, Any] = {field: None}
        return replace(self, **lifted)

    def rows(self, *columns: str) -> Subquery:
        """The selected jobs of both tables with the named columns, as ``jobs``."""
        return jobs(columns, self._condition)

    def shared_rows(self, *columns: str) -> CTE:
        """As `rows`, for a query that reads them several times: the database then collects them once."""
        return select(self.rows(*columns)).cte("selected")

    def _condition(self, source: Table) -> ColumnElement[bool]:
        columns = source.c
        texts = (
            (columns.jobstatus, self.status),
            (columns.produsername, self.username),
            (columns.computingsite, self.site),
            (columns.destinationse, self.destinationse),
        )
        numbers = ((columns.jeditaskid, self.taskid), (columns.reqid, self.reqid))
        conditions: list[Any] = [
            self.window.holds(columns.modificationtime, columns.endtime),
            *(matches(column, value) for column, value in texts if value is not None),
            *(column == value for column, value in numbers if value is not None),
        ]
        if self.statuses:
            conditions.append(columns.jobstatus.in_(self.statuses))
        if self.source is not None:
            conditions.append(reported_by(source, self.source))
        if self.modified_since is not None:
            conditions.append(columns.modificationtime >= self.modified_since)
        return and_(*conditions)
