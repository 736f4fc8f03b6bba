"""A question to the monitor and its whole answer as JSON, bounded in bytes; every failure in words for operators.

It is asked by the gateway itself: without a reader's name, so that answers hold what anonymous readers may see.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from swf_remote.configuration import Configuration
from swf_remote.proxy.coding.decoding import BrokenBody, Decoding, can_decode, codings_of
from swf_remote.proxy.failures import TlsError, UpstreamError, problem_for
from swf_remote.proxy.headers import joined
from swf_remote.proxy.upstream import Budget, UpstreamAnswer, UpstreamClient

from .queries import InputError

OK = 200
NOT_FOUND = 404
REDIRECTS = range(300, 400)
BUDGET = Budget(first_byte=30.0, between_bytes=15.0)
LARGEST_ANSWER = 16_000_000
_LONGEST_QUOTE = 200
_MARKUP = (b"<!doctype", b"<html")


class NotOfferedError(InputError):
    """The monitor does not know the address (404)."""


class UnansweredError(InputError):
    """The monitor did not answer, so that the link may be at fault."""

    def __init__(self, words: str, cause: UpstreamError) -> None:
        super().__init__(words)
        self.cause = cause


@dataclass(frozen=True, slots=True)
class _Question:
    target: str
    headers: tuple[tuple[str, str], ...]
    method: str = "GET"


class Exchange:
    """The requests that one question needs."""

    def __init__(self, settings: Configuration, client: UpstreamClient, at_once: asyncio.Semaphore) -> None:
        """`at_once`: shared by all questions; so many requests are on their way together."""
        host = settings.monitor_host or urlsplit(settings.monitor_url).netloc
        self._headers = (("Host", host), ("Accept", "application/json"), ("Accept-Encoding", "gzip"))
        self._mount = settings.monitor_mount
        self._client = client
        self._at_once = at_once
        self.requests = 0
        """How many were sent."""
        self.answers = 0
        """Heads that came, of whatever status: the monitor lives."""

    async def document(self, path: str, *, most: int = LARGEST_ANSWER) -> Any:
        """The JSON at `path` below the monitor's mount.

        Raises:
            InputError: it could not be had, or is no JSON of at most `most` bytes.
        """
        async with self._at_once:
            self.requests += 1
            try:
                answer = await self._client.send(_Question(f"{self._mount}/{path}", self._headers), budget=BUDGET)
                self.answers += 1
                try:
                    body = await _body(answer, path, most)
                finally:
                    answer.close()
            except UpstreamError as error:
                raise UnansweredError(f"{words_for(error)} ({path})", error) from error
        _check_status(answer, path, body)
        return parsed(body, path)


def _check_status(answer: UpstreamAnswer, path: str, body: bytes) -> None:
    if answer.status == OK:
        return
    if answer.status == NOT_FOUND and not _said(body):
        # What it offers but does not have it says in JSON.
        raise NotOfferedError(f"this monitor does not offer {path.partition('?')[0]}")
    if answer.status in REDIRECTS:
        location = _fields(answer).get(b"location", b"").decode("latin-1")
        words = "asks for a login" if "login" in location else f"leads elsewhere (status {answer.status})"
        raise InputError(f"the monitor {words} in place of an answer to {path}")
    raise InputError(f"the monitor answers {path} with status {answer.status}{_said(body)}")


async def _body(answer: UpstreamAnswer, path: str, most: int) -> bytes:
    codings = codings_of(_fields(answer).get(b"content-encoding", b""))
    if not can_decode(codings):
        named = b", ".join(codings).decode("latin-1")[:40]
        raise InputError(f"the monitor's answer to {path} is coded as {named!r}, which was not asked for")
    decoding = Decoding(codings)
    body = bytearray()
    try:
        async for chunk in answer.chunks():
            for piece in decoding.pieces(chunk):
                body += piece
                if len(body) > most:
                    raise InputError(f"the monitor's answer to {path} is larger than {most:,} bytes")
        decoding.finish()
    except BrokenBody as error:
        raise InputError(f"the monitor's answer to {path} cannot be read: {error}") from error
    return bytes(body)


def _fields(answer: UpstreamAnswer) -> dict[bytes, bytes]:
    return joined((name.lower(), value) for name, value in answer.raw_headers)


def parsed(body: bytes, path: str) -> Any:
    """The JSON document.

    Raises:
        InputError: it is none.
    """
    try:
        return json.loads(body, parse_constant=_refuse)
    except (ValueError, RecursionError):
        if body.lstrip()[:9].lower().startswith(_MARKUP):
            raise InputError(f"the monitor answers {path} with a page in place of JSON, such as a login") from None
        begin = body[:40].decode("utf-8", "replace")
        raise InputError(f"the monitor's answer to {path} is no JSON; it begins {begin!r}") from None


def _refuse(constant: str) -> None:
    raise ValueError(constant)


def _said(body: bytes) -> str:
    """What the monitor says of a failure (contract 5.1); nothing where it says nothing in JSON."""
    try:
        document = json.loads(body)
        said = document.get("error") or document.get("detail")
    except (ValueError, RecursionError, AttributeError):
        return ""
    words = "".join(filter(str.isprintable, said))[:_LONGEST_QUOTE] if isinstance(said, str) else ""
    return f": {words}" if words else ""


def words_for(error: UpstreamError) -> str:
    """The failure as operators need it: with what the library said of a certificate."""
    words = problem_for(error, write=False, since=None).title
    return f"{words}: {error.operators_words}" if isinstance(error, TlsError) else words
