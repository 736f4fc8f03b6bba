"""The private key that signs readers' names, from a PEM file; its kind alone decides the algorithm."""

from __future__ import annotations

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

SMALLEST_RSA = 2048
SigningKey = Ed25519PrivateKey | EllipticCurvePrivateKey | RSAPrivateKey


def read_key(file: Path) -> tuple[SigningKey, str]:
    """The key in a PEM file and the algorithm that goes with it.

    Raises:
        OSError: the file cannot be read.
        ValueError: it holds no private key of a kind in use, or one that is locked or too small.
    """
    try:
        key = load_pem_private_key(file.read_bytes(), password=None)
    except TypeError:
        raise ValueError("the key is locked by a password") from None
    match key:
        case Ed25519PrivateKey():
            return key, "EdDSA"
        case EllipticCurvePrivateKey(curve=SECP256R1()):
            return key, "ES256"
        case RSAPrivateKey() if key.key_size >= SMALLEST_RSA:
            return key, "RS256"
    raise ValueError("neither Ed25519, nor P-256, nor RSA of 2048 or more bits")
