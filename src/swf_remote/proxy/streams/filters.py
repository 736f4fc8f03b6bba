"""What a listener wants to hear: the monitor's own filters, applied here as the laboratory's monitor does (contract 6).

``msg_types``, ``agents`` and ``run_ids`` are lists separated by commas; of a repeated parameter the last counts, an
empty one is none. All that are given must hold the event's value, compared exactly.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from swf_remote.proxy.streams.parsing import DEFAULT_NAME, Message


@dataclass(frozen=True, slots=True)
class Facts:
    """What filters look at; None where an event has nothing that could be asked for."""

    msg_type: str | None = None
    agent: str | None = ""
    """``processed_by``; an event without it is found by an empty name."""
    run_id: str | None = None
    for_all: bool = False
    """It is about the stream itself, so no filter keeps it back."""


FOR_ALL = Facts(for_all=True)


@dataclass(frozen=True, slots=True)
class Wanted:
    """One listener's filters; None where it gave none. Equal ones share their work."""

    msg_types: frozenset[str] | None = None
    agents: frozenset[str] | None = None
    run_ids: frozenset[str] | None = None

    @classmethod
    def of(cls, query: bytes) -> Wanted:
        """From a request's query."""
        given = dict(parse_qsl(query.decode("latin-1"), keep_blank_values=True))
        return cls(_items(given.get("msg_types")), _items(given.get("agents")), _items(given.get("run_ids")))

    def accepts(self, facts: Facts) -> bool:
        """Whether the listener hears an event."""
        return facts.for_all or (
            (self.msg_types is None or facts.msg_type in self.msg_types)
            and (self.agents is None or facts.agent in self.agents)
            and (self.run_ids is None or facts.run_id in self.run_ids)
        )


def facts_of(message: Message, about_the_stream: Collection[str] = ()) -> Facts:
    """What filters look at in an event: members of its data; an event that does not say its type goes by its name.

    Args:
        about_the_stream: names of events that are for all listeners, unless they say that they are of some type.
    """
    data = _object(message.data)
    if message.name in about_the_stream and "msg_type" not in data:
        return FOR_ALL
    named = None if message.name == DEFAULT_NAME else message.name
    return Facts(_text(data.get("msg_type", named)), _text(data.get("processed_by", "")), _text(data.get("run_id")))


def is_of_the_stream(message: Message, name: str) -> bool:
    """Whether it is the stream's own word `name`, and no message of that type."""
    return message.name == name and "msg_type" not in _object(message.data)


def _object(data: str) -> dict[str, Any]:
    if not data.lstrip().startswith("{"):
        return {}
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        return {}
    assert isinstance(found, dict)
    return found


def _items(given: str | None) -> frozenset[str] | None:
    return frozenset(item.strip() for item in given.split(",")) if given else None


def _text(value: object) -> str | None:
    """Run numbers may come as numbers."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) else None
