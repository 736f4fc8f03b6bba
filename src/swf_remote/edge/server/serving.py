"""uvicorn as the gateway uses it: our own protocol, no word of its own in any answer, lifespan always on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from starlette.types import ASGIApp
from uvicorn import Config

from swf_remote.edge.server.connection import Connection

BACKLOG = 8192
# Answers under way at the end have this long; event streams end at once by themselves.
FINISH_SECONDS = 2


def server_configuration(load: Callable[[], ASGIApp], *, loop: str = "uvloop") -> Config:
    """uvicorn's configuration.

    Args:
        load: makes the application, in the process that serves it.
        loop: uvicorn's name of the event loop.
    """
    return Config(
        cast(Any, load),
        factory=True,
        interface="asgi3",
        loop=loop,
        http=Connection,
        ws="none",
        lifespan="on",
        log_config=None,
        log_level="warning",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        backlog=BACKLOG,
        timeout_graceful_shutdown=FINISH_SECONDS,
    )
