"""The reader's name once more, as a short-lived signed token, for monitors that check it.

With ``SWF_REMOTE_MONITOR_JWT_KEY_FILE`` every request that carries ``X-Remote-User`` also carries
``X-Remote-User-Token``: a JWT (RFC 7519) bound to the monitor, to the name, to method and path (as in RFC 9449 4.2, but
by path alone, since the two ends of a tunnel name scheme and host differently). It may be replayed for that method and
path, with any query and body, until it expires: ``LIFETIME_SECONDS`` after it was made.
"""

from __future__ import annotations

import base64
import time
import uuid
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from typing import Self
from urllib.parse import urlsplit

import jwt
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from swf_remote.configuration import Configuration
from swf_remote.proxy.request import UpstreamRequest
from swf_remote.proxy.signing_key import SigningKey, read_key

HEADER = "x-remote-user-token"
LIFETIME_SECONDS = 60


class IdentityAssertion:
    """Signs names for one monitor."""

    def __init__(
        self, key: SigningKey, algorithm: str, *, issuer: str, audience: str, clock: Callable[[], float] = time.time
    ) -> None:
        self._key, self._algorithm = key, algorithm
        self._issuer, self._audience = issuer, audience
        self._clock = clock
        public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        self._headers = {"kid": base64.urlsafe_b64encode(sha256(public).digest()).decode()[:16]}

    @classmethod
    def of(cls, settings: Configuration) -> Self | None:
        """The gateway's assertion from checked settings; None without a key, when names go unsigned."""
        if settings.monitor_jwt_key_file is None:
            return None
        key, algorithm = read_key(settings.monitor_jwt_key_file)
        audience = settings.monitor_host or urlsplit(settings.monitor_url).netloc
        return cls(key, algorithm, issuer=settings.public_url, audience=audience)

    def header(self, username: str, method: str, target: str) -> tuple[str, str]:
        """The header line that goes with ``X-Remote-User: username``.

        Args:
            target: path on the monitor, as it is sent; its query is left out.
        """
        now = int(self._clock())
        claims = {
            "iss": self._issuer,
            "aud": self._audience,
            "sub": username,
            "iat": now,
            "exp": now + LIFETIME_SECONDS,
            "jti": uuid.uuid4().hex,
            # A HEAD is asked again as GET where the monitor knows no HEAD; to both the same rights belong.
            "htm": "GET" if method == "HEAD" else method,
            "htu": target.partition("?")[0],
        }
        return HEADER, jwt.encode(claims, self._key, self._algorithm, headers=self._headers)

    def signed(self, request: UpstreamRequest) -> UpstreamRequest:
        """The request with a token beside its name; unchanged when it names nobody."""
        name = dict(request.headers).get("x-remote-user")
        if name is None:
            return request
        return replace(request, headers=(*request.headers, self.header(name, request.method, request.target)))
