"""New connections are taken in though each turn of the event loop is long."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import time

import uvloop

from swf_remote.edge.server.listening import DESCRIPTORS, listening

CONNECTIONS, TURNS = 100, 12


class Counting(asyncio.Protocol):
    """Counts connections."""

    def __init__(self, taken: list[asyncio.BaseTransport]) -> None:
        self._taken = taken

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._taken.append(transport)


async def taken_in() -> int:
    """How many of a hundred waiting connections a dozen turns take in."""
    taken: list[asyncio.BaseTransport] = []
    loop = asyncio.get_running_loop()
    listener = socket.create_server(("127.0.0.1", 0), backlog=CONNECTIONS)
    address = listener.getsockname()
    servers = [await loop.create_server(lambda: Counting(taken), sock=one) for one in listening([listener])]
    clients = [socket.create_connection(address) for _ in range(CONNECTIONS)]
    for _ in range(TURNS):
        time.sleep(0.001)
        await asyncio.sleep(0)
    for client in clients:
        client.close()
    for transport in taken:
        transport.abort()  # type: ignore[attr-defined]
    for server in servers:
        server.close()
    return len(taken)


def test_each_turn_takes_in_as_many_connections_as_there_are_descriptors() -> None:
    assert uvloop.run(taken_in()) > DESCRIPTORS * (TURNS // 4)


def test_a_further_worker_never_lets_the_others_wait_in_the_socket_they_share() -> None:
    with socket.socket() as first:
        first.setblocking(False)
        # As after a fork or a reload, this one does not know what the first one said.
        with contextlib.ExitStack() as closing:
            for one in listening([socket.socket(fileno=os.dup(first.fileno()))]):
                closing.enter_context(one)
            assert not os.get_blocking(first.fileno())
