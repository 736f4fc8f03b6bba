"""The frame around every own page: navigation and who is signed in.

Error pages are drawn without a request, and when the gateway's own database may be gone; both are normal here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from django.db import DatabaseError
from django.http import HttpRequest

from swf_remote.proxy import link

from .addresses import own_url


@dataclass(frozen=True, slots=True)
class Entry:
    """One word of the navigation; `path` is relative to the mount."""

    label: str
    path: str

    @property
    def url(self) -> str:
        """Its address."""
        return own_url(self.path)


ENTRIES = (
    Entry("Activity", "panda/activity/"),
    Entry("Jobs", "panda/jobs/"),
    Entry("Tasks", "panda/tasks/"),
    Entry("Errors", "panda/errors/"),
    Entry("Queues", "panda/epic-queues/"),
    Entry("Alarms", "alarms/"),
    Entry("Status", "status/"),
)


class _Counting:
    """Who says how many alarms fire; nobody does in a process that serves no pages."""

    firing: ClassVar[Callable[[], int]] = staticmethod(lambda: 0)


def count_firing(count: Callable[[], int]) -> None:
    """From now on this says what stands beside "Alarms". It answers at once, from memory."""
    _Counting.firing = staticmethod(count)


def page_frame(request: HttpRequest | None) -> dict[str, Any]:
    """Template context: `entries`, `current_url` (the entry that stands for this page), `signed_in_as`,
    `link_trouble`, `alarms_firing` (how many events fire, as far as it is known) and `alarms_url`, the entry that tells
    it.

    Also a context processor. Without a request, `signed_in_as` is None and `account_known` False: the page then offers
    "Account", which leads to the log-in page where needed.
    """
    path = request.path if request else ""
    current = next((entry.url for entry in ENTRIES if path.startswith(entry.url)), None)
    name = _name(request)
    return {
        "entries": ENTRIES,
        "current_url": current,
        "signed_in_as": name,
        "account_known": name is not None,
        "link_trouble": _link_trouble(),
        "alarms_firing": _Counting.firing(),
        "alarms_url": own_url("alarms/"),
    }


def _link_trouble() -> str:
    """The word beside the navigation while something is broken; empty while all is well or nothing is known."""
    state = link.current()
    if not state.probed or state.broken_at is None:
        return ""
    return "Data at fault" if state.up else "Link down"


def _name(request: HttpRequest | None) -> str | None:
    """The user's name, "" for an anonymous reader, None where it cannot be told."""
    user = getattr(request, "user", None)
    try:
        return user.get_username() if user is not None and user.is_authenticated else (None if user is None else "")
    except DatabaseError:
        return None
