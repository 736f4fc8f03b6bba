"""What one tick saw, as bytes: whole, or as the difference to the tick before it. Pure.

JSON by columns, compressed (zstd, with its checksum): counters of the same kind stand side by side, and differences are
mostly zeros. Times are whole microseconds since the epoch.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from itertools import accumulate, pairwise
from operator import attrgetter
from typing import Any

import zstandard

from .items import Counts, Moment, Task
from .layered import Layered

VERSION = 1
LARGEST = 1 << 28
"""Bytes of the largest content, uncompressed."""
LEVEL = 9
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_NAMES = tuple(field.name for field in fields(Task))
_VALUES: Callable[[Task], tuple[Any, ...]] = attrgetter(*_NAMES)
_MODIFIED = _NAMES.index("modified")
_TIMES = frozenset(_NAMES.index(name) for name in ("modified", "created", "started"))
_COUNTERS = ("nactive", "nfinished", "nfailed", "nrunning", "nretries", "nfinalfailed", "nfilesfinished")
_STEPS = tuple(map(_NAMES.index, _COUNTERS))
"""Fields of which differences are kept; the others are kept where they change."""
_OTHERS = tuple(at for at in range(len(_NAMES)) if at not in _STEPS and _NAMES[at] not in ("jeditaskid", "modified"))
_FAULTS = (zstandard.ZstdError, ValueError, LookupError, TypeError, AttributeError, OverflowError, RecursionError)


class DamagedError(Exception):
    """Bytes that cannot be read, or a difference to something that is not there."""


@dataclass(frozen=True, slots=True)
class Known:
    """All that is known at a tick; differences are taken between these."""

    at: datetime
    tasks: Layered[int, Task]
    sites: Mapping[str, Counts]
    users: Mapping[str, Counts]
    covers_since: datetime | None
    has_tasks: bool
    """Whether this very tick saw them; else they are of an earlier one."""
    has_sites: bool

    def moment(self) -> Moment:
        """What this tick saw."""
        return Moment(
            at=self.at,
            tasks=self.tasks if self.has_tasks else Layered({}),
            sites=self.sites if self.has_sites else {},
            users=self.users if self.has_sites else {},
            covers_since=self.covers_since if self.has_tasks else None,
            has_tasks=self.has_tasks,
            has_sites=self.has_sites,
        )


def differences(before: Mapping[int, Task], after: Mapping[int, Task]) -> dict[int, Task | None]:
    """Tasks that are new or other than before; None: gone."""
    found: dict[int, Task | None] = {
        number: task for number, task in after.items() if (old := before.get(number)) is not task and old != task
    }
    found.update((number, None) for number in before if number not in after)
    return found


def whole(known: Known) -> bytes:
    """All of it."""
    tasks = [known.tasks[number] for number in sorted(known.tasks)]
    return _packed({**_common(known), "tasks": _columns(tasks)} | _both_counts(known, None))


def difference(before: Known, after: Known) -> bytes:
    """What is other than before."""
    changes = differences(before.tasks, after.tasks)
    gone = sorted(number for number, task in changes.items() if task is None)
    new: list[int] = []
    same: list[int] = []
    for number in sorted(changes.keys() - set(gone)):
        (same if number in before.tasks else new).append(number)
    pairs = [(_VALUES(before.tasks[number]), _VALUES(after.tasks[number])) for number in same]
    document = {
        **_common(after),
        "before": _micros(before.at),
        "gone": _falling(gone),
        "new": _columns([after.tasks[number] for number in new]),
        "ids": _falling(same),
        "modified": [(new[_MODIFIED] - old[_MODIFIED]) // _MICROSECOND for old, new in pairs],
        "steps": {_NAMES[at]: [new[at] - old[at] for old, new in pairs] for at in _STEPS},
        "set": {_NAMES[at]: found for at in _OTHERS if (found := _set(pairs, at))[0]},
    }
    return _packed(document | _both_counts(after, before))


def read_whole(at: datetime, content: bytes, before: Known | None = None) -> Known:
    """What ``whole`` has packed; tasks that are the same as `before` share its objects.

    Raises:
        DamagedError: it cannot be read.
    """
    try:
        document = _unpacked(content)
        tasks = {task.jeditaskid: task for task in _rows(document["tasks"])}
        kept = Layered(tasks) if before is None else before.tasks.changed(differences(before.tasks, tasks))
        return _known(at, document, kept, {}, {})
    except _FAULTS as error:
        raise DamagedError(f"{type(error).__name__}: {error}") from None


def read_difference(at: datetime, content: bytes, before: Known | None) -> Known:
    """What ``difference`` has packed.

    Raises:
        DamagedError: it cannot be read, or is no difference to `before`.
    """
    try:
        document = _unpacked(content)
        if before is None or document["before"] != _micros(before.at):
            raise DamagedError("what it is a difference to is not there")
        changes: dict[int, Task | None] = dict.fromkeys(accumulate(document["gone"]))
        changes.update((task.jeditaskid, task) for task in _rows(document["new"]))
        changes.update(_stepped(document, before.tasks))
        return _known(at, document, before.tasks.changed(changes), before.sites, before.users)
    except _FAULTS as error:
        raise DamagedError(f"{type(error).__name__}: {error}") from None


def _common(known: Known) -> dict[str, Any]:
    return {
        "version": VERSION,
        "has": [known.has_tasks, known.has_sites],
        "since": _micros(known.covers_since),
    }


def _known(
    at: datetime, document: Mapping[str, Any], tasks: Layered[int, Task], sites: Any, users: Any
) -> Known:  # fmt: skip
    has_tasks, has_sites = document["has"]
    return Known(
        at,
        tasks,
        _merged(sites, document["sites"]),
        _merged(users, document["users"]),
        _time(document["since"]),
        bool(has_tasks),
        bool(has_sites),
    )


def _set(pairs: Sequence[tuple[tuple[Any, ...], tuple[Any, ...]]], at: int) -> list[list[Any]]:
    """Where a field changes, and to what."""
    write: Callable[[Any], Any] = _micros if at in _TIMES else _as_it_is
    changed = [(row, write(new[at])) for row, (old, new) in enumerate(pairs) if old[at] != new[at]]
    return [[row for row, _ in changed], [value for _, value in changed]]


def _stepped(document: Mapping[str, Any], before: Mapping[int, Task]) -> Iterable[tuple[int, Task]]:
    numbers = list(accumulate(document["ids"]))
    rows = [list(_VALUES(before[number])) for number in numbers]
    for row, micros in zip(rows, document["modified"], strict=True):
        row[_MODIFIED] += timedelta(microseconds=micros)
    for name, steps in document["steps"].items():
        at = _NAMES.index(name)
        for row, step in zip(rows, steps, strict=True):
            row[at] += step
    for name, (changed, values) in document["set"].items():
        at = _NAMES.index(name)
        read: Callable[[Any], Any] = _time if at in _TIMES else _as_it_is
        for row_at, value in zip(changed, values, strict=True):
            rows[row_at][at] = read(value)
    return ((number, Task(*row)) for number, row in zip(numbers, rows, strict=True))


def _as_it_is(value: Any) -> Any:
    return value


def _columns(tasks: Sequence[Task]) -> list[list[Any]]:
    """Field by field; identifiers as differences."""
    columns = [list(column) for column in zip(*map(_plain, tasks), strict=True)]
    return [_falling(columns[0]), *columns[1:]] if columns else []


def _rows(columns: Sequence[Sequence[Any]]) -> list[Task]:
    if not columns:
        return []
    return [_task(row) for row in zip(accumulate(columns[0]), *columns[1:], strict=True)]


def _plain(task: Task) -> list[Any]:
    values = list(_VALUES(task))
    for at in _TIMES:
        values[at] = _micros(values[at])
    return values


def _task(values: Sequence[Any]) -> Task:
    row = list(values)
    for at in _TIMES:
        row[at] = _time(row[at])
    return Task(*row)


def _falling(numbers: Sequence[int]) -> list[int]:
    """The first, and then by how much each is above the one before it."""
    return [*numbers[:1], *(other - one for one, other in pairwise(numbers))]


def _both_counts(known: Known, before: Known | None) -> dict[str, Any]:
    return {
        "sites": _counts(known.sites, before.sites if before else {}),
        "users": _counts(known.users, before.users if before else {}),
    }


def _counts(now: Mapping[str, Counts], before: Mapping[str, Counts]) -> dict[str, Any]:
    """What is other than before, by name; None: gone."""
    found: dict[str, Any] = {
        name: [one.total, dict(one.by_status)] for name, one in now.items() if before.get(name) != one
    }
    return found | {name: None for name in before if name not in now}


def _merged(before: Mapping[str, Counts], changes: Mapping[str, Any]) -> Mapping[str, Counts]:
    if not changes:
        return before
    found = dict(before)
    for name, change in changes.items():
        if change is None:
            del found[name]
        else:
            total, by_status = change
            found[name] = Counts(name, total, by_status)
    return found


def _micros(moment: datetime | None) -> int | None:
    return None if moment is None else (moment - EPOCH) // _MICROSECOND


def _time(micros: int | None) -> datetime | None:
    return None if micros is None else EPOCH + timedelta(microseconds=micros)


def _packed(document: Mapping[str, Any]) -> bytes:
    plain = json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")
    return zstandard.ZstdCompressor(level=LEVEL, write_checksum=True).compress(plain)


def _unpacked(content: bytes) -> dict[str, Any]:
    if not 0 < zstandard.frame_content_size(content) <= LARGEST:
        raise ValueError("its size is not one that is written")
    plain = zstandard.ZstdDecompressor().decompress(content)
    document = json.loads(plain.decode("utf-8", "surrogatepass"))
    if document["version"] != VERSION:
        raise ValueError("it is of another version")
    return dict(document)
