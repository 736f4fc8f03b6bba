"""The changes of one step, table by table, in the smallest form: what a row became, not each thing that happened to it.

Rows are plain dictionaries with the table's column names. A row that appears and goes within one step leaves no trace;
that is what makes seeding quick. The ledger keeps references: a row added here may still change until it is written.
"""

from __future__ import annotations

from operator import itemgetter
from typing import Any, Final

Row = dict[str, Any]

#: The columns by which a row is found again. Tables not named here are only ever appended to.
IDENTITY: Final[dict[str, tuple[str, ...]]] = {
    "config": ("app", "component", "key", "vo"),
    "ddm_endpoint": ("ddm_endpoint_name",),
    "filestable4": ("row_id",),
    "harvester_instances": ("harvester_id",),
    "harvester_workers": ("harvesterid", "workerid"),
    "jedi_dataset_contents": ("jeditaskid", "datasetid", "fileid"),
    "jedi_datasets": ("jeditaskid", "datasetid"),
    "jedi_tasks": ("jeditaskid",),
    "jobparamstable": ("pandaid",),
    "jobsactive4": ("pandaid",),
    "jobsarchived4": ("pandaid",),
    "jobsdebug": ("pandaid",),
    "jobsdefined4": ("pandaid",),
    "metatable": ("pandaid",),
    "schedconfig_json": ("panda_queue",),
    "task_attempts": ("jeditaskid", "attemptnr"),
}
_KEY: Final = {table: itemgetter(*columns) for table, columns in IDENTITY.items()}


class Ledger:
    """Row changes gathered since it was last emptied."""

    def __init__(self) -> None:
        self.added: dict[str, dict[Any, Row]] = {}
        self.appended: dict[str, list[Row]] = {}
        self.changed: dict[str, dict[Any, Row]] = {}
        self.removed: dict[str, dict[Any, None]] = {}

    def __len__(self) -> int:
        groups: list[dict[str, Any]] = [self.added, self.appended, self.changed, self.removed]
        return sum(len(rows) for tables in groups for rows in tables.values())

    def append(self, table: str, row: Row) -> None:
        """A row of a table that is only ever appended to."""
        self.appended.setdefault(table, []).append(row)

    def add(self, table: str, row: Row) -> None:
        """A new row."""
        self.added.setdefault(table, {})[_KEY[table](row)] = row

    def change(self, table: str, row: Row, **values: Any) -> None:
        """New values in an existing row; the row itself is changed too."""
        row.update(values)
        key = _KEY[table](row)
        if key not in self.added.get(table, ()):
            self.changed.setdefault(table, {}).setdefault(key, {}).update(values)

    def remove(self, table: str, row: Row) -> None:
        """The row goes."""
        key = _KEY[table](row)
        if self.added.get(table, {}).pop(key, None) is None:
            self.changed.get(table, {}).pop(key, None)
            self.removed.setdefault(table, {})[key] = None

    def move(self, row: Row, source: str, target: str) -> None:
        """The row leaves one table for another with the same columns."""
        self.remove(source, row)
        self.add(target, row)

    def clear(self) -> None:
        """Forget everything, after it has been written."""
        for group in (self.added, self.appended, self.changed, self.removed):
            group.clear()
