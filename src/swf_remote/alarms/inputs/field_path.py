"""Which addresses of the monitor's REST interface an alarm may read: those below ``api/panda/`` that anybody may read.

What an alarm finds is shown to all readers, so nothing that the gateway hides may come in by this door. Pure.
"""

from __future__ import annotations

import re

from swf_remote.proxy.policy.exposure import Exposure
from swf_remote.proxy.policy.rows import Access

from .queries import InputError

BELOW = "api/panda/"
LONGEST = 500
_PATH = re.compile(r"[A-Za-z0-9_~-][A-Za-z0-9_.~-]*(?:/[A-Za-z0-9_~-][A-Za-z0-9_.~-]*)*/?")
_QUERY = re.compile(r"(?:[A-Za-z0-9_.~,:+*=&-]|%[0-9A-Fa-f]{2})*")


def checked(path: str, table: Exposure) -> str:
    """The address below the monitor's mount.

    Args:
        path: below ``api/panda/``, with its query.
        table: what the gateway shows, and to whom.

    Raises:
        InputError: it leads elsewhere, or not everybody may read it.
    """
    relative, _, query = path.partition("?")
    if len(path) > LONGEST or not _PATH.fullmatch(relative) or not _QUERY.fullmatch(query):
        raise InputError(f"{path[:80]!r} is no address below {BELOW}: write one such as activity/?days=1")
    route = table.decide("GET", BELOW + relative, query.encode()).route
    if route is None or route.access is not Access.PUBLIC:
        raise InputError(f"{BELOW}{relative} is not shown to everybody, so no alarm may read it")
    return BELOW + path
