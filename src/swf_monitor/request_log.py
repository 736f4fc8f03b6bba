"""One log line for each request, and the request's id in every line that is logged while it is answered.

The id is the one that the gateway sends as ``X-Request-ID`` and shows to its reader, so that a request can be followed
through both. It is only ever written down; a request without one, or with one that could pass for something else in a
log, has ``-``.
"""

from __future__ import annotations

import logging
import re
import time
from contextvars import ContextVar
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOG: Final = logging.getLogger("swf_monitor.access")
NONE: Final = "-"
_SAFE: Final = re.compile(rb"[A-Za-z0-9._-]{8,128}")
_current: Final[ContextVar[str]] = ContextVar("swf_monitor_request_id", default=NONE)


class RequestLog:
    """Wraps the whole application."""

    def __init__(self, application: ASGIApp) -> None:
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, and log how that went."""
        if scope["type"] != "http":
            await self._application(scope, receive, send)
            return
        _current.set(_request_id(scope))
        begin, status = time.perf_counter(), 0

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._application(scope, receive, noting)
        finally:
            # The query may name people, so it is left out.
            path = scope["path"].encode("unicode_escape").decode()
            LOG.info(
                "%s %s %s total_ms=%.0f", scope["method"], path, status or NONE, (time.perf_counter() - begin) * 1000
            )


class WithRequestId(logging.Filter):
    """Lets every record pass, with the id of the request it belongs to as ``request_id``."""

    def filter(self, record: logging.LogRecord) -> bool:
        """See the class."""
        record.request_id = _current.get()
        return True


def _request_id(scope: Scope) -> str:
    given = [value for name, value in scope["headers"] if name == b"x-request-id"]
    return given[0].decode() if len(given) == 1 and _SAFE.fullmatch(given[0]) else NONE
