"""Keep the parts of the demo running: start, watch, name what died, restart it, stop all."""

from __future__ import annotations

import asyncio
import signal
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Final

from swf_testbed.demo.children import how_it_ended, kill_group, start_child, stop_child
from swf_testbed.demo.plan import Part
from swf_testbed.demo.readiness import wait_until_ready

# Long enough for the status page's probe to see the gap, short enough for pages to be right within 10 s.
RESTART_SECONDS: Final = 2.0
READY_SECONDS: Final = 45.0
GIVE_UP_AFTER: Final = 5
GIVE_UP_WITHIN_SECONDS: Final = 60.0
LAST_LINES: Final = 15


class PartFailedError(Exception):
    """A part does not start, or keeps dying; the text names it and shows the end of its log."""


@dataclass(slots=True)
class Supervised:
    """A part with its present process."""

    part: Part
    log_file: Path
    child: asyncio.subprocess.Process
    deaths: deque[float] = field(default_factory=lambda: deque(maxlen=GIVE_UP_AFTER))


class Supervisor:
    """Runs parts; reports through ``say`` (one line each) and ``pids_changed`` (name to process id)."""

    def __init__(self, logs: Path, say: Callable[[str], None], pids_changed: Callable[[dict[str, int]], None]) -> None:
        self._logs = logs
        self._say = say
        self._pids_changed = pids_changed
        self._running: dict[str, Supervised] = {}  # in the order in which they were asked to start

    @property
    def pids(self) -> dict[str, int]:
        """Process id by part."""
        return {name: supervised.child.pid for name, supervised in self._running.items()}

    async def start(self, part: Part) -> None:
        """Start a part and wait until it answers.

        Raises:
            PartFailedError: it ended, or did not answer in time.
        """
        log_file = self._logs / f"{part.name}.log"
        log_file.unlink(missing_ok=True)
        child = await start_child(part.command, part.environment, self._logs, log_file)
        self._running[part.name] = Supervised(part, log_file, child)
        await self._until_ready(self._running[part.name])

    async def _until_ready(self, supervised: Supervised) -> None:
        ready = asyncio.create_task(wait_until_ready(supervised.part.ready_url))
        ended = asyncio.create_task(supervised.child.wait())
        try:
            await asyncio.wait({ready, ended}, timeout=READY_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            if ended.done() and not ready.done():
                raise self._failure(supervised, how_it_ended(ended.result()))
            if not ready.done():
                raise self._failure(supervised, f"does not answer after {READY_SECONDS:g} s")
        finally:
            ready.cancel()
            ended.cancel()

    def _failure(self, supervised: Supervised, what: str) -> PartFailedError:
        lines = supervised.log_file.read_text(errors="replace").splitlines()[-LAST_LINES:]
        tail = "".join(f"\n    {line}" for line in lines)
        return PartFailedError(f"{supervised.part.name} {what}; the end of {supervised.log_file}:{tail or ' (empty)'}")

    async def watch(self) -> None:
        """Restart whatever dies; runs until cancelled.

        Raises:
            PartFailedError: one part died too often.
        """
        async with asyncio.TaskGroup() as watchers:
            for supervised in self._running.values():
                watchers.create_task(self._keep_alive(supervised))

    async def _keep_alive(self, supervised: Supervised) -> None:
        while True:
            code = await supervised.child.wait()
            name, pid = supervised.part.name, supervised.child.pid
            kill_group(pid, signal.SIGKILL)  # workers of a killed server would keep its port
            pause = RESTART_SECONDS + supervised.part.longer_gap
            self._say(f"✗ {name} (pid {pid}) {how_it_ended(code)}; restarting in {pause:g} s")
            supervised.deaths.append(monotonic())
            if len(supervised.deaths) == GIVE_UP_AFTER and monotonic() - supervised.deaths[0] < GIVE_UP_WITHIN_SECONDS:
                raise self._failure(supervised, f"died {GIVE_UP_AFTER} times within {GIVE_UP_WITHIN_SECONDS:g} s")
            await asyncio.sleep(pause)
            supervised.child = await start_child(
                supervised.part.command, supervised.part.environment, self._logs, supervised.log_file
            )
            self._pids_changed(self.pids)
            await self._say_when_back(supervised)

    async def _say_when_back(self, supervised: Supervised) -> None:
        try:
            await self._until_ready(supervised)
        except PartFailedError as failure:
            self._say(f"✗ {failure}")
            return  # a part that ended again is picked up by the loop; one that hangs stays named
        self._say(f"✓ {supervised.part.name} is back (pid {supervised.child.pid})")

    async def stop(self) -> None:
        """End all parts, the last started first to be asked, all at once."""
        await asyncio.gather(*(stop_child(supervised.child) for supervised in reversed(self._running.values())))
        self._running.clear()
