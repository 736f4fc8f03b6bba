"""Asking the REST interface of the alarms as a page of this site does."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.test import Client

ROOT = "/prod/api/alarms/"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Any
    content: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.content)


@dataclass(frozen=True)
class Person:
    """Somebody with a browser; `user` is None for nobody."""

    client: Client
    user: User | None

    def ask(self, method: str, path: str, body: object = None, **headers: str) -> Answer:
        """`headers` with underscores, such as ``If_Match``; without ``Origin`` unless one is given."""
        given = {"Accept": "application/json", "Sec-Fetch-Site": "same-origin"}
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        data = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        kind = given.pop("Content-Type", "application/yaml" if "import/" in path else "application/json")
        address = path if path.startswith("/") else ROOT + path
        reply = self.client.generic(method, address, data, content_type=kind, headers=given)
        return Answer(reply.status_code, reply.headers, reply.content)

    def get(self, path: str, **headers: str) -> Answer:
        return self.ask("GET", path, **headers)

    def post(self, path: str, body: object = None, **headers: str) -> Answer:
        return self.ask("POST", path, {} if body is None else body, **headers)


def person(user: User | None) -> Person:
    client = Client(enforce_csrf_checks=True)
    if user is not None:
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return Person(client, user)
