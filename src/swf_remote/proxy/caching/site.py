"""What the processes and hosts of a site share of the cache, if a Redis is set: answers, turns, and word of writes."""

from __future__ import annotations

import json
import time
from importlib.metadata import version
from typing import Self

from swf_remote.configuration import Configuration
from swf_remote.edge import metrics
from swf_remote.proxy.policy.exposure import Exposure
from swf_remote.proxy.policy.exposure_file import SHIPPED
from swf_remote.proxy.policy.rows import SAFE_METHODS, Access

from .epochs import Epochs, area_of
from .redis_link import RedisLink
from .redis_store import RedisStore
from .site_writes import SiteWrites
from .turns import Turns


class Site:
    """The three together."""

    def __init__(self, link: RedisLink, store: RedisStore, writes: SiteWrites) -> None:
        self._link = link
        self.store = store
        self.writes = writes
        self.turns = Turns(link, store)

    @classmethod
    def of(cls, settings: Configuration, epochs: Epochs) -> Self | None:
        """The site's that these settings name; None where each process keeps its own."""
        if not settings.redis_url:
            return None
        link = RedisLink(settings.redis_url, is_told=metrics.redis_answers)
        return cls(link, RedisStore(link, _secret(settings), time.time), SiteWrites(link, epochs))

    async def close(self) -> None:
        """End what is under way, and let all connections go."""
        await self.writes.close()
        await self._link.close()


def written_areas(table: Exposure) -> frozenset[str] | None:
    """The areas of the monitor (``epochs.area_of``) in which the table lets somebody write; None for all."""
    open_rows = [row for row in table.routes if row.access is not Access.CLOSED]
    writing = [row for row in open_rows if row.changes or not SAFE_METHODS.issuperset(row.methods)]
    areas = frozenset(area_of(row.pattern, "") for row in writing)
    return None if any("*" in area or "<" in area for area in areas) else areas


def _secret(settings: Configuration) -> bytes:
    """Something that only those have who would make the same of the monitor's answers."""
    table = (settings.routes or SHIPPED).read_text()
    shaping = (settings.monitor_url, settings.monitor_host, settings.mount, settings.public_url, settings.substitutes)
    return json.dumps([version("swf-remote"), settings.secret_key, table, *shaping]).encode()
