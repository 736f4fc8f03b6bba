"""Real gateways for tests: the application behind the real server, on a free port, in the test's own event loop."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp
from starlette.types import ASGIApp
from uvicorn import Server
from yarl import URL

from swf_remote.configuration import Configuration
from swf_remote.edge.assets import STATIC_FOLDER, Assets
from swf_remote.edge.outer import Outer
from swf_remote.edge.runtime import Runtime
from swf_remote.edge.server.serving import server_configuration
from swf_remote.proxy.slots import nothing
from swf_remote.urls import OWN_SECTIONS

KEY = "x8Jq2m-Zr7tWc41LpB0vNfYsKdHuGa93EiTo"


@dataclass(frozen=True)
class Reply:
    """A whole answer."""

    status: int
    headers: aiohttp.typedefs.CIMultiDictProxy[str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


@dataclass(frozen=True)
class Gateway:
    """A running gateway and a browser-like client that follows nothing."""

    port: int
    session: aiohttp.ClientSession

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def ask(self, target: str, method: str = "GET", *, headers: object = None, data: object = None) -> Reply:
        address = URL(self.url + target, encoded=True)
        async with self.session.request(method, address, headers=headers, data=data, allow_redirects=False) as got:
            return Reply(got.status, got.headers, await got.read())

    async def raw(self, request: bytes) -> bytes:
        """Send exactly these bytes; everything that comes until the connection ends."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(request)
        await writer.drain()
        try:
            return await asyncio.wait_for(reader.read(-1), 10)
        finally:
            writer.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def settings_for(monitor_url: str = "http://127.0.0.1:9/swf-monitor", **others: object) -> Configuration:
    values = {"public_url": "", "probe_interval": 0.3, "cache_bytes": 0} | others
    return Configuration(secret_key=KEY, monitor_url=monitor_url, **values)


@asynccontextmanager
async def served(application: ASGIApp, port: int | None = None) -> AsyncIterator[Gateway]:
    """This application behind the real server, which hears no signals: they belong to the test run."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port or 0))
        configuration = server_configuration(lambda: application, loop="none", finish_seconds=2)
        configuration.load()
        server = Server(configuration)
        server.lifespan = configuration.lifespan_class(configuration)
        await server.startup(sockets=[listener])
        await server.on_tick(0)
        session = aiohttp.ClientSession(auto_decompress=False, cookie_jar=aiohttp.DummyCookieJar())
        try:
            yield Gateway(int(listener.getsockname()[1]), session)
        finally:
            await session.close()
            await server.shutdown(sockets=[listener])


@asynccontextmanager
async def gateway(
    monitor_url: str, *, fill: Callable[[str, str], bytes] | None = nothing, **settings: object
) -> AsyncIterator[Gateway]:
    """The whole gateway in front of a monitor at this address; `fill` is for the slots of its pages.

    None: what fires by the database, which most tests must not be asked for.
    """
    from swf_remote.asgi import build  # noqa: PLC0415 - builds a gateway from the environment, too

    async with served(build(settings_for(monitor_url, **settings), fill=fill)) as running:
        yield running


@asynccontextmanager
async def edge_around(inner: ASGIApp, **settings: object) -> AsyncIterator[Gateway]:
    """The outer layer alone, with `inner` in the proxy's place and for Django's pages."""
    found = settings_for(**settings)
    outer = Outer(
        found,
        Runtime(found),
        pages=inner,
        own_sections=OWN_SECTIONS,
        proxy=inner,
        assets=Assets(found.own_static_url, STATIC_FOLDER),
    )
    async with served(outer) as running:
        yield running


def header_of(headers: Sequence[tuple[bytes, bytes]], name: bytes) -> list[bytes]:
    return [value for key, value in headers if key == name]
