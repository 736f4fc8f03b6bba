"""What the outer layer knows of one request; it travels in the ASGI scope to the layers inside."""

from __future__ import annotations

import secrets
import time
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from starlette.types import Scope

if TYPE_CHECKING:
    from swf_remote.edge.telemetry.traces import RequestSpan

KEY = "swf_remote"


@dataclass(slots=True)
class Exchange:
    """One request and its answer."""

    request_id: str
    began: float = field(default_factory=time.perf_counter)
    proxied: bool = False
    """The answer is the monitor's, not ours: another Content-Security-Policy holds."""
    area: str = "edge"
    """Who answers: ``own``, ``assets``, the kind of the exposure table's row (``page``, ``data``, …), else the edge."""
    route: str | None = None
    """Paths that the exposure table's row covers, if a row decided."""
    cache: str = "bypass"
    """What the cache did for the answer: ``hit``, ``miss``, ``coalesced``, ``stale`` or ``bypass``."""
    upstream_seconds: float | None = None
    """Time until the monitor's answer began."""
    status: int | None = None
    """Status sent to the reader; None until the answer begins."""
    sent: int = 0
    """Bytes of the body that were sent."""
    note: str = ""
    """A word for the log line, such as the kind of a problem."""
    trace: RequestSpan | None = None
    """The request's span, where traces are on."""
    _nonce: str = ""

    @property
    def nonce(self) -> str:
        """What scripts and style sheets of an own page have to carry; made when first asked for."""
        self._nonce = self._nonce or secrets.token_urlsafe(16)
        return self._nonce

    def seconds(self) -> float:
        """Time since the request came."""
        return time.perf_counter() - self.began


_current: ContextVar[Exchange | None] = ContextVar("swf_remote_exchange", default=None)


def enter(exchange: Exchange) -> None:
    """Make it the one of the running task, of the tasks it starts and of the threads it waits for."""
    _current.set(exchange)


def current_exchange() -> Exchange | None:
    """The one of the running task or thread; None outside of a request."""
    return _current.get()


def current_nonce() -> str:
    """The nonce of the answer that is being made, for templates; empty outside of a request."""
    exchange = _current.get()
    return exchange.nonce if exchange else ""


def exchange_of(scope: Scope) -> Exchange:
    """The exchange that the outer layer put into this scope."""
    found = scope[KEY]
    assert isinstance(found, Exchange)
    return found
