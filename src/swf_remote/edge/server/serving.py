"""uvicorn as the gateway uses it: our own protocol, no word of its own in any answer, lifespan always on.

It ends without cutting anything off: who is connected is heard, what is under way is finished, and whoever is about to
ask again on a connection that stands gets that answer, too, with the word that it is the last.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Sequence
from typing import Any, cast

from starlette.types import ASGIApp
from uvicorn import Config, Server

from swf_remote.edge.server.connection import Connection

BACKLOG = 8192
# Handshakes that have begun are over by then.
SETTLE_SECONDS = 0.2
TELL_SECONDS = 0.05


class PatientServer(Server):
    """Tells when it serves, and loses nobody at its end."""

    def __init__(self, config: Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to accept, and say so."""
        await super().startup(sockets)
        self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Accept those who are connected and no more, finish the rest."""
        await asyncio.sleep(SETTLE_SECONDS)
        await self._accept_the_rest(sockets or [])
        telling = asyncio.create_task(self._tell_late_comers())
        try:
            await super().shutdown(sockets)
        finally:
            telling.cancel()

    async def _accept_the_rest(self, sockets: Sequence[socket.socket]) -> None:
        """The event loop may have been too busy for them; closed with the listening socket they would be reset."""
        loop = asyncio.get_running_loop()
        for listener in sockets:
            listener.setblocking(False)
            for _ in range(BACKLOG):
                try:
                    accepted, _address = listener.accept()
                except OSError:
                    break
                await loop.connect_accepted_socket(self._connection, accepted)

    def _connection(self) -> Connection:
        return Connection(self.config, self.server_state, self.lifespan.state)

    async def _tell_late_comers(self) -> None:
        """Connections that were accepted in the last moment are made known only after the others were told."""
        while True:
            await asyncio.sleep(TELL_SECONDS)
            for connection in list(self.server_state.connections):
                connection.shutdown()


def server_configuration(
    load: Callable[[], ASGIApp], *, loop: str = "uvloop", finish_seconds: int | None = None
) -> Config:
    """uvicorn's configuration.

    Args:
        load: makes the application, in the process that serves it.
        loop: uvicorn's name of the event loop.
        finish_seconds: how long answers may go on at the end; None: as long as it takes.
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
        timeout_graceful_shutdown=finish_seconds,
    )
