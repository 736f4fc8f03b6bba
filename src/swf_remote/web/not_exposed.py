"""What is told of parts of the monitor that the gateway does not pass on."""

from swf_remote.configuration import configuration
from swf_remote.edge.problem import Problem

TITLE = "This part of the monitor is not offered outside the laboratory"
ADVICE = (
    "The public gateway passes on what the exposure table lists and nothing else. "
    "Inside the laboratory, the same address below the monitor's own mount shows this part."
)


def problem(inside: str | None = None) -> Problem:
    """The refusal for a request into such a part, which lives at `inside` in the laboratory."""
    return Problem(403, "not-exposed", TITLE, ADVICE, inside=inside)


def inside_url(path: str) -> str | None:
    """Where `path` (relative to the mount, with its query) lives inside the laboratory; None without a known name."""
    found = configuration()
    return f"https://{found.monitor_host}{found.monitor_mount}/{path}" if found.monitor_host else None
