"""A gateway with a signing key: the monitor gets the reader's name and a token for it."""

from __future__ import annotations

from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.conf import settings as django_settings
from django.contrib.auth.models import User
from django.test import Client

from tests.remote.edge.test_gateway_failures import QUIET, settled
from tests.remote.edge.test_gateway_requests import any_request
from tests.remote.gateways import gateway
from tests.remote.upstream.scripted import scripted

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

KEY = Ed25519PrivateKey.generate()


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    file = tmp_path / "key.pem"
    file.write_bytes(KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return file


@pytest.fixture
def cookie() -> str:
    """Of Alice, whom the monitor knows."""
    alice = User.objects.create_user("alice")
    alice.profile.known_at_monitor = True
    alice.profile.save()
    browser = Client()
    browser.force_login(alice)
    name = django_settings.SESSION_COOKIE_NAME
    return f"{name}={browser.cookies[name].value}"


async def test_names_go_to_the_monitor_with_a_token_for_that_very_request(key_file: Path, cookie: str) -> None:
    async with (
        scripted([any_request]) as monitor,
        gateway(monitor.url, public_url="http://127.0.0.1/prod", monitor_jwt_key_file=key_file, **QUIET) as running,
    ):
        await settled(running)
        await running.ask("/prod/pcs/tags/?a=1", headers={"Cookie": cookie, "X-Remote-User-Token": "forged"})
        assert monitor.header_values("x-remote-user") == ["alice"]
        (token,) = monitor.header_values("x-remote-user-token")
        claims = jwt.decode(token, KEY.public_key(), ["EdDSA"], audience=f"127.0.0.1:{monitor.port}")
        assert (claims["sub"], claims["htm"], claims["htu"]) == ("alice", "GET", "/swf-monitor/pcs/tags/")
        assert claims["iss"] == "http://127.0.0.1/prod"
        await running.ask("/prod/panda/jobs/", headers={"Cookie": cookie, "X-Remote-User-Token": "forged"})
        assert monitor.header_values("x-remote-user-token") == []


async def test_without_a_key_no_token_is_sent(cookie: str) -> None:
    async with scripted([any_request]) as monitor, gateway(monitor.url, **QUIET) as running:
        await settled(running)
        await running.ask("/prod/pcs/tags/", headers={"Cookie": cookie})
        assert monitor.header_values("x-remote-user") == ["alice"]
        assert monitor.header_values("x-remote-user-token") == []
