"""Access to ``api/messages/stream/`` and the form of its answers (contract section 6; 1.2, consequence 4)."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any, cast

import pytest
from django.contrib.auth.models import User
from django.http import HttpResponse, StreamingHttpResponse
from django.test import AsyncClient, Client
from rest_framework.authtoken.models import Token

pytestmark = pytest.mark.django_db(transaction=True)

STREAM = "/api/messages/stream/"
REFUSAL = {"detail": "Authentication credentials were not provided."}


async def answer(client: AsyncClient, address: str = STREAM, **headers: str) -> HttpResponse:
    """The answer, its stream closed unread."""
    found = cast("Any", await client.get(address, headers=headers))
    if found.streaming:
        await frames(found).aclose()  # type: ignore[attr-defined]
    return cast("HttpResponse", found)


def frames(found: StreamingHttpResponse) -> AsyncIterator[bytes]:
    return cast("AsyncIterator[bytes]", found.streaming_content)


@pytest.fixture
def token() -> Token:
    return Token.objects.create(user=User.objects.create_user("reader"))


async def test_nobody_is_refused_with_json(async_client: AsyncClient, panda: datetime) -> None:
    found = await answer(async_client)
    assert found.status_code == 401
    assert found["Content-Type"] == "application/json"
    assert found["Cache-Control"] == "no-cache"
    assert json.loads(found.content) == REFUSAL


@pytest.mark.parametrize("key", ["Token nonsense", "Token", "Token a b", "Bearer x", "Basic eDp5"])
async def test_a_wrong_token_is_refused_in_the_same_words(async_client: AsyncClient, panda: datetime, key: str) -> None:
    found = await answer(async_client, Authorization=key)
    assert (found.status_code, json.loads(found.content)) == (401, REFUSAL)


async def test_a_token_opens_the_stream(async_client: AsyncClient, panda: datetime, token: Token) -> None:
    found = await answer(async_client, Authorization=f"Token {token.key}")
    assert found.status_code == 200
    assert found["Content-Type"] == "text/event-stream"
    assert found["Cache-Control"] == "no-cache"
    assert found["X-Accel-Buffering"] == "no"
    assert found["Access-Control-Allow-Origin"] == "*"


async def test_the_token_of_an_inactive_account_is_refused(
    async_client: AsyncClient, panda: datetime, token: Token
) -> None:
    await User.objects.filter(username="reader").aupdate(is_active=False)
    assert (await answer(async_client, Authorization=f"Token {token.key}")).status_code == 401


async def test_a_session_opens_the_stream(async_client: AsyncClient, panda: datetime, token: Token) -> None:
    await async_client.aforce_login(await User.objects.aget(username="reader"))
    assert (await answer(async_client)).status_code == 200


async def test_the_tunnels_user_opens_the_stream(async_client: AsyncClient, panda: datetime) -> None:
    assert (await answer(async_client, **{"X-Remote-User": "alice"})).status_code == 200


@pytest.mark.parametrize("address", ["203.0.113.9", "203.0.113.9, 127.0.0.1", "unknown"])
async def test_a_tunnel_request_forwarded_for_somebody_is_refused(
    async_client: AsyncClient, panda: datetime, address: str
) -> None:
    found = await answer(async_client, **{"X-Remote-User": "alice", "X-Forwarded-For": address})
    assert found.status_code == 401


async def test_a_token_counts_even_when_forwarded(async_client: AsyncClient, panda: datetime, token: Token) -> None:
    headers = {"Authorization": f"Token {token.key}", "X-Forwarded-For": "203.0.113.9"}
    assert (await answer(async_client, **headers)).status_code == 200


def test_another_address_cannot_name_a_user(client: Client, panda: datetime) -> None:
    found = client.get(STREAM, headers={"X-Remote-User": "alice"}, REMOTE_ADDR="203.0.113.9")
    assert found.status_code == 401
    assert not User.objects.filter(username="alice").exists()


@pytest.mark.parametrize("method", ["post", "put", "delete"])
async def test_other_methods_are_refused(async_client: AsyncClient, panda: datetime, method: str) -> None:
    found = await getattr(async_client, method)(STREAM, headers={"X-Remote-User": "alice"})
    assert found.status_code == 405
    assert found["Allow"] == "GET, HEAD"


async def test_the_stream_says_connected_first(async_client: AsyncClient, panda: datetime) -> None:
    found = cast("Any", await async_client.get(STREAM, headers={"X-Remote-User": "alice"}))
    stream = frames(found)
    assert (await anext(stream)).startswith(b"event: connected\ndata: {")
    await stream.aclose()  # type: ignore[attr-defined]
