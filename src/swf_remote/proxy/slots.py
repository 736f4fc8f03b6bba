"""Markers above the content of a page: a row of the exposure table offers a slot, a function given by others fills it.

The proxy knows nothing of what is marked. It asks for each answer, a kept one included, so that a kept page shows the
present state; entity tags name what was filled in (``page``), so that no 304 hides a change of it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from swf_remote.proxy.policy.paths import normalise
from swf_remote.proxy.policy.patterns import in_place
from swf_remote.proxy.policy.routes import Route

LOG = logging.getLogger("swf_remote.failures")
Fill = Callable[[str, str], bytes]
"""HTML for a slot (the word of its row) and its key (empty for a page as a whole); empty for nothing to show.

It is asked for every page that is sent, in the event loop: it answers from memory, and the same to all readers.
"""


def nothing(_slot: str, _key: str) -> bytes:
    """Fills no slot."""
    return b""


class Slots:
    """See the module's text."""

    def __init__(self, mount: str, fill: Fill) -> None:
        self._mount, self._fill = mount, fill
        self._failing = False

    def key(self, route: Route, raw_path: bytes) -> str:
        """The key of the row's slot, from a path that was let through; empty where there is none."""
        return in_place(route.pattern, normalise(raw_path, self._mount)) if route.slot else ""

    def marker(self, route: Route, key: str) -> bytes:
        """What stands in the row's slot at this moment; a page is not lost for its marker."""
        if not route.slot:
            return b""
        try:
            found = self._fill(route.slot, key)
        except Exception:
            # Each page would tell the same.
            if not self._failing:
                LOG.exception("slots of pages cannot be filled")
            self._failing = True
            return b""
        self._failing = False
        return found
