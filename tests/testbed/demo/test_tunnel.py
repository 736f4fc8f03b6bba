"""The SSH tunnel of the demo, with real sockets on loopback."""

import asyncio
import functools
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import asyncssh
import pytest
from click.testing import CliRunner

from swf_testbed.tunnel.command import tunnel
from swf_testbed.tunnel.ends import USER, Address, OneForwardServer, hold_forward, listen
from swf_testbed.tunnel.keys import TunnelKeys, load_or_make_keys

pytestmark = pytest.mark.slow


def free_address() -> Address:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return Address("127.0.0.1", probe.getsockname()[1])


@pytest.fixture
def keys(tmp_path: Path) -> TunnelKeys:
    return load_or_make_keys(tmp_path / "ssh")


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(await reader.readline())
    await writer.drain()
    writer.close()


@asynccontextmanager
async def echo_server(address: Address) -> AsyncIterator[None]:
    async with await asyncio.start_server(echo, address.host, address.port):
        yield


@asynccontextmanager
async def open_tunnel(keys: TunnelKeys, entrance: Address, target: Address) -> AsyncIterator[asyncssh.SSHAcceptor]:
    server = await listen(keys, target)
    holding = asyncio.create_task(hold_forward(keys, server.get_port(), entrance, target))
    try:
        yield server
    finally:
        holding.cancel()
        with suppress(asyncio.CancelledError):
            await holding
        server.close()
        await server.wait_closed()


async def ask(address: Address, line: bytes) -> bytes:
    """One line there and back, as soon as the entrance listens."""
    async with asyncio.timeout(10):
        while True:
            try:
                reader, writer = await asyncio.open_connection(address.host, address.port)
                break
            except ConnectionRefusedError:
                await asyncio.sleep(0.01)
        writer.write(line)
        answer = await reader.read()
        writer.close()
        return answer


async def test_a_line_goes_through_the_tunnel_and_comes_back(keys: TunnelKeys) -> None:
    entrance, target = free_address(), free_address()
    async with echo_server(target), open_tunnel(keys, entrance, target):
        assert await ask(entrance, b"hello\n") == b"hello\n"


async def test_a_tunnel_whose_far_end_is_down_closes_the_connection_without_an_answer(keys: TunnelKeys) -> None:
    entrance, target = free_address(), free_address()
    async with open_tunnel(keys, entrance, target):
        with suppress(ConnectionResetError):
            assert await ask(entrance, b"hello\n") == b""


class CuttableServer(OneForwardServer):
    """A server end whose connections a test can cut."""

    def __init__(self, client_key: asyncssh.SSHKey, target: Address, made: asyncio.Queue[Any]) -> None:
        super().__init__(client_key, target)
        self._made = made

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._made.put_nowait(conn)


async def test_the_forward_comes_back_after_the_ssh_connection_is_cut(keys: TunnelKeys) -> None:
    entrance, target = free_address(), free_address()
    made: asyncio.Queue[asyncssh.SSHServerConnection] = asyncio.Queue()
    server_end = functools.partial(CuttableServer, keys.client, target, made)
    async with (
        echo_server(target),
        asyncssh.listen("127.0.0.1", 0, server_factory=server_end, server_host_keys=[keys.host]) as server,
    ):
        holding = asyncio.create_task(hold_forward(keys, server.get_port(), entrance, target))
        assert await ask(entrance, b"before\n") == b"before\n"
        (await made.get()).abort()
        await asyncio.wait_for(made.get(), 10)
        assert await ask(entrance, b"after\n") == b"after\n"
        holding.cancel()
        with suppress(asyncio.CancelledError):
            await holding


async def connect(keys: TunnelKeys, port: int, **changes: object) -> asyncssh.SSHClientConnection:
    settings: dict[str, object] = {
        "username": USER,
        "client_keys": [keys.client],
        "known_hosts": asyncssh.import_known_hosts(f"[127.0.0.1]:{port} {keys.host.export_public_key().decode()}"),
        "config": None,
        "agent_path": None,
    }
    return await asyncssh.connect("127.0.0.1", port, **(settings | changes))


async def test_another_key_is_refused(keys: TunnelKeys) -> None:
    server = await listen(keys, free_address())
    stranger = asyncssh.generate_private_key("ssh-ed25519")
    with pytest.raises(asyncssh.PermissionDenied):
        await connect(keys, server.get_port(), client_keys=[stranger])
    server.close()


async def test_another_host_key_is_refused_by_the_client(keys: TunnelKeys) -> None:
    server = await listen(keys, free_address())
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
    known = asyncssh.import_known_hosts(f"[127.0.0.1]:{server.get_port()} {other}")
    with pytest.raises(asyncssh.HostKeyNotVerifiable):
        await connect(keys, server.get_port(), known_hosts=known)
    server.close()


async def test_a_password_opens_nothing(keys: TunnelKeys) -> None:
    server = await listen(keys, free_address())
    with pytest.raises(asyncssh.PermissionDenied):
        await connect(keys, server.get_port(), client_keys=[], password="secret")
    server.close()


async def test_only_the_target_can_be_reached(keys: TunnelKeys) -> None:
    target, elsewhere = free_address(), free_address()
    server = await listen(keys, target)
    async with echo_server(elsewhere), await connect(keys, server.get_port()) as connection:
        with pytest.raises(asyncssh.ChannelOpenError):
            await connection.open_connection(elsewhere.host, elsewhere.port)
    server.close()


async def test_no_command_can_be_run(keys: TunnelKeys) -> None:
    server = await listen(keys, free_address())
    async with await connect(keys, server.get_port()) as connection:
        with pytest.raises(asyncssh.ChannelOpenError):
            await connection.run("true", check=True)
    server.close()


def test_keys_are_made_once_and_readable_by_their_owner_alone(tmp_path: Path) -> None:
    first = load_or_make_keys(tmp_path)
    second = load_or_make_keys(tmp_path)
    assert first.client.public_data == second.client.public_data
    assert {(tmp_path / name).stat().st_mode & 0o777 for name in ("host_key", "client_key")} == {0o600}


def test_a_busy_entrance_is_one_clear_line_with_the_fix(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        entrance = f"127.0.0.1:{holder.getsockname()[1]}"
        result = CliRunner().invoke(tunnel, ["--listen", entrance, "--keys", str(tmp_path)])
    assert result.exit_code == 1
    assert result.output.splitlines()[-1].startswith(f"tunnel: {entrance} cannot be opened")
    assert "--listen" in result.output


@pytest.mark.parametrize("wrong", ["18443", "host:", ":1", "host:0", "host:70000", "host:port"])
def test_a_wrong_address_is_refused_with_an_example(wrong: str) -> None:
    result = CliRunner().invoke(tunnel, ["--target", wrong])
    assert result.exit_code == 2
    assert "127.0.0.1:18443" in result.output
