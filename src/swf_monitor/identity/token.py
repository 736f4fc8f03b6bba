"""Checks the signed token beside ``X-Remote-User`` (contract 1.2 knows none; this monitor may ask for it).

With ``SWF_MONITOR_IDENTITY_KEY_FILE`` a tunnel request that names a user has to prove the name by a JWT in
``X-Remote-User-Token``, signed by one of the public keys in that file. The key alone decides the algorithm. Replays are
possible for the same method and path within the token's minute; nothing is remembered.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import unquote

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

LONGEST_LIFE_SECONDS = 120
LEEWAY_SECONDS = 5
_REQUIRED = ["iss", "aud", "sub", "iat", "exp", "jti", "htm", "htu"]
_END = b"-----END PUBLIC KEY-----"
PublicKey = Ed25519PublicKey | EllipticCurvePublicKey | RSAPublicKey


class IdentityRefusedError(Exception):
    """The name is not proven; the text says why, for the log."""


def read_keys(file: Path) -> list[tuple[PublicKey, str]]:
    """Every public key of a PEM file, each with its algorithm; several let the gateway change its key.

    Raises:
        OSError: the file cannot be read.
        ValueError: it holds no key, or one of a kind not in use.
    """
    blocks = [block.strip() + b"\n" + _END for block in file.read_bytes().split(_END)[:-1]]
    if not blocks:
        raise ValueError("it holds no public key in PEM form")
    return [_with_algorithm(load_pem_public_key(block)) for block in blocks]


def _with_algorithm(key: object) -> tuple[PublicKey, str]:
    match key:
        case Ed25519PublicKey():
            return key, "EdDSA"
        case EllipticCurvePublicKey(curve=SECP256R1()):
            return key, "ES256"
        case RSAPublicKey():
            return key, "RS256"
    raise ValueError("neither Ed25519, nor P-256, nor RSA")


class IdentityCheck:
    """Judges tokens by the gateway's public keys."""

    def __init__(self, keys: list[tuple[PublicKey, str]]) -> None:
        self._keys = keys

    def prove(self, token: str, *, name: str, host: str, method: str, path: str) -> None:
        """Accept `name` for this request.

        Args:
            host: the request's own ``Host``, for which the token must be meant.
            path: decoded path of the request, with the mount.

        Raises:
            IdentityRefusedError: the token is missing, not valid, or about something else.
        """
        if not token:
            raise IdentityRefusedError("no token came with the name")
        claims = self._claims(token, host)
        if claims["exp"] - claims["iat"] > LONGEST_LIFE_SECONDS:
            raise IdentityRefusedError("the token lives too long")
        expected = {"sub": name, "htm": "GET" if method == "HEAD" else method, "htu": path}
        found = {"sub": claims["sub"], "htm": claims["htm"], "htu": unquote(str(claims["htu"]))}
        if wrong := [claim for claim in expected if found[claim] != expected[claim]]:
            raise IdentityRefusedError(f"the token is about another request ({', '.join(wrong)})")

    def _claims(self, token: str, host: str) -> dict[str, Any]:
        reason = "no key is known"
        for key, algorithm in self._keys:
            try:
                return jwt.decode(
                    token,
                    key,
                    algorithms=[algorithm],
                    audience=host,
                    leeway=LEEWAY_SECONDS,
                    options={"require": _REQUIRED},
                )
            except jwt.InvalidTokenError as error:
                reason = str(error)
        raise IdentityRefusedError(reason)
