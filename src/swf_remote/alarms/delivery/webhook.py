"""Posts to webhooks: to hosts that the operator lists, at public addresses only, and signed."""

from __future__ import annotations

import hashlib
import hmac
import logging
import ssl
import time
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.client import HTTPException

from .allowed import Origin, is_public, origin_of
from .connecting import Answer, Asking, ForbiddenAddressError, IsAllowed
from .formats import shown
from .transports import Parcel, Result
from .wording import one_line

LOG = logging.getLogger("swf_remote.alarms")
SECONDS = 20.0
SIGNATURE = "X-SWF-Signature"
"""``t=<Unix seconds>,v1=<hex of HMAC-SHA256 over "<t>.<body>">``; made anew for each attempt."""
KEY = "Idempotency-Key"
"""The delivery's identifier: the same at each attempt."""
_AGAIN = frozenset({408, 425, 429})
_LONGEST_WORDS = 200


@dataclass(frozen=True, slots=True)
class Webhooks:
    """Posts; a ``Transport``."""

    allowed: AbstractSet[Origin]
    """Where the operator lets alarms post."""
    secret: str = field(default="", repr=False)
    is_allowed: IsAllowed = is_public
    """Which addresses may be asked."""
    trust: ssl.SSLContext | None = None
    seconds: float = SECONDS
    clock: Callable[[], float] = time.time

    def deliver(self, parcel: Parcel) -> Result:
        """See ``Transport``."""
        url = parcel.destinations[0]
        if fault := self._fault(url):
            return Result(refused={url: fault}, detail=fault)
        body = str(parcel.content["body"]).encode()
        asking = Asking(self.seconds, self.is_allowed, self.trust)
        try:
            answer = asking.ask("POST", url, self._headers(parcel.id, body), body)
        except ForbiddenAddressError as error:
            return Result(refused={url: str(error)}, detail=str(error))
        except (OSError, HTTPException, ValueError) as error:
            return Result(detail=one_line(f"{type(error).__name__}: {error}", _LONGEST_WORDS))
        return _result(url, answer, datetime.fromtimestamp(self.clock(), UTC))

    def _fault(self, url: str) -> str:
        """Why nothing may be posted there, whatever its name leads to; empty: nothing speaks against it."""
        try:
            origin = origin_of(url)
        except ValueError as error:
            return f"the address cannot be used: {error}"
        return "" if origin in self.allowed else f"{origin} is not among the hosts of SWF_REMOTE_WEBHOOK_HOSTS"

    def _headers(self, key: str, body: bytes) -> dict[str, str]:
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "swf-remote-alarms",
            "Accept": "*/*",
            "Connection": "close",
            KEY: key,
        }
        if self.secret:
            headers[SIGNATURE] = signature(self.secret, int(self.clock()), body)
        return headers


def signature(secret: str, at: int, body: bytes) -> str:
    """What stands in the header `SIGNATURE`."""
    made = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256)
    return f"t={at},v1={made.hexdigest()}"


def _result(url: str, answer: Answer, now: datetime) -> Result:
    said = one_line(answer.body.decode("utf-8", "replace"), _LONGEST_WORDS)
    detail = f"{answer.status} {said}".rstrip()
    if 200 <= answer.status < 300:
        return Result(reached=(url,), detail=detail)
    if answer.status in _AGAIN or answer.status >= 500:
        return Result(detail=detail, wait=_wait(answer.headers.get("retry-after", ""), now))
    if 300 <= answer.status < 400:
        where = shown(answer.headers.get("location", ""))
        detail = f"{answer.status} redirects to {where}; redirects are not followed"
    return Result(refused={url: detail}, detail=detail)


def _wait(text: str, now: datetime) -> float | None:
    """Seconds that `Retry-After` asks for (RFC 9110 10.2.3), either as a number or as a time."""
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        until = parsedate_to_datetime(text)
        return max((until.replace(tzinfo=until.tzinfo or UTC) - now).total_seconds(), 0)
    except (ValueError, TypeError):
        return None
