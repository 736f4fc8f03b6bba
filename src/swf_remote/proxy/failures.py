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
RETRY_SOON = 5


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
    SILENT = "silent"
    """It stands, but nothing comes back."""


class LinkDownError(UpstreamError):
    """No connection to the tunnel's entrance, or it was reset before an answer began."""

    def __init__(self, cause: LinkCause, *, connected: bool = True) -> None:
        """`connected`: it came on a standing connection, so that the request may have been on its way."""
        super().__init__(cause.value)
        self.cause = cause
        self.sent = connected and cause in (LinkCause.RESET, LinkCause.SILENT)


class CircuitOpenError(LinkDownError):
    """The link is known to be down, so nothing is asked; or that became known while an answer was waited for."""

    def __init__(self, cause: LinkCause, since: datetime, *, sent: bool) -> None:
        """`since` when; `sent`: some of the request may have reached the monitor."""
        super().__init__(cause)
        self.since = since
        self.sent = sent


class BusyError(UpstreamError):
    """As many requests of this kind run and wait as may."""

    sent = False


class CrowdedError(UpstreamError):
    """One reader has as many requests of this kind on their way and waiting as one may have."""

    sent = False


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


class AnswerFault(StrEnum):
    """What is wrong with an answer; the value is the problem's kind."""

    UNUSABLE = "broken-answer"
    """It cannot be passed on truly, for example because its content coding is not what it says."""
    NOT_HTTP = "no-http-answer"
    HEADLESS = "headless-answer"
    """A body without status line and headers (HTTP/0.9)."""
    HEAD = "oversized-answer-head"
    LENGTH = "broken-answer-length"
    CHUNKS = "broken-answer-chunks"
    INTERIM = "endless-interim-answers"
    CUT = "answer-cut-off"


class BrokenAnswerError(UpstreamError):
    """What came is no HTTP, too large in its head, or ended before its announced end."""

    def __init__(self, fault: AnswerFault | str = AnswerFault.UNUSABLE) -> None:
        """With a fault, or with words about an answer that is unusable."""
        super().__init__(str(fault))
        self.fault = fault if isinstance(fault, AnswerFault) else AnswerFault.UNUSABLE


class TlsFault(StrEnum):
    """Why the encrypted connection was not made; the value is its title for readers."""

    EXPIRED = "The monitor's certificate has expired"
    NOT_YET = "The monitor's certificate is not valid yet"
    NAME = "The monitor's certificate bears another name"
    AUTHORITY = "The monitor's certificate comes from an authority that is not trusted here"
    CERTIFICATE = "The monitor's certificate is not accepted"
    PIN = "The monitor's key is not the one that was agreed on"
    HANDSHAKE = "The encrypted connection to the monitor could not be made"


class TlsError(UpstreamError):
    """The encrypted connection could not be made, or the certificate is not the monitor's."""

    sent = False

    def __init__(self, fault: TlsFault, operators_words: str) -> None:
        """`operators_words` go to the log, never to a reader."""
        super().__init__(fault.value)
        self.fault = fault
        self.operators_words = operators_words


class BodyTooLargeError(Exception):
    """The reader's request body is above the limit; raised while it streams."""


class ReaderGoneError(Exception):
    """The reader left before the request body was complete."""


LINK_WORDS = {
    LinkCause.REFUSED: "The tunnel to the laboratory is down: its entrance refuses connections",
    LinkCause.RESET: "The connection to the monitor was reset before it answered",
    LinkCause.NAME: "The monitor's address is not known: name look-up failed",
    LinkCause.UNREACHABLE: "The tunnel to the laboratory cannot be reached",
    LinkCause.SILENT: "The tunnel stands, but the monitor behind it does not answer",
}
LINK_KINDS = {
    LinkCause.REFUSED: "link-down",
    LinkCause.RESET: "link-reset",
    LinkCause.NAME: "link-name-unknown",
    LinkCause.UNREACHABLE: "link-unreachable",
    LinkCause.SILENT: "link-silent",
}
ANSWER_WORDS = {
    AnswerFault.UNUSABLE: "The monitor's answer cannot be passed on: its body is not what its head says",
    AnswerFault.NOT_HTTP: "What answered is not the monitor, or does not speak HTTP",
    AnswerFault.HEADLESS: "The monitor's answer came without its head",
    AnswerFault.HEAD: "The head of the monitor's answer is too large",
    AnswerFault.LENGTH: "The monitor's answer contradicts itself about its length",
    AnswerFault.CHUNKS: "The monitor's answer is cut into pieces wrongly",
    AnswerFault.INTERIM: "The monitor announces an answer again and again and never gives it",
    AnswerFault.CUT: "The monitor's answer broke off",
}
# The others come from the page or the server itself and would come again.
_PASSING_FAULTS = frozenset({AnswerFault.CUT, AnswerFault.NOT_HTTP, AnswerFault.UNUSABLE, AnswerFault.INTERIM})
SAME = (
    "Nothing is wrong with your request, and the same answer would come again: report it with the request id, so that "
    "the monitor's operators can mend it."
)
BUSY = "Nothing is wrong with your request: others are being answered first; try again in a few seconds."
CROWDED = "Wait until some of them are answered, then try again: others are answered meanwhile."
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
        case BusyError() | CrowdedError():
            return _full(error, outcome)
        case LinkDownError():
            since = since or (error.since if isinstance(error, CircuitOpenError) else None)
            status = 504 if error.cause is LinkCause.SILENT else 502
            return Problem(status, LINK_KINDS[error.cause], LINK_WORDS[error.cause], LATER, since, RETRY_LINK, outcome)
        case MonitorSilentError():
            title = "The monitor closed the connection without an answer"
            return Problem(502, "monitor-silent", title, LATER, since, RETRY_LINK, outcome)
        case TlsError():
            detail = "Nothing was sent to it. The operators have to look at certificates; a retry does not help."
            return Problem(502, "tls-failure", error.fault.value, detail, since, None, outcome)
        case UpstreamTimeoutError():
            return _timeout(error.phase, since, outcome)
        case _:
            return _broken(
                error.fault if isinstance(error, BrokenAnswerError) else AnswerFault.UNUSABLE, since, outcome
            )


def _full(error: BusyError | CrowdedError, outcome: str | None) -> Problem:
    if isinstance(error, BusyError):
        title = "Too many requests to the monitor at once"
        return Problem(503, "monitor-busy", title, BUSY, None, RETRY_SOON, outcome)
    title = "Many of your requests are waiting for the monitor already"
    return Problem(429, "too-many-at-once", title, CROWDED, None, RETRY_SOON, outcome)


def _broken(fault: AnswerFault, since: datetime | None, outcome: str | None) -> Problem:
    passing = fault in _PASSING_FAULTS
    detail, retry = (LATER, RETRY_LINK) if passing else (SAME, None)
    return Problem(502, fault.value, ANSWER_WORDS[fault], detail, since, retry, outcome)


def _timeout(phase: Phase, since: datetime | None, outcome: str | None) -> Problem:
    if phase is Phase.CONNECT:
        title = "The tunnel to the laboratory did not answer in time"
        return Problem(504, "connect-timeout", title, LATER, since, RETRY_LINK, outcome)
    if phase is Phase.BODY:
        title = "The monitor stopped in the middle of its answer"
        return Problem(504, "upstream-stalled", title, LATER, since, RETRY_BUSY, outcome)
    title = "The monitor took too long to answer"
    detail = "Some pages are computed for a minute or more; try again in a moment, or ask for fewer days."
    return Problem(504, "upstream-timeout", title, detail, since, RETRY_BUSY, outcome)


def _outcome(sent: bool) -> str:
    if sent:
        return "It is not known whether your change was made: look before you send it again."
    return "Nothing was changed."
