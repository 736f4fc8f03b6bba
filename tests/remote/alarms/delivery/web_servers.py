"""A real web server that takes posts, and fails at exactly the point it is told."""

from __future__ import annotations

import json
import socket
import ssl
import struct
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

RESET = b"reset"
HANG = b"hang"
REFUSE = b"refuse"
"""Close before anything was read."""
GOOD = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def answer(status: int, *headers: str, body: bytes = b"") -> bytes:
    """The bytes of an answer."""
    lines = [f"HTTP/1.1 {status} Said", *headers, f"Content-Length: {len(body)}"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@dataclass(frozen=True)
class Post:
    """What the server was sent."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class WebHook:
    """The running server: what it was sent, and what it says the next times; then it says that all is well."""

    port: int = 0
    scheme: str = "http"
    answers: list[bytes] = field(default_factory=list)
    posts: list[Post] = field(default_factory=list)
    accepted: list[Post] = field(default_factory=list)
    """Those of them that were answered with a good status."""
    connections: int = 0
    waiting: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    """Raised each time a request was read."""
    released: threading.Event = field(default_factory=threading.Event)
    """Ends what hangs."""

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}/hook"

    def keys(self) -> list[str]:
        """Idempotency keys of all posts."""
        return [post.headers["idempotency-key"] for post in self.posts]


@contextmanager
def web_server(answers: Sequence[bytes] = (), *, tls: ssl.SSLContext | None = None) -> Iterator[WebHook]:
    """A server on a free port of this machine."""
    hook = WebHook(answers=list(answers), scheme="https" if tls else "http")
    listening = socket.create_server(("127.0.0.1", 0))
    hook.port = listening.getsockname()[1]
    threads: list[threading.Thread] = []

    def accept() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listening.accept()
                hook.connections += 1
                threads.append(threading.Thread(target=_serve, args=(hook, connection, tls), daemon=True))
                threads[-1].start()

    accepting = threading.Thread(target=accept, daemon=True)
    accepting.start()
    try:
        yield hook
    finally:
        hook.released.set()
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        for thread in [accepting, *threads]:
            thread.join(10)


def _serve(hook: WebHook, connection: socket.socket, tls: ssl.SSLContext | None) -> None:
    said = hook.answers.pop(0) if hook.answers else GOOD
    with suppress(OSError):
        if said == REFUSE:
            _reset(connection)
            return
        talking = tls.wrap_socket(connection, server_side=True) if tls else connection
        with talking, talking.makefile("rb") as reader:
            hook.posts.append(_read(reader))
            hook.waiting.release()
            if said in (RESET, HANG):
                if said == HANG:
                    hook.released.wait(60)
                _reset(talking)
            else:
                if said.startswith(b"HTTP/1.1 2"):
                    hook.accepted.append(hook.posts[-1])
                talking.sendall(said)
    connection.close()


def _read(reader: Any) -> Post:
    method, target, _ = reader.readline().decode().split()
    headers: dict[str, str] = {}
    while line := reader.readline().decode().rstrip("\r\n"):
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    return Post(method, target, headers, reader.read(int(headers.get("content-length", 0))))


def _reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()
