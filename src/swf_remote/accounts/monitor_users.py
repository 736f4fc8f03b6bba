"""The monitor's own list of accounts, `GET /api/users/` (contract 5.6): one request, checked before it is believed.

The answer holds password hashes, so it is never logged, and the gateway exposes the address to nobody.
"""

import json
from dataclasses import dataclass
from typing import Any

from swf_remote.configuration import Configuration
from swf_remote.proxy.failures import UpstreamError
from swf_remote.proxy.upstream import Budget, UpstreamAnswer, UpstreamClient

SERVICE_ACCOUNT = "swf-remote-proxy"
LARGEST_LIST = 32 * 1024 * 1024
_BUDGET = Budget(first_byte=60.0, between_bytes=30.0)


class MonitorListError(Exception):
    """The list could not be had; the text says why."""


@dataclass(frozen=True, slots=True)
class MonitorUser:
    """One account at the monitor; `password` is a hash of whatever kind the monitor uses."""

    username: str
    email: str = ""
    first_name: str = ""
    last_name: str = ""
    password: str = ""
    is_active: bool = True


@dataclass(frozen=True, slots=True)
class _ListRequest:
    target: str
    headers: tuple[tuple[str, str], ...]
    method: str = "GET"


async def fetch_users(settings: Configuration, asserted: str = SERVICE_ACCOUNT) -> list[MonitorUser]:
    """All active accounts of the monitor, asked in the name of `asserted`.

    Raises:
        MonitorListError: no answer, a refusal, or an answer of another shape.
    """
    host = settings.monitor_host or settings.monitor_url.split("/")[2]
    headers = (("Host", host), ("Accept", "application/json"), ("X-Remote-User", asserted))
    try:
        async with UpstreamClient(settings) as client:
            answer = await client.send(_ListRequest(f"{settings.monitor_mount}/api/users/", headers), budget=_BUDGET)
            status, body = answer.status, await _whole_body(answer)
    except UpstreamError as error:
        raise MonitorListError(f"the monitor cannot be reached ({type(error).__name__}: {error})") from error
    if status != 200:
        raise MonitorListError(f"the monitor refused its list of accounts (status {status})")
    return parse_users(body)


async def _whole_body(answer: UpstreamAnswer) -> bytes:
    body = bytearray()
    try:
        async for chunk in answer.chunks():
            body += chunk
            if len(body) > LARGEST_LIST:
                raise MonitorListError(f"the monitor's list of accounts is larger than {LARGEST_LIST} bytes")
    finally:
        answer.close()
    return bytes(body)


def parse_users(body: bytes) -> list[MonitorUser]:
    """The accounts in the monitor's answer `{"users": [{"username", "email", …}]}`.

    Raises:
        MonitorListError: the answer is no such document.
    """
    try:
        listed = json.loads(body)["users"]
        return [_user(item) for item in listed]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise MonitorListError("the monitor's list of accounts is not of the agreed form") from error


def _user(item: dict[str, Any]) -> MonitorUser:
    texts = {name: str(item.get(name) or "") for name in ("email", "first_name", "last_name", "password")}
    return MonitorUser(username=str(item["username"]), is_active=bool(item.get("is_active", True)), **texts)
