"""Hands the monitor's answer on to the reader, piece by piece, no faster than the reader takes it.

Nothing is sent before the first piece is there, so that an answer that fails at once still becomes a page of words.
After that a failure breaks the connection: half a page must never look whole.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Protocol

from starlette.types import Send

from swf_remote.edge.exchange import Exchange
from swf_remote.edge.problem import AnswerAbortedError
from swf_remote.proxy.coding import BrokenBody, Passage
from swf_remote.proxy.failures import BrokenAnswerError, UpstreamError
from swf_remote.proxy.treatment import BODILESS

# How long an encoder may hold back what is there while nothing more comes.
PATIENCE_SECONDS = 0.02
_END = b""


class Head(Protocol):
    """Status, headers and the body's way."""

    @property
    def status(self) -> int:
        """Status code."""

    @property
    def headers(self) -> list[tuple[bytes, bytes]]:
        """Header lines."""

    @property
    def passage(self) -> Passage | None:
        """None when the body passes unchanged."""


def cache_header(exchange: Exchange) -> tuple[bytes, bytes]:
    """What the cache did for the answer."""
    return b"x-swf-cache", exchange.cache.encode()


async def relay(head: Head, chunks: AsyncIterator[bytes] | None, send: Send, exchange: Exchange) -> None:
    """Send the answer.

    Args:
        chunks: the body as the monitor sends it; None for an answer without one.

    Raises:
        UpstreamError: the body failed before anything was sent.
        AnswerAbortedError: it failed later; the reader's connection has to break.
    """
    if chunks is None or head.status in BODILESS:
        await _start(head, send, exchange)
        await send({"type": "http.response.body", "body": b""})
        return
    pieces = changed(chunks, head.passage) if head.passage else chunks
    first = await anext(pieces, _END)
    await _start(head, send, exchange)
    try:
        await _pass_on(first, pieces, send)
    except UpstreamError as error:
        raise AnswerAbortedError(f"the monitor's answer broke off ({type(error).__name__})") from error


async def _start(head: Head, send: Send, exchange: Exchange) -> None:
    exchange.proxied = True
    headers = [*head.headers, cache_header(exchange)]
    await send({"type": "http.response.start", "status": head.status, "headers": headers})


async def _pass_on(first: bytes, pieces: AsyncIterator[bytes], send: Send) -> None:
    await send({"type": "http.response.body", "body": first, "more_body": True})
    async for piece in pieces:
        await send({"type": "http.response.body", "body": piece, "more_body": True})
        # Pieces that are there already never really wait; without this a reader who left would not be noticed.
        await asyncio.sleep(0)
    await send({"type": "http.response.body", "body": b""})


async def changed(chunks: AsyncIterator[bytes], passage: Passage) -> AsyncIterator[bytes]:
    """The pieces of a body behind its passage, none of them empty.

    Raises:
        UpstreamError: the body failed.
    """
    try:
        async for chunk in _without_hurry(chunks) if passage.encoder else chunks:
            for piece in passage.feed(chunk) if chunk else (passage.pause(),):
                if piece:
                    yield piece
        if rest := passage.finish():
            yield rest
    except BrokenBody as error:
        raise BrokenAnswerError("the body is not what its encoding says") from error


async def _without_hurry(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The chunks, and an empty one whenever the next is not there at once."""
    coming: asyncio.Future[bytes] | None = None
    try:
        while True:
            coming = asyncio.ensure_future(anext(chunks, _END))
            await asyncio.wait({coming}, timeout=PATIENCE_SECONDS)
            if not coming.done():
                yield b""
            if not (chunk := await coming):
                return
            yield chunk
    finally:
        if coming is not None and not coming.done():
            coming.cancel()
            await asyncio.gather(coming, return_exceptions=True)
