"""Who is measured: the gateway, a plain WSGI gateway, nginx. Each on the contestant's core, on a port of its own."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import trustme

from . import nginx
from .clients import Client
from .processes import BIN, BenchError, Running, answers, cores, found, free_port, running

NAME = "monitor.example"
READERS = 200
_KEY = "x8Jq2m-Zr7tWc41LpB0vNfYsKdHuGa93EiTo"
_log_numbers = itertools.count()


@dataclass(frozen=True)
class Contestant:
    """A running one."""

    port: int
    process: Running

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    def clients(self) -> int:
        """Connections that clients hold."""
        return self.process.clients(self.port)


class FarSide:
    """The far side's process, told what to do."""

    def __init__(self, one: Running, ports: dict[str, int]) -> None:
        self._process = one
        self.ports = ports

    async def do(self, name: str, **options: object) -> dict[str, Any]:
        """One command of ``tools.bench.far_side``.

        Raises:
            BenchError: it has ended.
        """
        pipe_in, pipe_out = self._process.process.stdin, self._process.process.stdout
        assert pipe_in and pipe_out
        pipe_in.write(json.dumps({"do": name, **options}).encode() + b"\n")
        line = await pipe_out.readline()
        if not line:
            raise BenchError(f"bench: the far side has ended:\n{self._process.last_words()}")
        return dict(json.loads(line))

    def url(self, name: str) -> str:
        """The monitor's address at one of its ports: plain, tls, linked_plain, linked_tls."""
        return f"http{'s' * name.endswith('tls')}://127.0.0.1:{self.ports[name]}/swf-monitor"


@dataclass
class Bench:
    """What all measurements share."""

    folder: Path
    quick: bool
    far: FarSide
    keys: list[str] = field(default_factory=list)
    """Of sessions; see ``sign_in``."""

    def span(self, quick: float, full: float) -> float:
        """Seconds, by how long the whole may take."""
        return quick if self.quick else full

    async def sign_in(self) -> list[str]:
        """Cookies of readers who are signed in."""
        if not self.keys:
            command = [str(BIN / "python"), "-m", "tools.bench.accounts", str(READERS)]
            made = await asyncio.create_subprocess_exec(
                *command, env={**os.environ, **self._settings("plain")}, stdout=asyncio.subprocess.PIPE
            )
            out, _ = await made.communicate()
            if made.returncode:
                raise BenchError("bench: no readers could be signed in; see above")
            self.keys = json.loads(out.decode())
        return [f"sessionid_prod={key}" for key in self.keys]

    def names(self) -> dict[str, str]:
        """The name of the reader of each cookie."""
        return {f"sessionid_prod={key}": f"reader{number:04}" for number, key in enumerate(self.keys)}

    def log(self) -> Path:
        """A new file for what a process prints."""
        return self.folder / f"log-{next(_log_numbers)}"

    @asynccontextmanager
    async def gateway(self, far: str = "plain", **settings: object) -> AsyncIterator[Contestant]:
        """The gateway with one worker in front of a port of the far side; settings by their names in lower case."""
        port = free_port()
        environment = self._settings(far) | {f"SWF_REMOTE_{name.upper()}": str(told) for name, told in settings.items()}
        command = [str(BIN / "swf-remote"), "serve", "--port", str(port), "--workers", "1"]
        async with self._served(command, port, environment) as contestant:
            await until_ready(contestant, str(settings.get("force_script_name", "/prod")))
            yield contestant

    @asynccontextmanager
    async def naive(self, far: str = "tls", *, client: str = "httpx") -> AsyncIterator[Contestant]:
        """The plain WSGI gateway; its monitor by TLS, as today."""
        port = free_port()
        command = [str(BIN / "granian"), "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port)]
        command += ["--workers", "2", "--blocking-threads", "15", "--http", "1", "--log-level", "error"]
        command += ["tools.bench.naive:application"]
        environment = {"NAIVE_MONITOR_URL": self.far.url(far), "NAIVE_CLIENT": client}
        async with self._served(command, port, environment) as contestant:
            yield contestant

    @asynccontextmanager
    async def nginx(self, *, cache: bool = False, replace: bool = False) -> AsyncIterator[Contestant]:
        """nginx in front of the plain origin."""
        port, folder = free_port(), self.folder / f"nginx-{next(_log_numbers)}"
        folder.mkdir()
        text = nginx.configuration(folder, port, self.far.ports["plain"], cache=cache, replace=replace)
        (folder / "nginx.conf").write_text(text)
        command = [found("nginx") or "nginx", "-e", str(folder / "start.log"), "-c", str(folder / "nginx.conf")]
        async with self._served(command, port, {}) as contestant:
            yield contestant

    @asynccontextmanager
    async def copy(self) -> AsyncIterator[Contestant]:
        """A plain copy of TCP in front of the plain origin."""
        port = free_port()
        command = [str(BIN / "python"), "-m", "tools.bench.copying", str(port), str(self.far.ports["plain"])]
        async with self._served(command, port, {}) as contestant:
            yield contestant

    @asynccontextmanager
    async def _served(self, command: list[str], port: int, environment: dict[str, str]) -> AsyncIterator[Contestant]:
        async with running(command, core=cores()[1], log=self.log(), environment=environment) as one:
            await answers(port, one)
            yield Contestant(port, one)

    def _settings(self, far: str) -> dict[str, str]:
        return {
            "DJANGO_SETTINGS_MODULE": "swf_remote.settings",
            "SWF_REMOTE_SECRET_KEY": _KEY,
            "SWF_REMOTE_PUBLIC_URL": "http://127.0.0.1:8000/prod",
            "SWF_REMOTE_MONITOR_URL": self.far.url(far),
            "SWF_REMOTE_MONITOR_HOST": NAME,
            "SWF_REMOTE_MONITOR_CA_FILE": str(self.folder / "authority.pem"),
            "SWF_REMOTE_DB_NAME": str(self.folder / "gateway.sqlite3"),
            "SWF_REMOTE_UPLOAD_LIMIT": "2000000000",
            "SWF_REMOTE_LOG_LEVEL": "warning",
            # Load comes from one address, so each of its clients names another, and none is held back.
            "SWF_REMOTE_TRUSTED_PROXIES": "127.0.0.1",
            "SWF_REMOTE_BUDGETS": "off",
        }


async def until_ready(contestant: Contestant, mount: str = "/prod") -> None:
    """Wait until the gateway has seen its link.

    Raises:
        BenchError: it never does.
    """
    client = Client(contestant.port)
    deadline = time.monotonic() + 20
    try:
        while (await client.ask(f"{mount}/readyz")).status != 200:
            if time.monotonic() > deadline:
                raise BenchError(f"bench: the gateway does not become ready:\n{contestant.process.last_words()}")
            await asyncio.sleep(0.05)
    finally:
        client.close()


@asynccontextmanager
async def far_side(folder: Path) -> AsyncIterator[FarSide]:
    """The far side on the core of the load, with a throw-away authority."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "authority.pem"))
    authority.issue_cert(NAME).private_key_and_cert_chain_pem.write_to_path(str(folder / "monitor.pem"))
    command = [str(BIN / "python"), "-m", "tools.bench.far_side", str(folder / "monitor.pem")]
    async with running(command, core=cores()[0], log=folder / "log-far", talks=True) as one:
        assert one.process.stdout
        line = await one.process.stdout.readline()
        if not line:
            raise BenchError(f"bench: the far side did not start:\n{one.last_words()}")
        yield FarSide(one, json.loads(line))
