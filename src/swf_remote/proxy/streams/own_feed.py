"""The monitor's stream as this process alone hears it: what comes gets the next number and goes to the hub."""

from __future__ import annotations

from collections.abc import Sequence

from swf_remote.edge.problem import Problem
from swf_remote.proxy.streams.hub import Hub
from swf_remote.proxy.streams.parsing import Message


class OwnFeed:
    """Hears the monitor (an ``upstream.Sink``) for one hub."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    async def up(self) -> None:
        """See ``upstream.Sink``."""
        self._hub.up()

    async def down(self, problem: Problem, request_id: str) -> None:
        """See ``upstream.Sink``."""
        self._hub.down(problem, request_id)

    async def hear(self, messages: Sequence[Message]) -> None:
        """See ``upstream.Sink``."""
        for message in messages:
            await self._hub.publish(self._hub.position.next(), message)
