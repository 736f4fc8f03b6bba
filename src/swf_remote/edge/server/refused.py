"""Why a request is not even read to its end. Its connection is closed after the answer (RFC 9112 11.2)."""

from __future__ import annotations

from swf_remote.edge.problem import Problem
from swf_remote.edge.refusals import LARGE_HEADERS, LONG_TARGET, WRONG_METHOD

SEND_AGAIN = "Send a request as RFC 9112 has it."


class RefusedError(Exception):
    """Raised while a request is read; ``problem`` is what its sender is told."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.title)
        self.problem = problem


def malformed(title: str) -> RefusedError:
    """A request that breaks HTTP's grammar, or that two readers could take for two different ones."""
    return RefusedError(Problem(400, "malformed-request", title, SEND_AGAIN))


def unknown_coding() -> RefusedError:
    """A transfer coding that nothing here takes off (RFC 9112 6.1)."""
    title = "The body's transfer coding is not known here"
    return RefusedError(Problem(501, "unknown-transfer-coding", title, "Send the body chunked, or with its length."))


def unknown_version() -> RefusedError:
    """Neither HTTP/1.0 nor HTTP/1.1; the preface of HTTP/2 is such a line, too."""
    title = "This version of HTTP is not spoken here"
    return RefusedError(Problem(505, "unknown-http-version", title, "Use HTTP/1.1."))


def unknown_expectation() -> RefusedError:
    """``Expect`` with anything but ``100-continue`` (RFC 9110 10.1.1)."""
    title = "What the request expects cannot be met"
    return RefusedError(Problem(417, "unknown-expectation", title, "Leave the Expect header out."))


def unused_method() -> RefusedError:
    """A method that no page has."""
    return RefusedError(WRONG_METHOD)


def large_headers() -> RefusedError:
    """More header lines or bytes than are read."""
    return RefusedError(LARGE_HEADERS)


def long_target() -> RefusedError:
    """A request line that does not end."""
    return RefusedError(LONG_TARGET)


def too_slow(what: str) -> RefusedError:
    """The sender stopped in the middle."""
    title = f"The request's {what} did not come in time"
    return RefusedError(Problem(408, "request-timeout", title, "Send the request again."))


def too_many_connections() -> RefusedError:
    """This process holds as many connections as it may."""
    title = "Too many connections are open at once"
    return RefusedError(Problem(503, "too-many-connections", title, "Try again in a minute.", retry_after=60))
