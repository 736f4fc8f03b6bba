"""The tunnel's server end speaks SSH as others do: a real OpenSSH client forwards through it and no more."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest

from swf_testbed.tunnel.ends import USER, Address, listen
from swf_testbed.tunnel.keys import load_or_make_keys
from tests.system.running_demo import free_port, missing


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(await reader.readline())
    await writer.drain()
    writer.close()


@pytest.fixture
async def target() -> AsyncIterator[Address]:
    address = Address("127.0.0.1", free_port())
    async with await asyncio.start_server(echo, address.host, address.port):
        yield address


@pytest.fixture
async def ssh(target: Address, tmp_path: Path) -> AsyncIterator[list[str]]:
    """The command line of a client that knows the host key and holds the client key."""
    program = shutil.which("ssh")
    if program is None:
        missing("OpenSSH")
        raise AssertionError
    keys = load_or_make_keys(tmp_path)
    server = await listen(keys, target)
    known_hosts = tmp_path / "known_hosts"
    known_hosts.write_text(f"[127.0.0.1]:{server.get_port()} {keys.host.export_public_key().decode()}")
    options = ("BatchMode=yes", f"UserKnownHostsFile={known_hosts}", "IdentitiesOnly=yes", "ExitOnForwardFailure=yes")
    command = [program, "-F", "none", "-p", str(server.get_port()), "-i", str(tmp_path / "client_key")]
    yield [*command, *(word for option in options for word in ("-o", option)), f"{USER}@127.0.0.1"]
    server.close()


async def through(entrance: Address) -> bytes:
    """One line to the echo server and back, as soon as the entrance listens; empty when the way is refused."""
    async with asyncio.timeout(20):
        while True:
            try:
                reader, writer = await asyncio.open_connection(entrance.host, entrance.port)
            except ConnectionRefusedError:
                await asyncio.sleep(0.02)
                continue
            writer.write(b"hello\n")
            answer = b""
            with suppress(ConnectionResetError):
                answer = await reader.read()
            writer.close()
            return answer


async def test_an_openssh_client_forwards_to_the_target(ssh: list[str], target: Address) -> None:
    entrance = Address("127.0.0.1", free_port())
    client = await asyncio.create_subprocess_exec(*ssh, "-N", "-L", f"{entrance}:{target}")
    try:
        assert await through(entrance) == b"hello\n"
    finally:
        client.terminate()
        await client.wait()


async def test_an_openssh_client_cannot_reach_another_address(ssh: list[str]) -> None:
    entrance, elsewhere = Address("127.0.0.1", free_port()), Address("127.0.0.1", free_port())
    async with await asyncio.start_server(echo, elsewhere.host, elsewhere.port):
        client = await asyncio.create_subprocess_exec(*ssh, "-N", "-L", f"{entrance}:{elsewhere}")
        try:
            assert await through(entrance) == b""
        finally:
            client.terminate()
            await client.wait()


async def test_an_openssh_client_cannot_run_a_command(ssh: list[str]) -> None:
    client = await asyncio.create_subprocess_exec(*ssh, "true", stderr=subprocess.PIPE)
    _, said = await asyncio.wait_for(client.communicate(), 20)
    assert client.returncode != 0, said
