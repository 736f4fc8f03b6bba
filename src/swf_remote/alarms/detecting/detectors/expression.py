"""A condition that somebody wrote, over tasks, sites, users or an answer of the monitor."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from swf_remote.alarms.detecting.contract import Detector, Finding, Link, Match, Parameters
from swf_remote.alarms.detecting.expressions.compiling import MOST_CHARACTERS, Expression, ExpressionError, compiled
from swf_remote.alarms.detecting.expressions.operations import CannotTell, path
from swf_remote.alarms.detecting.parameters import Days, NotAllowed
from swf_remote.alarms.detecting.subjects import group_label, group_links, labelled, task_labels, task_links
from swf_remote.alarms.inputs.answers import Answers
from swf_remote.alarms.inputs.items import Counts, Task
from swf_remote.alarms.inputs.queries import ActivityOf, InputError, Query, Tasks, TheField

PATH = re.compile(r"[a-z][a-z0-9_/-]{0,100}/(?:\?[A-Za-z0-9_=&%.,:-]{0,300})?")
DOTTED = re.compile(r"(?:[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*)?")
MOST_ITEMS = 50_000
Thing = tuple[str, Any]
"""Fingerprint, and what the expression is about."""


class ExpressionParameters(Parameters):
    """What is looked at, and when it matches."""

    over: Literal["tasks", "sites", "users", "rest"] = Field(
        "tasks", title="For each", description="Task, site or user (their jobs by state), or one answer of the monitor."
    )
    expression: str = Field(
        min_length=1,
        max_length=MOST_CHARACTERS,
        title="Matches when",
        description='Such as failure_rate > 0.2 and nfinished + nfailed >= 20 and site == "BNL_OSG_1".',
        json_schema_extra={"multiline": True},
    )
    while_firing: str = Field(
        "",
        max_length=MOST_CHARACTERS,
        title="Goes on while",
        description="In place of the condition for what fires already; empty: the same.",
        json_schema_extra={"multiline": True},
    )
    since_days: Days = Field(1, title="Since", description="Tasks modified, or jobs, of so many days.")
    path: str = Field(
        "", max_length=400, title="Address", description="For an answer: below api/panda/, such as activity/?days=1."
    )
    items: str = Field(
        "", max_length=200, title="List", description="Where the answer holds a list, its name: each item is looked at."
    )
    key: str = Field("", max_length=200, title="Name of an item", description="The field that tells items apart.")

    @model_validator(mode="after")
    def _is_understood(self) -> Self:
        for name in ("expression", "while_firing"):
            if text := getattr(self, name):
                try:
                    compiled(text, self.over)
                except ExpressionError as error:
                    raise NotAllowed(name, str(error)) from None
        if self.over == "rest":
            self._check_address()
        return self

    def _check_address(self) -> None:
        if not PATH.fullmatch(self.path) or ".." in self.path:
            raise NotAllowed("path", f"{self.path!r} is not allowed; allowed: an address such as activity/?days=1")
        for name in ("items", "key"):
            if not DOTTED.fullmatch(getattr(self, name)):
                raise NotAllowed(name, "allowed: names joined by dots, such as jobs.by_site")
        if self.items and not self.key:
            raise NotAllowed("key", "is missing; allowed: the field that tells items of the list apart")

    @property
    def query(self) -> Query[Any]:
        """What is looked at."""
        if self.over == "tasks":
            return Tasks(self.since_days)
        return TheField(self.path) if self.over == "rest" else ActivityOf(self.since_days)


class ExpressionDetector(Detector[ExpressionParameters]):
    """In a language that can only look and compare; fields are checked when the alarm is saved."""

    name: ClassVar[str] = "expression"
    title: ClassVar[str] = "Expression"
    summary: ClassVar[str] = "A condition that you write holds for a task, a site, a user, or an answer of the monitor."
    Parameters = ExpressionParameters

    def queries(self, parameters: ExpressionParameters) -> Sequence[Query[Any]]:
        """Tasks, activity or the answer."""
        return (parameters.query,)

    def detect(self, parameters: ExpressionParameters, answers: Answers, firing: AbstractSet[str]) -> Finding:
        """Everything in the answer is covered.

        Raises:
            InputError: a field of the answer is missing or not of the kind that the expression needs.
        """
        first = compiled(parameters.expression, parameters.over)
        then = compiled(parameters.while_firing, parameters.over) if parameters.while_firing else first
        things = dict(_things(parameters, answers))
        starts, goes_on, now = first.holds, then.holds, answers.now
        try:
            if then is first:
                found = [one for one in things.items() if starts(one[1], now)]
            else:
                found = [one for one in things.items() if (goes_on if one[0] in firing else starts)(one[1], now)]
            matches = [_match(fingerprint, thing, first, parameters, answers) for fingerprint, thing in found]
        except CannotTell as error:
            raise InputError(str(error)) from None
        return Finding(matches, things.keys())


def _things(parameters: ExpressionParameters, answers: Answers) -> Iterable[Thing]:
    if parameters.over == "tasks":
        return ((f"task:{task.jeditaskid}", task) for task in answers[Tasks(parameters.since_days)])
    if parameters.over == "rest":
        return _items(parameters, answers[TheField(parameters.path)], answers)
    activity = answers[ActivityOf(parameters.since_days)]
    counts, word = (activity.by_site, "site") if parameters.over == "sites" else (activity.by_user, "user")
    return ((f"{word}:{one.name}", one) for one in counts)


def _items(parameters: ExpressionParameters, answer: object, answers: Answers) -> Iterator[Thing]:
    if not parameters.items:
        yield f"rest:{parameters.path}", answer
        return
    try:
        items = path(tuple(parameters.items.split(".")), parameters.items)(answer, answers.now)
        if not isinstance(items, list) or len(items) > MOST_ITEMS:
            raise InputError(f"{parameters.items} is no list of at most {MOST_ITEMS} items")
        name = path(tuple(parameters.key.split(".")), parameters.key)
        for item in items:
            yield f"rest:{str(name(item, answers.now))[:200]}", item
    except CannotTell as error:
        raise InputError(str(error)) from None


def _match(fingerprint: str, thing: Any, read: Expression, parameters: ExpressionParameters, answers: Answers) -> Match:
    values = {name: _plain(get(thing, answers.now)) for name, get in read.uses}
    shown = ", ".join(f"{name} {_short(value)}" for name, value in values.items())
    labels, links = _about(fingerprint, thing, parameters)
    return Match(
        fingerprint=fingerprint,
        subject=f"{fingerprint.replace(':', ' ', 1)}: {shown}"[:300],
        metric=shown[:120],
        detail="\n".join([f"Matches when: {parameters.expression}", *(f"{n}: {_short(v)}" for n, v in values.items())]),
        labels=labels,
        values=values,
        links=links,
    )


def _about(fingerprint: str, thing: Any, parameters: ExpressionParameters) -> tuple[dict[str, str], Sequence[Link]]:
    if isinstance(thing, Task):
        return task_labels(thing), task_links(thing, parameters.since_days)
    word, name = fingerprint.split(":", 1)
    if isinstance(thing, Counts):
        return group_label(word, name), group_links(word, name, parameters.since_days)
    return labelled(item=name), ()


def _plain(value: Any) -> Any:
    """JSON-able."""
    if value is None or isinstance(value, (str, int, float)):
        return value[:500] if isinstance(value, str) else value
    return value.isoformat() if hasattr(value, "isoformat") else f"a {type(value).__name__}"


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)[:100]
