"""Plain HTTP for tests: no redirects followed, no cookies kept, errors returned as answers."""

from __future__ import annotations

import http.client
import json
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer, body read whole."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """The body as UTF-8."""
        return self.body.decode()

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


def ask(url: str, method: str = "GET", headers: dict[str, str] | None = None, body: bytes | None = None) -> Reply:
    """Send one request over a connection of its own; header names of the reply are lower case."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request(method, target, body=body, headers=headers or {})
        answer = connection.getresponse()
        return Reply(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
    finally:
        connection.close()


def wait_until_alive(url: str, process: subprocess.Popen[bytes]) -> None:
    """Return when the gateway answers; fail when its process ends."""
    for _ in range(600):
        with suppress(OSError):
            ask(url + "healthz")
            return
        with suppress(subprocess.TimeoutExpired):
            pytest.fail(f"the gateway ended with {process.wait(0.05)}")
    pytest.fail("the gateway did not answer")
