"""A gateway process to be reloaded and stopped, the load on it, and a reader who waits for the monitor."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import urllib.request
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.error import HTTPError

import aiohttp

from tests.remote.edge.monitors import for_readers
from tests.remote.edge.test_serving import PROGRAM, environment, serving, until, workers_of
from tests.remote.upstream.scripted import Connection, say, scripted


@dataclass
class Running:
    """A gateway process, and what it wrote to its standard error."""

    port: int
    process: subprocess.Popen[str]
    folder: Path
    errors: Path

    def generation(self) -> set[int]:
        """The processes that it started itself."""
        return set(workers_of(self.process))

    def family(self) -> set[int]:
        """All processes that come from it, without it."""
        found, looked_at = self.generation(), {self.process.pid}
        while new := found - looked_at:
            looked_at |= new
            for pid in new:
                found |= children_of(pid)
        return found

    def reload(self) -> None:
        """Reload, and wait until all that served before is gone."""
        before, done = self.generation(), self.told("reloaded")
        self.process.send_signal(signal.SIGHUP)
        until(lambda: self.told("reloaded") > done, self.process)
        until(lambda: not before & self.generation(), self.process)

    def told(self, words: str) -> int:
        """How often it said this."""
        return self.errors.read_text().count(words)

    def status(self, path: str, **headers: str) -> int:
        return self.answer(path, **headers)[0]

    def answer(self, path: str, **headers: str) -> tuple[int, str]:
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=60) as reply:
                return reply.status, reply.read().decode()
        except HTTPError as error:
            return error.code, ""

    def refuses(self) -> bool:
        """Whether nobody can connect any more."""
        try:
            self.status("/prod/healthz")
        except OSError:
            return True
        return False


MAKE_SESSION = """
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client

client = Client()
client.force_login(User.objects.create_user("alice"), backend="django.contrib.auth.backends.ModelBackend")
print(settings.SESSION_COOKIE_NAME, client.cookies[settings.SESSION_COOKIE_NAME].value, sep="=")
"""


def signed_in_at(running: Running) -> dict[str, str]:
    """The headers of a signed-in reader who asks for events."""
    said = ""
    for arguments in (["migrate", "--verbosity", "0"], ["shell", "--verbosity", "0", "--command", MAKE_SESSION]):
        said = subprocess.run(
            [PROGRAM, *arguments],
            env=environment(running.folder),
            cwd=running.folder,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        ).stdout
    return {"Cookie": said.strip(), "Accept": "text/event-stream"}


def children_of(pid: int) -> set[int]:
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        return {int(child) for task in tasks for child in (task / "children").read_text().split()}
    except OSError:
        return set()  # it ended meanwhile


def lives(pid: int) -> bool:
    """Whether a process does anything any more."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@contextmanager
def running_in(folder: Path, *arguments: str, **settings: str) -> Iterator[Running]:
    errors = folder / "errors.txt"
    with errors.open("w") as log, serving(folder, *arguments, stderr=log, **settings) as (port, process):
        yield Running(port, process, folder, errors)


@asynccontextmanager
async def running_beside(folder: Path, *arguments: str, **settings: str) -> AsyncIterator[Running]:
    """The same while the event loop goes on, because a monitor runs in it."""
    starting = running_in(folder, *arguments, **settings)
    running = await asyncio.to_thread(starting.__enter__)
    try:
        yield running
    finally:
        await asyncio.to_thread(starting.__exit__, None, None, None)


@dataclass
class Load:
    """Requests that go on while something happens: each status or failure with its number."""

    port: int
    seen: Counter[object] = field(default_factory=Counter)
    over: bool = False

    @property
    def answered(self) -> int:
        return sum(count for what, count in self.seen.items() if isinstance(what, int))

    async def ask_on_one_connection(self) -> None:
        """One request after the other. A client repeats no POST by itself, so that a lost one is seen."""
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=1)) as session:
            while not self.over:
                await self._ask(session)

    async def ask_on_new_connections(self) -> None:
        while not self.over:
            async with aiohttp.ClientSession() as session:
                await self._ask(session)

    async def _ask(self, session: aiohttp.ClientSession) -> None:
        try:
            async with session.post(f"http://127.0.0.1:{self.port}/prod/healthz") as reply:
                await reply.read()
                self.seen[reply.status] += 1
        except aiohttp.ClientConnectorError:
            self.seen["refused"] += 1
            await asyncio.sleep(0.01)
        except Exception as error:
            self.seen[repr(error)] += 1

    async def goes_on(self) -> None:
        """Wait until fifty more requests have an answer."""
        before = self.answered
        while self.answered < before + 50:
            await asyncio.sleep(0.01)


@asynccontextmanager
async def load(port: int) -> AsyncIterator[Load]:
    """Readers who ask as fast as they can, on connections that stand and on new ones."""
    found = Load(port)
    kinds = [found.ask_on_one_connection] * 4 + [found.ask_on_new_connections] * 2
    asking = [asyncio.create_task(kind()) for kind in kinds]
    try:
        await found.goes_on()
        yield found
    finally:
        found.over = True
        await asyncio.gather(*asking)


@dataclass
class Held:
    """A monitor's answer, of which the rest comes when it is let go."""

    beginning: bytes
    rest: bytes
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    let_go: asyncio.Event = field(default_factory=asyncio.Event)

    async def is_asked(self) -> None:
        async with asyncio.timeout(60):
            await self.asked.wait()

    async def __call__(self, connection: Connection, _head: bytes) -> None:
        await say(self.beginning)(connection)
        self.asked.set()
        await self.let_go.wait()
        await say(self.rest)(connection)


@asynccontextmanager
async def held_by(monitor: Held, folder: Path, *arguments: str) -> AsyncIterator[Running]:
    """A gateway in front of this monitor."""
    async with (
        scripted([for_readers(monitor)]) as seen,
        running_beside(folder, *arguments, MONITOR_URL=seen.url) as running,
    ):
        yield running
