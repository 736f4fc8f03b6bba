"""What a purge ends, and how the running gateways learn of it: by the memory they share, and over Redis."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from swf_remote.configuration import Configuration
from swf_remote.edge.shared_memory import FOLDER, folder
from swf_remote.proxy.caching.epochs import EVERYTHING, FILE, Ended, Epochs, ended
from swf_remote.proxy.caching.redis_link import RedisLink, SilentError
from swf_remote.proxy.caching.site_writes import WAIT_SECONDS, enter
from swf_remote.proxy.policy.exposure import Exposure
from swf_remote.proxy.policy.paths import normalise
from swf_remote.proxy.policy.refusals import RefusedPath
from swf_remote.proxy.policy.rows import Cache
from swf_remote.proxy.request import monitor_target
from swf_remote.proxy.sites import Sites

REDIS_SECONDS = 5.0


class PurgeError(Exception):
    """It was not done, or not everywhere; the text says why."""


@dataclass(frozen=True, slots=True)
class Purge:
    """One thing to be purged."""

    what: Ended
    words: str


def purge_of_all() -> Purge:
    """Everything."""
    return Purge(EVERYTHING, "everything")


def purge_of_user(name: str) -> Purge:
    """What is kept for one reader alone."""
    return Purge(ended(users=[name]), f"what is kept for {name} alone")


def purge_of_route(route: str, table: Exposure, settings: Configuration) -> Purge:
    """A row of the table, by its pattern, or a path below the mount, with any query.

    Raises:
        PurgeError: the table has no such row, or shows no such path.
    """
    if any(row.pattern == route and row.cache is not Cache.NONE for row in table.routes):
        return Purge(ended(rows=[route]), f"row {route or '(first page)'}")
    if "*" in route or "<" in route:
        raise PurgeError(f"{route}: no row of the table that keeps answers has this pattern; see swf-remote routes")
    path = route.partition("?")[0].removeprefix(f"{settings.mount}/").lstrip("/")
    try:
        decision = table.decide("GET", normalise(f"/{path}".encode(), ""))
    except RefusedPath as error:
        raise PurgeError(f"{route}: {error.refusal.title}") from None
    if decision.route is None:
        raise PurgeError(f"{route}: {decision.refusal.title if decision.refusal else 'not read by GET'}")
    sites = Sites(settings.mount, settings.monitor_mount)
    target = monitor_target(f"{settings.mount}/{path}".encode(), b"", decision.route, sites)
    return Purge(ended(paths=[target]), f"path {path or '(first page)'} with any query")


def purge(what: Iterable[Ended], redis_url: str) -> list[str]:
    """End it in all running gateways that can be reached from here; who they are, in words.

    Raises:
        PurgeError: there is none, or some of them do not know of it.
    """
    together = list(what)
    place = folder()
    places = [place] if place and (place / FILE).is_file() else []
    if not places and not redis_url:
        where = f"no gateway shares the folder {place}" if place else "nothing says which gateway is meant"
        raise PurgeError(
            f"{where}: start swf-remote serve and this command with the same {FOLDER}, or set SWF_REMOTE_REDIS_URL"
        )
    _end(places, together)
    told = [f"the gateway of this host ({place})" for place in places]
    if redis_url:
        try:
            hosts = asyncio.run(_enter(redis_url, together))
        except SilentError as error:
            here = "only this host was purged" if places else "nothing was purged"
            raise PurgeError(f"Redis does not answer ({error.__cause__}): {here}") from None
        told.append(f"{hosts} gateway(s) over Redis")
        # Workers may have taken from there what they had just given up.
        _end(places, together)
    return told


def _end(places: Iterable[Path], what: Iterable[Ended]) -> None:
    for place in places:
        epochs = Epochs(place=place)
        for one in what:
            epochs.end(one)


async def _enter(url: str, what: Iterable[Ended]) -> int:
    link, hosts = RedisLink(url, patience=REDIS_SECONDS), 0
    try:
        for one in what:
            hosts = (await enter(link, "", one)).hosts
    finally:
        await link.close()
    await asyncio.sleep(WAIT_SECONDS)
    return hosts
