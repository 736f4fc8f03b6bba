"""What of the monitor the gateway does not pass on, in words: one text for the page, the 403 and the tests."""

from dataclasses import dataclass

from swf_remote.configuration import configuration
from swf_remote.edge.problem import Problem

TITLE = "This part of the monitor is not offered outside the laboratory"
ADVICE = (
    "The public gateway passes on what the exposure table lists and nothing else. "
    "Inside the laboratory, the same address below the monitor's own mount shows this part."
)
ALARMS_TITLE = "Alarms are not part of this gateway yet"
ALARMS_ADVICE = (
    "Their place here is kept free. Until they arrive, the link status page shows what is broken right now, and "
    "inside the laboratory the monitor's own alarm pages work as before."
)


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the monitor that stays inside; `path` is relative to either mount."""

    path: str
    what: str


PARTS = (
    Part("alarms/", "Alarm dashboard, events and alarm editor"),
    Part("logs/", "Log records of the laboratory's agents"),
    Part("panda-database/", "Raw tables of the PanDA database"),
    Part("idds-database/", "Raw tables of the iDDS database"),
    Part("admin/", "Administration of the monitor"),
    Part("api/users/", "The monitor's own accounts"),
)


def problem() -> Problem:
    """The refusal for a request into such a part."""
    return Problem(403, "not-exposed", TITLE, ADVICE)


def inside_url(path: str) -> str | None:
    """Where `path` (relative to the mount, with its query) lives inside the laboratory; None without a known name."""
    found = configuration()
    return f"https://{found.monitor_host}{found.monitor_mount}/{path}" if found.monitor_host else None
