"""The error columns of a job: which component they belong to, in the order in which monitors read them.

Contract 4.9: seven components carry a code and a text; the payload's exit code (`transformation`) has a code alone and
appears only where single jobs are shown. Code 0, an empty text and NULL all mean "no error".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, FromClause, and_


@dataclass(frozen=True)
class Component:
    """One component: the monitor's name for it and the prefix of its columns in the job tables."""

    name: str
    prefix: str

    @property
    def code_column(self) -> str:
        return f"{self.prefix}errorcode"

    @property
    def diagnostic_column(self) -> str:
        return f"{self.prefix}errordiag"

    def is_set(self, jobs: FromClause) -> ColumnElement[bool]:
        """SQL: this component reported an error."""
        return jobs.c[self.code_column] != 0


@dataclass(frozen=True)
class Fault:
    """What one component said about one job."""

    component: str
    code: str
    diagnostic: str


COMPONENTS: Final[tuple[Component, ...]] = (
    Component("brokerage", "brokerage"),
    Component("ddm", "ddm"),
    Component("executor", "exe"),
    Component("dispatcher", "jobdispatcher"),
    Component("pilot", "pilot"),
    Component("supervisor", "sup"),
    Component("taskbuffer", "taskbuffer"),
)
TRANSFORMATION: Final = "transformation"
FAULT_COLUMNS: Final[tuple[str, ...]] = (
    *(name for component in COMPONENTS for name in (component.code_column, component.diagnostic_column)),
    "transexitcode",
)
SOURCES: Final[tuple[str, ...]] = (*(component.name for component in COMPONENTS), TRANSFORMATION)
_NO_EXIT_CODE: Final = ("", "0")


def faults_of(job: Mapping[Any, Any]) -> list[Fault]:
    """Every error recorded in a job row that holds `FAULT_COLUMNS`."""
    faults = [
        Fault(component.name, str(job[component.code_column]), job[component.diagnostic_column] or "")
        for component in COMPONENTS
        if job[component.code_column]
    ]
    exit_code = (job["transexitcode"] or "").strip()
    if exit_code not in _NO_EXIT_CODE:
        faults.append(Fault(TRANSFORMATION, exit_code, ""))
    return faults


def reported_by(jobs: FromClause, source: str) -> ColumnElement[bool]:
    """SQL: the named source reported an error.

    Raises:
        KeyError: no such source (see `SOURCES`).
    """
    if source == TRANSFORMATION:
        return and_(jobs.c.transexitcode.is_not(None), jobs.c.transexitcode.not_in(_NO_EXIT_CODE))
    by_name = {component.name: component for component in COMPONENTS}
    return by_name[source].is_set(jobs)
