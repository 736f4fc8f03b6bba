"""Events, their form on the wire, and the filters a listener may set. Pure: no clock, no sockets, no database.

Contract section 6: ``event:`` line, one ``data:`` line of JSON, blank line; never ``id:`` or ``retry:``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

CONNECTED = "connected"
HEARTBEAT = "heartbeat"
DROPPED = "events_dropped"


@dataclass(frozen=True)
class Event:
    """One message: its type names the event, its payload is the JSON object that follows."""

    msg_type: str
    payload: Mapping[str, Any] = field(default_factory=dict)

    def encode(self) -> bytes:
        """The event as sent: two lines and a blank one. Line breaks inside values are escaped by JSON."""
        data = json.dumps(self.payload, default=str)
        return f"event: {self.msg_type}\ndata: {data}\n\n".encode()


@dataclass(frozen=True)
class EventFilter:
    """What a listener wants: each set that is not empty must hold the event's value, exactly and case-sensitively."""

    msg_types: frozenset[str] = frozenset()
    agents: frozenset[str] = frozenset()
    run_ids: frozenset[str] = frozenset()

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> EventFilter:
        """Read the comma lists ``msg_types``, ``agents`` and ``run_ids``."""
        return cls(*(_comma_list(query.get(name, "")) for name in ("msg_types", "agents", "run_ids")))

    def accepts(self, event: Event) -> bool:
        """Whether all given filters match; ``agents`` looks at ``processed_by``."""
        wanted_and_found = (
            (self.msg_types, event.msg_type),
            (self.agents, event.payload.get("processed_by")),
            (self.run_ids, event.payload.get("run_id")),
        )
        return all(not wanted or (found is not None and str(found) in wanted) for wanted, found in wanted_and_found)


def _comma_list(text: str) -> frozenset[str]:
    return frozenset(item.strip() for item in text.split(",") if item.strip())
