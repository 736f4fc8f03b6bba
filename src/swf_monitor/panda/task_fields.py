"""A task as REST and pages give it: the contract's field names, in its order (5.2), and readable job parameters."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from datetime import datetime
from itertools import pairwise
from typing import Any, Final
from urllib.parse import unquote

from swf_monitor.panda.processing_types import shown
from swf_monitor.panda.queries.task_counts import TaskCounts
from swf_monitor.panda.queries.tasks import ITEM_COLUMNS, Task

_COMPUTED: Final = ("computed_failurerate", "computed_finalfailurerate", "computed_progress", "avg_retries_success")
_OPTIONS: Final = {"--sourceURL": "Source URL", "-r": "Work directory", "-p": "Payload command"}


def plain(value: Any) -> Any:
    """A column's value as JSON has it: times as ISO text without zone."""
    return value.isoformat() if isinstance(value, datetime) else value


def list_item(task: Task) -> dict[str, Any]:
    """One task of a list; the processing type is given as shown and as stored."""
    stored = task["processingtype"]
    return {
        **detail_item(task.columns, task.counts),
        "processingtype": shown(stored),
        "processingtype_raw": stored or "",
    }


def detail_item(columns: Mapping[Any, Any], counts: TaskCounts) -> dict[str, Any]:
    """One task by itself; the processing type is the stored one."""
    return {
        **{name: plain(columns[name]) for name in ITEM_COLUMNS},
        **asdict(counts),
        **{name: getattr(counts, name) for name in _COMPUTED},
    }


def job_parameters(parameters: Mapping[str, Any]) -> list[dict[str, str]]:
    """The job parameters of submitted task parameters as label and value.

    Options that clients are known to pass get a name, a quoted payload command is decoded, a template is named by the
    kind of its dataset; anything else is an argument.
    """
    entries = parameters.get("jobParameters")
    if not isinstance(entries, list):
        return []
    return [pair for entry in entries if isinstance(entry, dict) for pair in _described(entry)]


def _described(entry: Mapping[str, Any]) -> Iterable[dict[str, str]]:
    if entry.get("type") == "template":
        return [_template(entry)]
    value = str(entry.get("value", "")).strip()
    if value.startswith(('"', "'")):
        return [_pair("Payload command", unquote(value.strip("\"'")))]
    return list(_options(value)) or ([_pair("Argument", unquote(value))] if value else [])


def _options(value: str) -> Iterator[dict[str, str]]:
    words = _words(value)
    for option, following in pairwise(words):
        if option in _OPTIONS:
            yield _pair(_OPTIONS[option], unquote(following))


def _words(value: str) -> list[str]:
    try:
        return shlex.split(value)
    except ValueError:
        return value.split()


def _template(entry: Mapping[str, Any]) -> dict[str, str]:
    named = {name: entry[name] for name in ("dataset", "value") if entry.get(name)}
    kind = entry.get("param_type") or "dataset"
    return _pair(f"{kind} template", ", ".join(f"{name}={value}" for name, value in named.items()))


def _pair(label: str, value: str) -> dict[str, str]:
    return {"label": label, "value": value}
