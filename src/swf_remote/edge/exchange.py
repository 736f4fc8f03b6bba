"""What the outer layer knows of one request; it travels in the ASGI scope to the layers inside."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from starlette.types import Scope

KEY = "swf_remote"


@dataclass(slots=True)
class Exchange:
    """One request and its answer."""

    request_id: str
    began: float = field(default_factory=time.perf_counter)
    proxied: bool = False
    """The answer is the monitor's, not ours: another Content-Security-Policy holds."""
    upstream_seconds: float | None = None
    """Time until the monitor's answer began."""
    status: int | None = None
    """Status sent to the reader; None until the answer begins."""
    note: str = ""
    """A word for the log line, such as the kind of a problem."""

    def seconds(self) -> float:
        """Time since the request came."""
        return time.perf_counter() - self.began


def exchange_of(scope: Scope) -> Exchange:
    """The exchange that the outer layer put into this scope."""
    found = scope[KEY]
    assert isinstance(found, Exchange)
    return found
