"""How the link is, as this process sees it: the same look that the status page goes by, and the time of the data."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from swf_remote.configuration import Configuration
from swf_remote.proxy import link
from swf_remote.proxy.link import LinkRecord, Observation, Place
from swf_remote.proxy.probe import BUSY, STATUS_PATH, Probe
from swf_remote.proxy.upstream import UpstreamClient

from .exchange import Exchange
from .items import LinkWord
from .queries import InputError
from .strictly import moment

OVERDUE = Observation(Place.MONITOR, "The look at the monitor took too long.")


class LinkWatch:
    """Remembers from look to look since when the link is as it is."""

    def __init__(self, settings: Configuration) -> None:
        self._settings = settings
        self._now = datetime.now(UTC)
        self._record = LinkRecord(clock=lambda: self._now)

    async def look(self, client: UpstreamClient) -> Observation:
        """One look; a second one before the monitor counts as lost, since it may just be busy."""
        probe = Probe(self._settings, client, self._record)
        seen = await probe.look()
        return await probe.look() if is_doubtful(seen) else seen

    def noted(self, seen: Observation, now: datetime, data_as_of: datetime | None, *, others_heard: bool) -> LinkWord:
        """What a look means.

        Args:
            seen: the look.
            now: when.
            data_as_of: what the monitor told of its data.
            others_heard: the monitor answered other questions meanwhile, so that it is only busy.
        """
        self._now = now
        self._record.note(BUSY if is_doubtful(seen) and others_heard else seen)
        state = self._record.state()
        if state.up:
            return LinkWord(True, self._since(state.since, up=True), "", data_as_of)
        place = state.broken_at.value if state.broken_at else ""
        return LinkWord(False, self._since(state.since, up=False), place, data_as_of)

    @staticmethod
    def _since(own: datetime | None, *, up: bool) -> datetime | None:
        """The proxy of the same process looks more often, and may have begun earlier."""
        other = link.current()
        if own is None or not other.probed or other.since is None or other.up is not up:
            return own
        return min(own, other.since)


def is_doubtful(seen: Observation) -> bool:
    """Whether a monitor in trouble and one that is only busy look like this."""
    return seen.broken_at is Place.MONITOR and seen.cause is not None


async def data_time(exchange: Exchange) -> datetime | None:
    """When the monitor's data last changed, as far as its status page tells it (contract 3.4)."""
    try:
        return told_time(await exchange.document(STATUS_PATH.lstrip("/")))
    except InputError:
        return None


def told_time(document: Any) -> datetime | None:
    """The time in a status answer; a monitor may tell the time of its data, the laboratory's that of its last check."""
    if not isinstance(document, dict):
        return None
    text = document.get("data_as_of") or document.get("latest_checked_at")
    return moment(text, "the status", "latest_checked_at") if isinstance(text, str) else None
