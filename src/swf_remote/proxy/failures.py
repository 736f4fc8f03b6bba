"""What can go wrong on the way to the monitor, and how a reader is told.

The error tree of ``proxy.upstream``: no other error leaves that module. ``problem_for`` words each one; nothing of the
monitor's address or of a library's message reaches a reader.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from swf_remote.edge.problem import Problem

RETRY_LINK = 10
RETRY_BUSY = 30


class UpstreamError(Exception):
    """The monitor's answer could not be had."""

    sent = True
    """Whether some of the request may have reached the monitor."""


class LinkCause(StrEnum):
    """Why no connection stands."""

    REFUSED = "refused"
    RESET = "reset"
    NAME = "name"
    UNREACHABLE = "unreachable"


class LinkDownError(UpstreamError):
    """No connection to the tunnel's entrance, or it was reset before an answer began."""

    def __init__(self, cause: LinkCause) -> None:
        super().__init__(cause.value)
        self.cause = cause
        self.sent = cause is LinkCause.RESET


class MonitorSilentError(UpstreamError):
    """The connection stood, the request went out, and the other side closed it without an answer."""


class Phase(StrEnum):
    """What was waited for when the time ran out."""

    CONNECT = "connect"
    FIRST_BYTE = "first byte"
    BODY = "body"


class UpstreamTimeoutError(UpstreamError):
    """Nothing came within the time allowed."""

    def __init__(self, phase: Phase) -> None:
        super().__init__(phase.value)
        self.phase = phase
        self.sent = phase is not Phase.CONNECT


class BrokenAnswerError(UpstreamError):
    """What came is no HTTP, too large in its head, or ended before its announced end."""


class TlsError(UpstreamError):
    """The encrypted connection could not be made, or the certificate is not the monitor's."""

    sent = False


class BodyTooLargeError(Exception):
    """The reader's request body is above the limit; raised while it streams."""


class ReaderGoneError(Exception):
    """The reader left before the request body was complete."""


LINK_WORDS = {
    LinkCause.REFUSED: "The tunnel to the laboratory is down: its entrance refuses connections",
    LinkCause.RESET: "The connection to the monitor was reset before it answered",
    LinkCause.NAME: "The monitor's address is not known: name look-up failed",
    LinkCause.UNREACHABLE: "The tunnel to the laboratory cannot be reached",
}
LATER = (
    "Nothing is wrong with your request; try again in a moment. The status page says which part of the chain is broken."
)


def problem_for(error: UpstreamError, *, write: bool, since: datetime | None) -> Problem:
    """The failure in words.

    Args:
        write: the request could have changed something at the monitor.
        since: when the link broke, if it is known to be broken.
    """
    outcome = _outcome(error.sent) if write else None
    match error:
        case LinkDownError():
            return Problem(
                502, f"link-{_slug(error.cause)}", LINK_WORDS[error.cause], LATER, since, RETRY_LINK, outcome
            )
        case MonitorSilentError():
            title = "The monitor closed the connection without an answer"
            return Problem(502, "monitor-silent", title, LATER, since, RETRY_LINK, outcome)
        case TlsError():
            title = "The monitor could not prove who it is: the encrypted connection failed"
            detail = "Nothing was sent to it. The operators have to look at certificates; a retry does not help."
            return Problem(502, "tls-failure", title, detail, since, None, outcome)
        case UpstreamTimeoutError():
            return _timeout(error.phase, since, outcome)
        case _:
            title = "The monitor's answer was broken off or is no valid answer"
            return Problem(502, "broken-answer", title, LATER, since, RETRY_LINK, outcome)


def _slug(cause: LinkCause) -> str:
    return "reset" if cause is LinkCause.RESET else "down"


def _timeout(phase: Phase, since: datetime | None, outcome: str | None) -> Problem:
    if phase is Phase.CONNECT:
        title = "The tunnel to the laboratory did not answer in time"
        return Problem(504, "connect-timeout", title, LATER, since, RETRY_LINK, outcome)
    title = "The monitor took too long to answer"
    detail = "Some pages are computed for a minute or more; try again in a moment, or ask for fewer days."
    return Problem(504, "upstream-timeout", title, detail, since, RETRY_BUSY, outcome)


def _outcome(sent: bool) -> str:
    if sent:
        return "It is not known whether your change was made: look before you send it again."
    return "Nothing was changed."
