"""Processes of a measurement: pinned to a core, watched, and ended whatever happens.

Every process gets a signal when the bench itself dies, so that none is left behind.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parent.parent.parent
PROGRAMS = ("nginx", "wrk", "taskset", "setpriv")
BIN = Path(sys.executable).parent
_ALLOWED = frozenset(os.sched_getaffinity(0))
END_SECONDS = 8.0
START_SECONDS = 30.0


class BenchError(Exception):
    """The bench cannot go on; its words say why and what helps."""


def check_machine() -> None:
    """Whether all that is needed is there.

    Raises:
        BenchError: a program is missing, or there is one core only.
    """
    missing = [name for name in PROGRAMS if found(name) is None]
    if missing:
        raise BenchError(f"bench: not installed: {', '.join(missing)}; run: sudo make system-deps")
    if len(os.sched_getaffinity(0)) < 2:
        raise BenchError("bench: two cores are needed, one for the contestant and one for its load")


def found(program: str) -> str | None:
    """Where a program is; servers often are where only root looks."""
    return shutil.which(program) or shutil.which(program, path="/usr/sbin:/sbin:/usr/local/sbin")


def cores() -> tuple[int, int]:
    """The core of load and origin, and the contestant's."""
    first, *_others, last = sorted(_ALLOWED)
    return first, last


def free_port() -> int:
    """A port that nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Running:
    """A process with its children."""

    def __init__(self, process: asyncio.subprocess.Process, log: Path) -> None:
        self.process = process
        self._log = log

    def _all(self) -> list[psutil.Process]:
        try:
            top = psutil.Process(self.process.pid)
            return [top, *top.children(recursive=True)]
        except psutil.NoSuchProcess:
            raise BenchError(f"a process of the bench has ended:\n{self.last_words()}") from None

    def cpu_seconds(self) -> float:
        """Processor time of all of them until now."""
        times = [one.cpu_times() for one in self._all()]
        return sum(time.user + time.system for time in times)

    def resident(self) -> int:
        """Resident bytes of the largest of them: the worker."""
        return max(int(one.memory_info().rss) for one in self._all())

    def clients(self, port: int) -> int:
        """Connections of clients on a port that it serves."""
        held = (end for one in self._all() for end in one.net_connections("tcp"))
        return sum(end.laddr.port == port and bool(end.raddr) for end in held)

    def last_words(self) -> str:
        """The end of what it printed."""
        return self._log.read_text(errors="replace")[-2000:]


@asynccontextmanager
async def running(
    command: Sequence[str],
    *,
    core: int,
    log: Path,
    environment: Mapping[str, str] | None = None,
    talks: bool = False,
) -> AsyncIterator[Running]:
    """Start a process on one core; what it prints goes to `log`, unless it `talks` to us."""
    wrapped = ["setpriv", "--pdeathsig", "TERM", "taskset", "-c", str(core), *command]
    pipe = asyncio.subprocess.PIPE
    with log.open("ab") as out:
        process = await asyncio.create_subprocess_exec(
            *wrapped,
            cwd=ROOT,
            env={**os.environ, **(environment or {})},
            stdin=pipe if talks else asyncio.subprocess.DEVNULL,
            stdout=pipe if talks else out,
            stderr=out,
            start_new_session=True,
            limit=1 << 24,
        )
    try:
        yield Running(process, log)
    finally:
        await asyncio.shield(_end(process))


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.stdin:
        process.stdin.close()
    with suppress(ProcessLookupError):
        process.send_signal(signal.SIGTERM)
    with suppress(TimeoutError):
        await asyncio.wait_for(process.wait(), END_SECONDS)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()


async def answers(port: int, one: Running) -> None:
    """Wait until somebody accepts on the port.

    Raises:
        BenchError: the process ended, or nobody did for a long time.
    """
    for _ in range(int(START_SECONDS / 0.05)):
        if one.process.returncode is not None:
            break
        try:
            _reader, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.05)
            continue
        writer.close()
        return
    raise BenchError(f"bench: a server did not start:\n{one.last_words()}")


def pin(core: int) -> None:
    """Keep this process and all it starts from now on to one core."""
    os.sched_setaffinity(0, {core})
