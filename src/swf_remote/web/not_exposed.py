"""What of the monitor the gateway does not pass on, in words: one text for the page, the 403 and the tests."""

from swf_remote.configuration import configuration
from swf_remote.edge.problem import Problem
from swf_remote.proxy.policy.routes import Part, exposure

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


def parts() -> tuple[Part, ...]:
    """The parts of the monitor that stay inside, as the exposure table lists them."""
    return exposure().inside


def problem(inside: str | None = None) -> Problem:
    """The refusal for a request into such a part, which lives at `inside` in the laboratory."""
    return Problem(403, "not-exposed", TITLE, ADVICE, inside=inside)


def inside_url(path: str) -> str | None:
    """Where `path` (relative to the mount, with its query) lives inside the laboratory; None without a known name."""
    found = configuration()
    return f"https://{found.monitor_host}{found.monitor_mount}/{path}" if found.monitor_host else None
