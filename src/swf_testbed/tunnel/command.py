"""``swf-testbed tunnel``: open the tunnel and hold it until told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import sys
from pathlib import Path

import asyncssh
import click

from swf_testbed.tunnel.ends import Address, hold_forward, listen
from swf_testbed.tunnel.keys import TunnelKeys, load_or_make_keys


class AddressType(click.ParamType[Address]):
    """``HOST:PORT`` on the command line."""

    name = "host:port"

    def convert(self, value: str | Address, param: click.Parameter | None, ctx: click.Context | None) -> Address:
        """Parse one address.

        Raises:
            click.BadParameter: not HOST:PORT, or no such port.
        """
        if isinstance(value, Address):
            return value
        host, colon, port = value.rpartition(":")
        if not (colon and host and port.isdigit() and 0 < int(port) < 65536):
            self.fail(f"{value!r} is not an address; write it as 127.0.0.1:18443", param, ctx)
        return Address(host, int(port))


async def _hold_until_told_to_stop(keys: TunnelKeys, entrance: Address, target: Address) -> None:
    server = await listen(keys, target)
    holding = asyncio.create_task(hold_forward(keys, server.get_port(), entrance, target))
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, holding.cancel)
    try:
        with contextlib.suppress(asyncio.CancelledError):
            await holding
    finally:
        server.close()


@click.command()
@click.option(
    "--listen",
    "entrance",
    type=AddressType(),
    default="127.0.0.1:18443",
    show_default=True,
    help="entrance of the tunnel",
)
@click.option(
    "--target", type=AddressType(), default="127.0.0.1:8081", show_default=True, help="where the far end connects to"
)
@click.option(
    "--keys",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("var/ssh"),
    show_default=True,
    help="folder of the host key and the client key; made when missing",
)
def tunnel(entrance: Address, target: Address, keys: Path) -> None:
    """Forward an address through a real SSH connection on loopback, by key only."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("asyncssh").setLevel(logging.WARNING)
    try:
        asyncio.run(_hold_until_told_to_stop(load_or_make_keys(keys), entrance, target))
    except OSError as error:
        click.echo(
            f"tunnel: {entrance} cannot be opened: {error.strerror or error}; choose another with --listen", err=True
        )
        sys.exit(1)
    except asyncssh.KeyImportError as error:
        click.echo(f"tunnel: {error}", err=True)
        sys.exit(1)
