"""Scripted monitors for whole gateways: looks at the link get an answer of their own, readers' requests the test's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from tests.remote.gateways import Gateway, gateway
from tests.remote.upstream.scripted import HEAD_END, Connection, Scripted, Step, answer, say, scripted

Reply = Callable[[bytes, bytes], bytes]
LOOK = b"status.json"


def values(head: bytes, name: bytes) -> list[bytes]:
    """All values of one header of a request."""
    pairs = [line.partition(b":") for line in head.split(b"\r\n")[1:]]
    return [value.strip() for key, _, value in pairs if key.lower() == name]


async def body_of(connection: Connection, head: bytes) -> bytes:
    """The request's body, by length or in chunks."""
    if length := values(head, b"content-length"):
        return await connection.reader.readexactly(int(length[0]))
    body = b""
    if values(head, b"transfer-encoding") == [b"chunked"]:
        while size := int(await connection.reader.readline(), 16):
            body += await connection.reader.readexactly(size)
            await connection.reader.readline()
        await connection.reader.readline()
    return body


def replying(reply: Reply) -> Step:
    """Answer each reader's request by ``reply(head, body)``, on one connection after the other."""

    async def after(connection: Connection, head: bytes) -> None:
        body = await body_of(connection, head)
        connection.seen.heads.append(head)
        connection.seen.bodies.append(body)
        await say(reply(head, body))(connection)

    return for_readers(after)


def for_readers(after: Callable[[Connection, bytes], Awaitable[None]]) -> Step:
    """Do this for each reader's request, its head read."""

    async def step(connection: Connection) -> None:
        while True:
            try:
                head = await connection.reader.readuntil(HEAD_END)
            except asyncio.IncompleteReadError:
                return
            if LOOK in head:
                await say(answer(b"{}"))(connection)
            else:
                await after(connection, head)

    return step


@asynccontextmanager
async def behind(monitor: Step, **settings: object) -> AsyncIterator[tuple[Scripted, Gateway]]:
    """A gateway in front of this monitor."""
    async with scripted([monitor]) as seen, gateway(seen.url, **settings) as running:
        yield seen, running
