"""Connections to web servers: to an address that was looked at first, and for a bounded time.

The name is resolved once and the connection goes to what was looked at, so that a name which changes in between leads
nowhere else. Redirects are not followed by anybody here.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse
from ipaddress import ip_address
from typing import NamedTuple
from urllib.parse import urlsplit

from .allowed import Address, origin_of
from .cutting import Deadline

MOST_ADDRESSES = 3
MOST_BYTES = 4096
"""Of an answer; the rest is not read."""
_CONNECT_SECONDS = 5.0
_BODY_SECONDS = 2.0
IsAllowed = Callable[[Address], bool]


class ForbiddenAddressError(Exception):
    """The name leads to an address that may not be asked."""


class Answer(NamedTuple):
    """What a server said."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case; of several of one name the last."""
    body: bytes
    """Its beginning."""


@dataclass(frozen=True, slots=True)
class Asking:
    """How servers are asked."""

    seconds: float
    """For all of it."""
    is_allowed: IsAllowed
    trust: ssl.SSLContext | None = None
    """Authorities whose certificates are believed; None: the system's."""

    def ask(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None) -> Answer:
        """One request.

        Raises:
            ForbiddenAddressError: one of the name's addresses is not allowed; nothing was sent.
            OSError: no connection, or it broke, or the time was over.
            HTTPException, ValueError: the answer is none, or the address.
        """
        with self._connected(url) as connection:
            parts = urlsplit(url)
            target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            connection.request(method, target, body, dict(headers))
            connected = connection.sock
            answer = connection.getresponse()
            connected.settimeout(min(_BODY_SECONDS, self.seconds))
            return _read(answer)

    @contextmanager
    def _connected(self, url: str) -> Iterator[HTTPConnection]:
        origin = origin_of(url)
        held: list[socket.socket] = []
        connection = HTTPConnection(origin.host, origin.port)
        # Port and brackets as the header Host wants them.
        connection.default_port = 443 if origin.scheme == "https" else 80
        with Deadline(self.seconds, lambda: held[-1] if held else None) as deadline:
            try:
                found = addresses_of(origin.host, origin.port, self.is_allowed)
                held.append(_connect(found, origin.port, deadline))
                if origin.scheme == "https":
                    context = self.trust or ssl.create_default_context()
                    held.append(
                        context.wrap_socket(held[-1], server_hostname=origin.host, do_handshake_on_connect=False)
                    )
                    held[-1].do_handshake()  # type: ignore[attr-defined]
                connection.sock = held[-1]
                yield connection
            finally:
                connection.close()
                for one in held:
                    one.close()


def addresses_of(host: str, port: int, is_allowed: IsAllowed) -> list[Address]:
    """What a name leads to.

    Raises:
        ForbiddenAddressError: one of them is not allowed; a name that leads to both kinds is not trusted.
        OSError: it is not known.
    """
    try:
        rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as error:
        raise OSError(f"{host} is no name of a host: {error}") from None
    found = list(dict.fromkeys(ip_address(str(row[4][0]).partition("%")[0]) for row in rows))
    for one in found:
        if not is_allowed(one):
            raise ForbiddenAddressError(f"{host} leads to {one}, which is no public address")
    return found


def anywhere(_: Address) -> bool:
    """Any address: for what the operator set."""
    return True


def _connect(found: list[Address], port: int, deadline: Deadline) -> socket.socket:
    last: OSError | None = None
    for one in found[:MOST_ADDRESSES]:
        try:
            connected = socket.create_connection((str(one), port), timeout=min(deadline.left, _CONNECT_SECONDS))
        except OSError as error:
            last = error
            continue
        # Head and body go out one after the other; nobody is to wait in between.
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connected.settimeout(deadline.left)
        return connected
    raise last or OSError("the name has no address")


def _read(answer: HTTPResponse) -> Answer:
    try:
        body = answer.read(MOST_BYTES)
    except (OSError, HTTPException):
        # The head says all that counts.
        body = b""
    return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, body)
