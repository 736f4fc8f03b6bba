"""The two ends of the tunnel: a server that lets one key reach one address, and a client that keeps the forward up."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import Final

import asyncssh

from swf_testbed.tunnel.keys import TunnelKeys

USER: Final = "swf-remote"
# The fastest cipher of those measured; both ends are ours, so there is nobody to negotiate with.
CIPHERS: Final = ("aes128-gcm@openssh.com",)
KEEPALIVE_SECONDS: Final = 5
KEEPALIVES_MISSED: Final = 3
RECONNECT_SECONDS: Final = (0.2, 0.5, 1.0, 2.0, 5.0)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Address:
    """A TCP address."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


class OneForwardServer(asyncssh.SSHServer):
    """Accepts one public key, no password, no shell; forwards to one address and refuses all others."""

    def __init__(self, client_key: asyncssh.SSHKey, target: Address) -> None:
        self._client_key = client_key
        self._target = target

    def begin_auth(self, username: str) -> bool:  # noqa: ARG002 - asyncssh names the parameters
        """Authentication is always required."""
        return True

    def password_auth_supported(self) -> bool:
        """No password opens this door."""
        return False

    def public_key_auth_supported(self) -> bool:
        """Keys only."""
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        """Only the tunnel's own client key, under its own user name."""
        return username == USER and bool(key.public_data == self._client_key.public_data)

    def connection_requested(self, dest_host: str, dest_port: int, orig_host: str, orig_port: int) -> bool:  # noqa: ARG002
        """Forward to the target alone, as ``permitopen`` in an authorized_keys file would."""
        return (dest_host, dest_port) == (self._target.host, self._target.port)


async def listen(keys: TunnelKeys, target: Address) -> asyncssh.SSHAcceptor:
    """Start the server end on a free port of the loopback interface."""
    return await asyncssh.listen(
        "127.0.0.1",
        0,
        server_factory=lambda: OneForwardServer(keys.client, target),
        server_host_keys=[keys.host],
        encryption_algs=CIPHERS,
        keepalive_interval=KEEPALIVE_SECONDS,
        keepalive_count_max=KEEPALIVES_MISSED,
        x11_forwarding=False,
        agent_forwarding=False,
        allow_pty=False,
    )


async def hold_forward(keys: TunnelKeys, server_port: int, entrance: Address, target: Address) -> None:
    """Keep ``entrance`` forwarded to ``target`` through the server end, reconnecting for as long as it runs.

    Raises:
        OSError: the entrance cannot be bound (the port is busy); waiting would not help.
    """
    known_hosts = asyncssh.import_known_hosts(f"[127.0.0.1]:{server_port} {keys.host.export_public_key().decode()}")
    attempt = 0
    while True:
        try:
            async with asyncssh.connect(
                "127.0.0.1",
                server_port,
                username=USER,
                client_keys=[keys.client],
                known_hosts=known_hosts,
                config=None,
                agent_path=None,
                encryption_algs=CIPHERS,
                keepalive_interval=KEEPALIVE_SECONDS,
                keepalive_count_max=KEEPALIVES_MISSED,
            ) as connection:
                await connection.forward_local_port(entrance.host, entrance.port, target.host, target.port)
                log.info("tunnel open: %s -> %s", entrance, target)
                attempt = 0
                await connection.wait_closed()
        except (asyncssh.Error, ConnectionError) as error:
            log.warning("tunnel lost: %s", error)
        pause = RECONNECT_SECONDS[min(attempt, len(RECONNECT_SECONDS) - 1)]
        attempt += 1
        await asyncio.sleep(pause)
