"""A Redis of a test's own, and hosts that share it: whole gateways that have nothing else in common."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import RedisError

from swf_remote.proxy.caching import epochs
from tests.remote.caching.monitors import CACHE, Monitor
from tests.remote.edge.monitors import for_readers
from tests.remote.gateways import Gateway, free_port, gateway
from tests.remote.upstream.certificates import Authority
from tests.remote.upstream.scripted import scripted


@dataclass
class RedisServer:
    """A running one, or one that was killed."""

    port: int
    folder: Path
    process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    @property
    def client(self) -> Redis:
        return Redis(port=self.port)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def start_again(self) -> None:
        self.process = _started(self.port, self.folder)
        self.until_it_answers()

    def until_it_answers(self) -> None:
        _until(lambda: _pinged(self.client), self.process)


def _started(port: int, folder: Path, *further: str) -> subprocess.Popen[bytes]:
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder), *further]
    return subprocess.Popen(["redis-server", *options], stdout=subprocess.DEVNULL)


def _pinged(client: Redis) -> bool:
    try:
        return bool(client.ping())
    except RedisError:
        return False


def _until(answers: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 30
    while not answers():
        assert process.poll() is None, "redis-server ended"
        assert time.monotonic() < end, "redis-server does not answer"
        time.sleep(0.02)


def _require_the_program() -> None:
    if shutil.which("redis-server") is None and not os.environ.get("CI"):
        pytest.skip("no redis-server: make system-deps installs it")


@dataclass(frozen=True)
class RedisByTls:
    """A running one that speaks TLS alone; its URL names the authority to believe."""

    url: str


@contextmanager
def redis_server_by_tls(folder: Path, authority: Authority) -> Iterator[RedisByTls]:
    """Skips where the program is missing, but not in CI."""
    _require_the_program()
    port, certificate = free_port(), folder / "redis.pem"
    authority.server("127.0.0.1").issued.private_key_and_cert_chain_pem.write_to_path(str(certificate))
    url = f"rediss://127.0.0.1:{port}/0?ssl_ca_certs={authority.file}"
    options = ["--tls-port", str(port), "--tls-cert-file", str(certificate), "--tls-key-file", str(certificate)]
    options += ["--tls-ca-cert-file", str(authority.file), "--tls-auth-clients", "no"]
    process = _started(0, folder, *options)
    try:
        _until(lambda: _pinged(Redis.from_url(url)), process)
        yield RedisByTls(url)
    finally:
        process.kill()
        process.wait()


@contextmanager
def redis_server(folder: Path) -> Iterator[RedisServer]:
    """Skips where the program is missing, but not in CI."""
    _require_the_program()
    port = free_port()
    server = RedisServer(port, folder, _started(port, folder))
    try:
        server.until_it_answers()
        yield server
    finally:
        server.kill()


@asynccontextmanager
async def host(monitor_url: str, redis_url: str, **settings: object) -> AsyncIterator[Gateway]:
    """A gateway that shares no memory with those before it."""
    epochs.shared.cache_clear()
    async with gateway(monitor_url, **(CACHE | {"redis_url": redis_url} | settings)) as running:
        yield running


@asynccontextmanager
async def two_hosts(monitor: Monitor, redis_url: str, **settings: object) -> AsyncIterator[tuple[Gateway, Gateway]]:
    """Two of them in front of the same monitor."""
    async with (
        scripted([for_readers(monitor.step)]) as seen,
        host(seen.url, redis_url, **settings) as one,
        host(seen.url, redis_url, **settings) as other,
    ):
        yield one, other
