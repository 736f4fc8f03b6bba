"""Every reason for which the gateway does not pass a request on, with the words that the error page shows.

One constant per reason: the refusal page, the log line and the tests name the same thing.
"""

from __future__ import annotations

from dataclasses import dataclass

_INSIDE = "Inside the laboratory the monitor itself offers it. Here you can go back, or start from the first page."


@dataclass(frozen=True, slots=True)
class Refusal:
    """A reason, ready to become a problem for the reader."""

    kind: str
    """Stable slug for programs and logs."""
    status: int
    """HTTP status of the answer."""
    title: str
    """What happened, in words."""
    detail: str = _INSIDE
    """What the reader can do."""
    inside: bool = False
    """Whether the same address inside the laboratory leads to it."""


class RefusedPath(ValueError):  # noqa: N818 - named for what it says, as its reasons are
    """The request's path cannot be trusted to mean what it says."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.title)
        self.refusal = refusal


def _path(kind: str, title: str) -> Refusal:
    return Refusal(kind, 400, title, "Check the address; links on our pages never look like this.")


OUTSIDE_MOUNT = _path("path-outside-mount", "The address lies outside of this site")
CONTROL_CHARACTER = _path("path-control-character", "The address holds a control character")
DOT_SEGMENT = _path("path-dot-segment", "The address climbs with dots")
EMPTY_SEGMENT = _path("path-empty-segment", "The address holds a double slash")
HIDDEN_SLASH = _path("path-hidden-slash", "The address hides a slash or backslash")
BAD_ESCAPE = _path("path-bad-escape", "The address holds an escape that is not valid")

UNKNOWN = Refusal(
    "not-found", 404, "There is no such page", "Check the address, go back, or start again from the first page."
)
NOT_EXPOSED = Refusal("not-exposed", 403, "This part of the monitor is not shown outside the laboratory", inside=True)
OPERATORS_ONLY = Refusal("operators-only", 403, "This action belongs to the operators inside the laboratory")
ADMINISTRATION = Refusal(
    "administration", 403, "The monitor's administration is never reachable from outside", inside=True
)
ACCOUNTS = Refusal(
    "monitor-accounts",
    403,
    "The monitor's own accounts and logins are never reachable from outside",
    "This site has accounts of its own: use the log-in link at the top of any page.",
)
PRIVATE_DATA = Refusal("private-data", 403, "These data name people and are not shown outside the laboratory")
LOGS = Refusal("logs", 403, "The laboratory's log records are not shown outside", inside=True)
AGENTS = Refusal("agents", 403, "This is the laboratory agents' own interface and is never reachable from outside")
# What a closed row of the exposure table may give as its reason.
CLOSING = {
    refusal.kind: refusal
    for refusal in (PRIVATE_DATA, OPERATORS_ONLY, AGENTS, ADMINISTRATION, ACCOUNTS, LOGS, NOT_EXPOSED)
}
METHOD = Refusal(
    "method-not-allowed", 405, "This page does not take that kind of request", "Open it with an ordinary link."
)
LOGIN_REQUIRED = Refusal("login-required", 401, "You need to be logged in for this", "Log in and try again.")
STAFF_ONLY = Refusal("staff-only", 403, "Only staff may see this page", "Log in with a staff account, or go back.")
CROSS_ORIGIN = Refusal(
    "cross-origin",
    403,
    "The request came from another site and was not carried out",
    "Nothing was changed. Open the page here and repeat the action.",
)
TYPED_ADDRESS = Refusal(
    "typed-address",
    403,
    "This address changes something, so it cannot be opened by itself",
    "Follow the link on the page that it belongs to, such as the task's own page.",
)
TEXT_ADDRESS = Refusal("text-address", 400, "This text cannot be asked for")
