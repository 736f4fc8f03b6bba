"""Is a part of the demo ready, is a port free: questions asked over the network, never guessed from time passed."""

from __future__ import annotations

import asyncio
import json
import socket
import urllib.error
import urllib.request
from http.client import HTTPException
from typing import Final

from swf_testbed.demo.plan import Options

ASK_EVERY_SECONDS: Final = 0.1
# What the gateway's ``readyz`` says of a link over which readers get answers.
_LINK_STANDS: Final = ("ok", "database or feed")


def _answer(url: str) -> bytes | None:
    """Body of an answer with status 200; None: refused, reset, cut short or an HTTP error, so not ready yet."""
    request = urllib.request.Request(url, headers={"Accept": "application/json"})  # noqa: S310 - our own loopback URL
    try:
        with urllib.request.urlopen(request, timeout=2) as answer:  # noqa: S310
            return bytes(answer.read()) if answer.status == 200 else None
    except (OSError, ValueError, HTTPException):
        return None


def _knows_its_link(url: str) -> bool:
    body = _answer(url)
    return body is not None and json.loads(body)["parts"]["link"] in _LINK_STANDS


async def wait_until_ready(url: str | None) -> None:
    """Return as soon as ``url`` answers 200."""
    while url is not None and await asyncio.to_thread(_answer, url) is None:  # noqa: ASYNC110 - another process's state
        await asyncio.sleep(ASK_EVERY_SECONDS)


async def wait_until_linked(readyz: str) -> None:
    """Return as soon as the gateway has seen the monitor through the tunnel.

    It looks once a second, and may have looked last before the others were up; a reader would be told of a broken link.
    """
    while not await asyncio.to_thread(_knows_its_link, readyz):  # noqa: ASYNC110 - another process's state
        await asyncio.sleep(ASK_EVERY_SECONDS)


def busy_port(options: Options) -> str | None:
    """The first port of the demo that another program holds, with the option that chooses another; None: all free."""
    wanted = (
        ("--port", options.port),
        ("--monitor-port", options.monitor_port),
        ("--tunnel-port", options.tunnel_port),
    )
    for option, port in wanted:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                return (
                    f'port {port} is in use by another program; choose another: make run ARGS="{option} {port + 1000}"'
                )
    if len({port for _, port in wanted}) < len(wanted):
        return "--port, --monitor-port and --tunnel-port must differ"
    return None
