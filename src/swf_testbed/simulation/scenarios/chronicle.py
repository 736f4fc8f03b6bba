"""Follows a story through its tables and keeps what has been true."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from swf_testbed.simulation.scenarios import evidence, seen
from swf_testbed.simulation.scenarios.cast import CLOUD, DOWNTIME, ROLES, TEST, Role, role
from swf_testbed.simulation.scenarios.seen import Seen
from swf_testbed.simulation.scenarios.story import Expectation, Story
from swf_testbed.simulation.scenarios.truth import Fault, Truth


class Chronicle:
    """The truth about a story, look by look."""

    def __init__(self, story: Story, seed: int) -> None:
        self._story, self._seed = story, seed
        self._faults: dict[tuple[str, str], Fault] = {}
        self._consequences: set[str] = set()

    def note(self, connection: Connection, now: datetime) -> Truth:
        """Look at the tables, which were written for ``now``, and say what is so."""
        tables = seen.read(connection, now)
        found, cast = evidence.found(tables), _cast(tables)
        if (begun := self._story.begun()) is not None:
            self._consequences.update(self._suffering(tables))
            for expectation in self._story.expectations(cast, begun):
                self._note(expectation, now, visible=expectation.subject in found[expectation.kind])
            self._note_failing_tasks(found, begun, now)
        faults = tuple(sorted(self._faults.values(), key=lambda fault: (fault.begin, fault.kind, fault.subject)))
        suffering = frozenset(self._consequences) - {fault.subject for fault in faults}
        return Truth(self._story.name, self._seed, now, faults, suffering, self._innocent(cast))

    def _note(self, expectation: Expectation, now: datetime, *, visible: bool) -> None:
        opened, key = self._story.opened, (expectation.kind, expectation.subject)
        if expectation.since not in opened:
            return
        end = opened.get(expectation.until) if expectation.until else None
        begun = Fault(*key, opened[expectation.since], end, None, expectation.why)
        known = replace(self._faults.get(key, begun), end=end)
        self._faults[key] = replace(known, visible=now) if visible and known.visible is None else known

    def _note_failing_tasks(self, found: Mapping[str, frozenset[str]], begun: datetime, now: datetime) -> None:
        """Tasks that the fault drives over the limit of today's rule: each has to be found by that rule."""
        kind, why = "task-failure-ratio", "inputs failed for good because of the fault"
        for subject in found[kind] & self._consequences:
            self._faults.setdefault((kind, subject), Fault(kind, subject, begun, None, now, why))

    def _suffering(self, tables: Seen) -> Iterator[str]:
        spreads = self._story.spreads
        for job in tables.jobs:
            if self._story.suffers(job):
                yield from (subject for kind, subject in job.subjects().items() if kind in spreads)
                yield from job.errors if "error" in spreads else ()

    def _innocent(self, cast: Mapping[Role, tuple[int, ...]]) -> tuple[str, ...]:
        tests = (f"task:{number}" for number in cast[TEST])
        named = (f"site:{DOWNTIME}", f"site:{CLOUD}", f"user:{TEST.person.name}", *tests)
        return tuple(name for name in named if name not in self._consequences)


def _cast(tables: Seen) -> dict[Role, tuple[int, ...]]:
    parts = [(role(task.name), task.id) for task in tables.tasks]
    return {one: tuple(number for part, number in parts if part is one) for one in ROLES}
