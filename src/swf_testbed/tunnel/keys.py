"""The two keys of the tunnel: the server proves itself by one, the client by the other. Made once, then kept."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import asyncssh


@dataclass(frozen=True, slots=True)
class TunnelKeys:
    """Ed25519 key pairs of both ends."""

    host: asyncssh.SSHKey
    client: asyncssh.SSHKey


def load_or_make_keys(folder: Path) -> TunnelKeys:
    """The keys kept in ``folder`` (``host_key``, ``client_key``); made, readable by their owner alone, when missing.

    Raises:
        OSError: the folder or a key file cannot be read or written.
        asyncssh.KeyImportError: a key file is damaged; its name is in the message.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return TunnelKeys(host=_load_or_make(folder / "host_key"), client=_load_or_make(folder / "client_key"))


def _load_or_make(path: Path) -> asyncssh.SSHKey:
    if path.exists():
        try:
            return asyncssh.read_private_key(path)
        except asyncssh.KeyImportError as error:
            raise asyncssh.KeyImportError(f"{path}: {error}; remove the file to have a new key made") from error
    key = asyncssh.generate_private_key("ssh-ed25519", comment=f"swf-testbed {path.name}")
    path.touch(mode=0o600)
    path.write_bytes(key.export_private_key())
    return key
