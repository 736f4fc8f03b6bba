"""What the tests of HTTP/2 ask with and look at."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from h2.events import RequestReceived

from swf_remote.proxy.failures import UpstreamError
from tests.remote.upstream.certificates import NAME
from tests.remote.upstream.scripted_http2 import Http2Monitor, Peer, Script
from tests.remote.upstream.test_upstream_client import Request

POST = Request("POST", headers=(("Host", NAME), ("Content-Length", "0")))


async def nothing(_peer: Peer) -> None:
    """Hear requests and say nothing."""


def requests_of(monitor: Http2Monitor) -> list[int]:
    return [len(peer.of(RequestReceived)) for peer in monitor.peers]


async def failure_of(asking: object) -> UpstreamError:
    with pytest.raises(UpstreamError) as caught:
        await asking
    return caught.value


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not true():
            await asyncio.sleep(0.005)


def settle_first(then: Script) -> Script:
    """Answer once, so that the client has read the settings."""

    async def script(peer: Peer) -> None:
        peer.answer(await peer.request())
        await then(peer)

    return script
