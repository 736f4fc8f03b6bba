"""A monitor that knows the gateway's public key: a name from the tunnel counts only with a valid token beside it."""

from __future__ import annotations

import base64
import hmac
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.contrib.auth.models import User
from pydantic import ValidationError

from swf_monitor.configuration import Configuration, configuration
from swf_monitor.identity import middleware
from tests.monitor.conftest import Site

pytestmark = pytest.mark.django_db

OLD, KEY, STRANGER = (ed25519.Ed25519PrivateKey.generate() for _ in range(3))
HOST = "testserver"


def pem(key: Any) -> bytes:
    found: bytes = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return found


@pytest.fixture(autouse=True)
def _keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    file = tmp_path / "gateway.pem"
    file.write_bytes(pem(OLD) + pem(KEY))
    monkeypatch.setattr(configuration(), "identity_key_file", file)
    middleware._check.cache_clear()
    yield file
    middleware._check.cache_clear()


def token(key: Any = KEY, algorithm: str = "EdDSA", **other: Any) -> str:
    now = int(time.time())
    claims = {
        "iss": "https://gateway.example/prod",
        "aud": HOST,
        "sub": "alice",
        "iat": now,
        "exp": now + 60,
        "jti": "1",
        "htm": "GET",
        "htu": "/swf-monitor/account/",
    } | other
    return jwt.encode({name: value for name, value in claims.items() if value is not None}, key, algorithm)


def status(site: Site, given: str | None, *, name: str = "alice", url: str = "/account/") -> int:
    extra = {} if given is None else {"HTTP_X_REMOTE_USER_TOKEN": given}
    return site.get(url, HTTP_X_REMOTE_USER=name, **extra).status_code


@pytest.mark.parametrize("key", [KEY, OLD])
def test_a_name_with_a_token_of_either_known_key_is_believed(site: Site, key: Any) -> None:
    assert status(site, token(key)) == 200
    assert User.objects.get().username == "alice"


def now(after: float) -> int:
    return int(time.time() + after)


def forged() -> str:
    """HS256 with the public key for a secret: accepted by checks that let the token choose its algorithm."""

    def part(data: bytes) -> bytes:
        return base64.urlsafe_b64encode(data).rstrip(b"=")

    body = token().split(".")[1].encode()
    signed = part(json.dumps({"alg": "HS256", "typ": "JWT"}).encode()) + b"." + body
    return (signed + b"." + part(hmac.digest(pem(KEY), signed, "sha256"))).decode()


REFUSED: dict[str, Callable[[], str | None]] = {
    "none": lambda: None,
    "empty": lambda: "",
    "garbage": lambda: "a.b.c",
    "of a strange key": lambda: token(STRANGER),
    "expired": lambda: token(iat=now(-120), exp=now(-60)),
    "of the future": lambda: token(iat=now(60), exp=now(120)),
    "too long-lived": lambda: token(exp=now(3600)),
    "for another monitor": lambda: token(aud="other.example"),
    "for another name": lambda: token(sub="bob"),
    "for another method": lambda: token(htm="POST"),
    "for another page": lambda: token(htu="/swf-monitor/pcs/"),
    "without an end": lambda: token(exp=None),
    "without a beginning": lambda: token(iat=None),
    "without a monitor": lambda: token(aud=None),
    "unsigned": lambda: token(None, "none"),
    "signed with the public key as a shared secret": forged,
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_token_that_does_not_prove_the_name_is_refused_and_makes_no_account(site: Site, what: str) -> None:
    assert status(site, REFUSED[what]()) == 403
    assert not User.objects.exists()


def test_a_refused_name_does_not_become_the_proxy_account_of_rest_requests(site: Site) -> None:
    assert status(site, None, url="/api/panda/tasks/") == 403
    assert not User.objects.exists()


def test_a_request_that_names_nobody_needs_no_token(site: Site) -> None:
    assert site.get("/about/").status_code == 200


def test_from_elsewhere_a_valid_token_is_worth_nothing(site: Site) -> None:
    answer = site.get(
        "/account/", REMOTE_ADDR="192.0.2.7", HTTP_X_REMOTE_USER="alice", HTTP_X_REMOTE_USER_TOKEN=token()
    )
    assert answer.status_code == 302
    assert not User.objects.exists()


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [(ec.generate_private_key(ec.SECP256R1()), "ES256"), (rsa.generate_private_key(65537, 2048), "RS256")],
)
def test_other_kinds_of_keys_bring_their_own_algorithm(site: Site, _keys: Path, key: Any, algorithm: str) -> None:
    _keys.write_bytes(pem(key))
    middleware._check.cache_clear()
    assert status(site, token(key, algorithm)) == 200
    assert status(site, token(KEY)) == 403


def test_the_same_token_works_again_within_its_minute(site: Site) -> None:
    """Documented: nothing is remembered, so a replay of the same method and path is possible until it expires."""
    given = token()
    assert [status(site, given), status(site, given)] == [200, 200]


@pytest.mark.parametrize(
    "text", [b"", b"no key", pem(ec.generate_private_key(ec.SECP384R1())), b"-----END PUBLIC KEY-----"]
)
def test_a_file_without_usable_keys_is_told_at_the_start(tmp_path: Path, text: bytes) -> None:
    file = tmp_path / "wrong.pem"
    file.write_bytes(text)
    with pytest.raises(ValidationError, match="identity_key_file"):
        Configuration(identity_key_file=file)


def test_a_missing_file_is_told_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="cannot be read"):
        Configuration(identity_key_file=tmp_path / "none.pem")
