"""Authorities and certificates of monitors, made for a test."""

from __future__ import annotations

import base64
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import trustme
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

NAME = "monitor.example"


@dataclass(frozen=True)
class Server:
    """A monitor's certificate, and TLS with it."""

    issued: trustme.LeafCert

    def tls(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.issued.configure_cert(context)
        return context

    @property
    def _certificate(self) -> x509.Certificate:
        return x509.load_pem_x509_certificate(self.issued.cert_chain_pems[0].bytes())

    @property
    def key_pin(self) -> str:
        key = self._certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return f"sha256/{base64.b64encode(sha256(key).digest()).decode()}"

    @property
    def certificate_pin(self) -> str:
        return f"cert-sha256/{sha256(self._certificate.public_bytes(Encoding.DER)).hexdigest()}"


class Authority:
    """An authority whose file a gateway may be told to believe."""

    def __init__(self, folder: Path) -> None:
        self._authority = trustme.CA()
        self.file = folder / "authority.pem"
        self._authority.cert_pem.write_to_path(str(self.file))

    def server(self, name: str = NAME, *, begins: int = -1, ends: int = 1) -> Server:
        """A certificate valid from `begins` to `ends`, in days from now."""
        now = datetime.now(UTC)
        issued = self._authority.issue_cert(
            name, not_before=now + timedelta(days=begins), not_after=now + timedelta(days=ends)
        )
        return Server(issued)
