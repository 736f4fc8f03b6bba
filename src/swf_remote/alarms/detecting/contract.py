"""What a detector is. One file in ``detectors/`` (or in another distribution, by entry point) makes one.

A detector is pure: it names its questions, gets their answers, and says what matches. It asks nobody, keeps nothing and
tells nobody, so that it can be tried on answers of the past.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any, ClassVar, Generic, TypeVar

from pydantic import BaseModel, ConfigDict

from swf_remote.alarms.inputs.answers import Answers
from swf_remote.alarms.inputs.queries import Query


class Parameters(BaseModel):
    """Base of every detector's parameters. Titles, descriptions, bounds and units (``json_schema_extra={"unit": "%"}``)
    of the fields render the form.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)


P = TypeVar("P", bound=Parameters)


@dataclass(frozen=True, slots=True)
class Link:
    """Words and where they lead, below the mount: ``panda/tasks/4711/``."""

    words: str
    path: str


@dataclass(frozen=True, slots=True)
class Match:
    """One thing that is wrong now."""

    fingerprint: str
    """What it is about, the same at each tick: ``task:4711``."""
    subject: str
    """One line with the figures that matter."""
    metric: str
    """The figure against its limit, in short: ``12.4 % > 5 %``."""
    detail: str = ""
    """Lines of plain text."""
    labels: Mapping[str, str] = field(default_factory=dict)
    """Names by which scopes, silences and routes match: task, taskname, site, user, workinggroup, campaign, …"""
    values: Mapping[str, Any] = field(default_factory=dict)
    """Figures, JSON-able."""
    links: Sequence[Link] = ()
    severity: str | None = None
    """In place of the alarm's."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one evaluation says."""

    matches: Sequence[Match]
    covered: AbstractSet[str] | None = None
    """Fingerprints that were looked at; an event beyond them ends as "no longer looked at" and not as cured.
    None: everything was."""


class Detector(ABC, Generic[P]):
    """A kind of condition; one instance of each serves all alarms of that kind."""

    name: ClassVar[str]
    """Its word in configurations: ``task_failure_ratio``."""
    title: ClassVar[str]
    summary: ClassVar[str]
    """One or two sentences for the form: when it matches."""
    Parameters: type[P]

    @abstractmethod
    def queries(self, parameters: P) -> Sequence[Query[Any]]:
        """What it has to know."""

    @abstractmethod
    def detect(self, parameters: P, answers: Answers, firing: AbstractSet[str]) -> Finding:
        """What matches now.

        Args:
            parameters: of the alarm.
            answers: to its questions.
            firing: fingerprints whose events fire already; where a parameter gives a lower limit for these
                (hysteresis), it holds for them.

        Raises:
            InputError: an answer is missing; the alarm then neither fires nor clears.
        """
