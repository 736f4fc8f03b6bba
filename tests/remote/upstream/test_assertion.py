"""The reader's name as a signed token: what it says, how long it holds, and which keys may sign it."""

from __future__ import annotations

from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from swf_remote.configuration_rules import problems_of
from swf_remote.proxy.assertion import LIFETIME_SECONDS, IdentityAssertion
from swf_remote.proxy.request import UpstreamRequest
from swf_remote.proxy.signing_key import SigningKey
from tests.remote.gateways import settings_for

ISSUER, AUDIENCE = "https://gateway.example/prod", "monitor.example"
NOW = 1_800_000_000.7
KEYS: dict[str, SigningKey] = {
    "EdDSA": ed25519.Ed25519PrivateKey.generate(),
    "ES256": ec.generate_private_key(ec.SECP256R1()),
    "RS256": rsa.generate_private_key(65537, 2048),
}


def written(folder: Path, key: object, password: bytes | None = None) -> Path:
    how = BestAvailableEncryption(password) if password else NoEncryption()
    file = folder / "key.pem"
    file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, how))
    return file


def of_key(folder: Path, key: object, **more: object) -> IdentityAssertion:
    found = IdentityAssertion.of(
        settings_for(public_url=ISSUER, monitor_host=AUDIENCE, monitor_jwt_key_file=written(folder, key), **more)
    )
    assert found
    found._clock = lambda: NOW
    return found


def claims_in(token: str, key: SigningKey, algorithm: str) -> dict[str, object]:
    options = {"verify_exp": False, "verify_iat": False}
    return jwt.decode(token, key.public_key(), [algorithm], audience=AUDIENCE, options=options)


@pytest.mark.parametrize("algorithm", KEYS)
def test_a_token_names_reader_monitor_gateway_and_request_for_a_minute(tmp_path: Path, algorithm: str) -> None:
    key = KEYS[algorithm]
    name, token = of_key(tmp_path, key).header("alice", "POST", "/swf-monitor/pcs/tags/?next=%2F")
    claims = claims_in(token, key, algorithm)
    assert name == "x-remote-user-token"
    assert len(str(claims.pop("jti"))) == 32
    assert claims == {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "alice",
        "iat": int(NOW),
        "exp": int(NOW) + LIFETIME_SECONDS,
        "htm": "POST",
        "htu": "/swf-monitor/pcs/tags/",
    }
    assert jwt.get_unverified_header(token)["alg"] == algorithm


def test_no_two_tokens_are_alike(tmp_path: Path) -> None:
    found = of_key(tmp_path, KEYS["EdDSA"])
    assert len({found.header("alice", "GET", "/x")[1] for _ in range(10)}) == 10


def test_only_requests_that_name_somebody_are_signed(tmp_path: Path) -> None:
    found = of_key(tmp_path, KEYS["EdDSA"])
    nameless = UpstreamRequest("GET", "/swf-monitor/panda/", (("host", AUDIENCE),))
    named = UpstreamRequest("HEAD", "/swf-monitor/pcs/", (("host", AUDIENCE), ("x-remote-user", "bob")))
    assert found.signed(nameless) is nameless
    signed = found.signed(named)
    assert signed.headers[:2] == named.headers
    claims = claims_in(dict(signed.headers)["x-remote-user-token"], KEYS["EdDSA"], "EdDSA")
    assert (claims["sub"], claims["htm"]) == ("bob", "GET")


def test_without_a_key_names_go_unsigned() -> None:
    assert IdentityAssertion.of(settings_for()) is None


def faults(file: Path, **more: object) -> list[str]:
    given = {"public_url": ISSUER.replace("https://gateway.example", "http://127.0.0.1")} | more
    return [text for name, text in problems_of(settings_for(monitor_jwt_key_file=file, **given))]


def test_a_missing_file_is_one_line_at_the_start(tmp_path: Path) -> None:
    (fault,) = faults(tmp_path / "none.pem")
    assert "cannot be read" in fault


@pytest.mark.parametrize(
    "key",
    [rsa.generate_private_key(65537, 1024), ec.generate_private_key(ec.SECP384R1()), dsa.generate_private_key(1024)],
)
def test_a_key_of_another_kind_is_one_line_at_the_start(tmp_path: Path, key: object) -> None:
    (fault,) = faults(written(tmp_path, key))
    assert "neither Ed25519" in fault


def test_a_locked_key_is_one_line_at_the_start(tmp_path: Path) -> None:
    (fault,) = faults(written(tmp_path, KEYS["EdDSA"], b"secret"))
    assert "locked" in fault


@pytest.mark.parametrize("text", [b"", b"-----BEGIN PRIVATE KEY-----\nnonsense\n-----END PRIVATE KEY-----\n"])
def test_what_is_no_key_is_one_line_at_the_start(tmp_path: Path, text: bytes) -> None:
    file = tmp_path / "key.pem"
    file.write_bytes(text)
    (fault,) = faults(file)
    assert "cannot be used" in fault
    assert "\n" not in fault


def test_a_key_without_a_public_address_has_no_issuer_to_name(tmp_path: Path) -> None:
    (fault,) = faults(written(tmp_path, KEYS["EdDSA"]), public_url="")
    assert "SWF_REMOTE_PUBLIC_URL" in fault
