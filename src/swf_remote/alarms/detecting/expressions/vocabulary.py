"""Which names an expression may use, of which kind they are, and how they are had."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from operator import attrgetter
from typing import Any

from swf_remote.alarms.detecting.parameters import JOB_STATES
from swf_remote.alarms.detecting.subjects import campaign_of
from swf_remote.alarms.inputs.items import Counts, Task

Getter = Callable[[Any], Any]


class Kind(StrEnum):
    """What a part of an expression yields; each but TRUTH may also be missing."""

    NUMBER = "a number"
    TEXT = "text"
    TIME = "a time"
    TRUTH = "a condition"
    NOTHING = "None"
    ANY = "anything"
    """Not known before it is there: fields of a REST answer."""


@dataclass(frozen=True, slots=True)
class Name:
    """A name of the vocabulary."""

    kind: Kind
    get: Getter
    meaning: str = ""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The names of one kind of thing."""

    of: str
    names: Mapping[str, Name]
    open: bool = False
    """Whether other names are fields of an answer, known only when it is there."""


def _attribute(name: str, kind: Kind) -> Name:
    return Name(kind, attrgetter(name))


def _campaign(task: Task) -> str:
    return campaign_of(task.taskname)


TASKS = Vocabulary(
    "tasks",
    {
        **{name: _attribute(name, Kind.TEXT) for name in (
            "taskname", "status", "username", "workinggroup", "processingtype", "site",
        )},
        **{name: _attribute(name, Kind.NUMBER) for name in (
            "jeditaskid", "nactive", "nfinished", "nfailed", "nrunning", "nretries", "nfinalfailed", "nfilesfinished",
            "failure_rate", "final_failure_rate", "progress",
        )},
        **{name: _attribute(name, Kind.TIME) for name in ("modified", "created", "started")},
        "campaign": Name(Kind.TEXT, _campaign, "read from the task's name"),
    },
)  # fmt: skip


def _state(state: str) -> Getter:
    def get(counts: Counts) -> int:
        return counts.by_status.get(state, 0)

    return get


_COUNTS = {
    "name": _attribute("name", Kind.TEXT),
    "total": _attribute("total", Kind.NUMBER),
    **{state: Name(Kind.NUMBER, _state(state), "jobs in this state") for state in JOB_STATES},
}
SITES = Vocabulary("sites", _COUNTS)
USERS = Vocabulary("users", _COUNTS)
ANSWER = Vocabulary("rest", {}, open=True)

VOCABULARIES = {one.of: one for one in (TASKS, SITES, USERS, ANSWER)}
