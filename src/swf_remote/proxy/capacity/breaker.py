"""When to stop asking a monitor that does not answer, and how to begin again.

Closed: everything passes. Open: nothing does, until the probe sees the link again, which closes the breaker, or a pause
is over. Half-open: one trial a second; the first answer closes the breaker. Pure: the clock comes from outside.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum

from swf_remote.proxy.failures import (
    CircuitOpenError,
    LinkCause,
    LinkDownError,
    MonitorSilentError,
    Phase,
    UpstreamError,
    UpstreamTimeoutError,
)

FAILURES_IN_A_ROW = 5
FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 4.0
# A trial that takes longer may be a slow page of a monitor that is well: another request tries, too.
TRIAL_SECONDS = 1.0


class BreakerState(StrEnum):
    """Whether requests pass."""

    CLOSED = "closed"
    HALF_OPEN = "half-open"
    OPEN = "open"


class Breaker:
    """The breaker of one lane."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """`clock` gives epoch seconds."""
        self._clock = clock
        self.state = BreakerState.CLOSED
        self.since = clock()
        """Epoch seconds at which the present state began."""
        self._cause = LinkCause.SILENT
        self._failures = 0
        self._pause = FIRST_PAUSE_SECONDS
        self._next_trial = 0.0
        self._trying = False
        self._trial_until = 0.0

    def check(self) -> bool:
        """Whether the request that may go now is a trial.

        Raises:
            CircuitOpenError: it may not go.
        """
        if self.state is BreakerState.CLOSED:
            return False
        now = self._clock()
        if now < (self._trial_until if self._trying else self._next_trial):
            raise self.error(sent=False)
        self._trying, self._trial_until = True, now + TRIAL_SECONDS
        self._become(BreakerState.HALF_OPEN)
        return True

    def worked(self) -> bool:
        """An answer came, of whatever status; true if that closed the breaker."""
        self._failures = 0
        self._trying = False
        self._pause = FIRST_PAUSE_SECONDS
        closes = self.state is not BreakerState.CLOSED
        self._become(BreakerState.CLOSED)
        return closes

    def failed(self, cause: LinkCause) -> bool:
        """No answer came; true if that opened the breaker."""
        self._failures += 1
        if self.state is BreakerState.CLOSED and self._failures < FAILURES_IN_A_ROW:
            return False
        return self.open(cause)

    def open(self, cause: LinkCause) -> bool:
        """Let nothing pass for a while, longer each time; true unless nothing passed before."""
        opens = self.state is not BreakerState.OPEN
        if opens:
            self._cause, self._trying = cause, False
            self._next_trial = self._clock() + self._pause
            self._pause = min(self._pause * 2, LONGEST_PAUSE_SECONDS)
            self._become(BreakerState.OPEN)
        return opens

    def left(self) -> None:
        """A trial ended without a finding: its reader left."""
        self._trying = False

    def error(self, *, sent: bool) -> CircuitOpenError:
        """Why nothing passes; `sent`: of a request that was on its way when the breaker opened."""
        return CircuitOpenError(self._cause, datetime.fromtimestamp(self.since, UTC), sent=sent)

    def _become(self, state: BreakerState) -> None:
        if state is not self.state:
            # An outage lasts from the first opening on, whatever trials fail in it.
            if BreakerState.CLOSED in (state, self.state):
                self.since = self._clock()
            self.state = state


def cause_of(error: UpstreamError) -> LinkCause | None:
    """What a failure says about the link; None if nothing: it answered, or its certificate has to be looked at."""
    match error:
        case CircuitOpenError():
            return None
        case LinkDownError():
            return error.cause
        case MonitorSilentError():
            return LinkCause.RESET
        case UpstreamTimeoutError() if error.phase is Phase.CONNECT:
            return LinkCause.UNREACHABLE
        case UpstreamTimeoutError() if error.phase is Phase.FIRST_BYTE:
            return LinkCause.SILENT
        case _:
            return None
