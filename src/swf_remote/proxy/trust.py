"""How the monitor proves who it is before a byte of a request goes out.

Without a pin its certificate has to come from an authority (``MONITOR_CA_FILE``, else the system's), be in date and
bear the monitor's name. A pin with ``MONITOR_CA_FILE`` is checked in addition. A pin without it stands alone: the key
or certificate itself is the proof, so a self-signed one will do. ``off`` checks nothing. TLS below 1.2 is never spoken.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import logging
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from hmac import compare_digest
from typing import cast

import aiohttp
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from swf_remote.configuration import Configuration
from swf_remote.proxy.failures import TlsError, TlsFault
from swf_remote.proxy.link import Proof

LOG = logging.getLogger("swf_remote.tls")
OFF_WARNING = (
    "the monitor's certificate is NOT checked (SWF_REMOTE_MONITOR_TLS_VERIFY=off): whoever holds the tunnel's far end "
    "can read and change everything; a pin (SWF_REMOTE_MONITOR_PIN) is as easy and is safe"
)
_DIGEST = sha256().digest_size
# OpenSSL's X509_V_ERR_* codes (x509_vfy.h).
_FAULTS = {
    9: TlsFault.NOT_YET,
    10: TlsFault.EXPIRED,
    18: TlsFault.AUTHORITY,
    19: TlsFault.AUTHORITY,
    20: TlsFault.AUTHORITY,
    21: TlsFault.AUTHORITY,
    62: TlsFault.NAME,
    64: TlsFault.NAME,
}


@dataclass(frozen=True, slots=True)
class Pin:
    """SHA-256 of a public key (SubjectPublicKeyInfo, as in RFC 7469 2.4) or of a whole certificate, both as DER."""

    of_key: bool
    digest: bytes

    @classmethod
    def parse(cls, text: str) -> Pin:
        """From ``sha256/<base64>`` (key) or ``cert-sha256/<hex>`` (certificate; colons allowed).

        Raises:
            ValueError: it is neither.
        """
        kind, _, value = text.partition("/")
        try:
            if kind == "sha256":
                digest = base64.b64decode(value, validate=True)
            elif kind == "cert-sha256":
                digest = bytes.fromhex(value.replace(":", ""))
            else:
                raise ValueError("unknown kind of pin")
        except binascii.Error as error:
            raise ValueError("no base64") from error
        if len(digest) != _DIGEST:
            raise ValueError("no SHA-256 digest")
        return cls(kind == "sha256", digest)

    def fits(self, certificate: bytes) -> bool:
        """Whether a certificate (DER) is the one meant."""
        return compare_digest(self.digest, key_digest(certificate) if self.of_key else sha256(certificate).digest())


def key_digest(certificate: bytes) -> bytes:
    """SHA-256 of the public key in a certificate (DER)."""
    key = x509.load_der_x509_certificate(certificate).public_key()
    return sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest()


def parse_pins(text: str) -> tuple[Pin, ...]:
    """The pins of a setting, separated by commas; several let a new key be announced before it is used.

    Raises:
        ValueError: one of them is no pin.
    """
    return tuple(Pin.parse(part.strip()) for part in text.split(",") if part.strip())


class PinCheck(aiohttp.Fingerprint):
    """Called by the client library for each new connection, after its handshake and before anything is sent on it."""

    def __init__(self, pins: Sequence[Pin]) -> None:
        super().__init__(pins[0].digest)
        self._pins = pins

    def check(self, transport: asyncio.BaseTransport) -> None:
        """Break the connection unless a pin fits.

        Raises:
            TlsError: none does. It ends the attempt at once: another address of the same name is no better.
        """
        connection = transport.get_extra_info("ssl_object")
        certificate: bytes = (connection.getpeercert(binary_form=True) if connection else None) or b""
        if certificate and any(pin.fits(certificate) for pin in self._pins):
            return
        # Every loop's TLS transport has it, but not every loop's is a subclass.
        cast(asyncio.WriteTransport, transport).abort()
        shown = base64.b64encode(key_digest(certificate)).decode() if certificate else "none"
        raise TlsError(TlsFault.PIN, f"the monitor showed the key sha256/{shown}, which SWF_REMOTE_MONITOR_PIN lacks")


@dataclass(frozen=True, slots=True)
class Trust:
    """The rules in force, as the client library takes them."""

    proof: Proof
    context: ssl.SSLContext
    pins: PinCheck | None

    @classmethod
    def of(cls, settings: Configuration) -> Trust:
        """From checked settings (``configuration_rules``)."""
        pins = parse_pins(settings.monitor_pin)
        proof = _proof(settings, bool(pins))
        context = ssl.create_default_context(cafile=str(settings.monitor_ca_file) if settings.monitor_ca_file else None)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if proof in (Proof.PIN, Proof.NONE):
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return cls(proof, context, PinCheck(pins) if pins else None)


def _proof(settings: Configuration, pinned: bool) -> Proof:
    if settings.monitor_url.startswith("http://"):
        return Proof.PLAIN
    if settings.monitor_tls_verify == "off":
        return Proof.NONE
    if not pinned:
        return Proof.AUTHORITY
    return Proof.AUTHORITY_AND_PIN if settings.monitor_ca_file else Proof.PIN


def tls_error(error: Exception) -> TlsError:
    """The handshake's failure with a cause that the operators can act on."""
    cause = error.certificate_error if isinstance(error, aiohttp.ClientConnectorCertificateError) else error
    if isinstance(cause, ssl.SSLCertVerificationError):
        return TlsError(_FAULTS.get(cause.verify_code, TlsFault.CERTIFICATE), cause.verify_message)
    inner = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
    return TlsError(TlsFault.HANDSHAKE, str(getattr(inner, "reason", None) or type(inner).__name__))


class FaultLog:
    """Logs a fault once, not with each request, and again after the link has worked in between."""

    def __init__(self) -> None:
        self._last: tuple[TlsFault, str] | None = None

    def failed(self, error: TlsError) -> None:
        """A handshake failed."""
        if (error.fault, error.operators_words) != self._last:
            self._last = (error.fault, error.operators_words)
            LOG.error("%s: %s", error.fault.value, error.operators_words)

    def worked(self) -> None:
        """An answer came."""
        self._last = None
