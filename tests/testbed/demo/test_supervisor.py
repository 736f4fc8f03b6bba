"""Supervision of the demo's parts, with real processes."""

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from swf_testbed.demo import supervisor as supervisor_module
from swf_testbed.demo.children import how_it_ended, start_child, stop_child
from swf_testbed.demo.plan import Part
from swf_testbed.demo.supervisor import PartFailedError, Supervisor

pytestmark = pytest.mark.slow

WAIT_FOREVER = "import signal; signal.pause()"
STARTS_A_CHILD = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', '{WAIT_FOREVER}']); {WAIT_FOREVER}"


def part(code: str, name: str = "part") -> Part:
    return Part(name, "a part", (sys.executable, "-c", code), environment=dict(os.environ))


class Terminal:
    """Collects what the supervisor says; `until` waits for a line."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._changed = asyncio.Event()

    def say(self, line: str) -> None:
        self.lines.append(line)
        self._changed.set()

    async def until(self, wanted: Callable[[str], bool]) -> str:
        async with asyncio.timeout(15):
            while not (found := [line for line in self.lines if wanted(line)]):
                self._changed.clear()
                await self._changed.wait()
            return found[0]


@pytest.fixture
def terminal() -> Terminal:
    return Terminal()


@pytest.fixture
async def supervisor(tmp_path: Path, terminal: Terminal) -> AsyncIterator[Supervisor]:
    made = Supervisor(tmp_path, terminal.say, lambda pids: None)
    yield made
    await made.stop()


@pytest.fixture
async def watching(supervisor: Supervisor) -> AsyncIterator[Callable[[], asyncio.Task[None]]]:
    tasks: list[asyncio.Task[None]] = []

    def watch() -> asyncio.Task[None]:
        tasks.append(asyncio.create_task(supervisor.watch()))
        return tasks[0]

    yield watch
    for task in tasks:
        task.cancel()
        with suppress(asyncio.CancelledError, ExceptionGroup):
            await task


async def test_a_killed_part_is_named_and_comes_back(
    supervisor: Supervisor,
    terminal: Terminal,
    watching: Callable[[], asyncio.Task[None]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(supervisor_module, "RESTART_SECONDS", 0.1)
    await supervisor.start(part(WAIT_FOREVER, "tunnel"))
    first = supervisor.pids["tunnel"]
    watching()
    os.kill(first, signal.SIGKILL)
    named = await terminal.until(lambda line: "killed" in line)
    assert named.startswith(f"✗ tunnel (pid {first}) killed by SIGKILL")
    await terminal.until(lambda line: line.startswith("✓ tunnel is back"))
    assert supervisor.pids["tunnel"] != first
    assert psutil.pid_exists(supervisor.pids["tunnel"])


async def test_a_part_that_ends_at_once_fails_with_the_end_of_its_log(supervisor: Supervisor, tmp_path: Path) -> None:
    broken = part("import sys; sys.exit('the disk is full')", "monitor")
    with pytest.raises(PartFailedError) as failure:
        await supervisor.start(Part(broken.name, broken.what, broken.command, "http://127.0.0.1:1/"))
    assert "monitor ended with exit code 1" in str(failure.value)
    assert "the disk is full" in str(failure.value)
    assert str(tmp_path / "monitor.log") in str(failure.value)


async def test_a_part_that_keeps_dying_ends_the_demo_with_its_name(
    supervisor: Supervisor, watching: Callable[[], asyncio.Task[None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor_module, "RESTART_SECONDS", 0.01)
    await supervisor.start(part("import sys; sys.exit(3)", "gateway"))
    with pytest.raises(ExceptionGroup) as failure:
        await asyncio.wait_for(watching(), 20)
    assert "gateway died 5 times" in str(failure.value.exceptions[0])


async def test_stopping_a_part_ends_what_it_started_too(tmp_path: Path) -> None:
    child = await start_child((sys.executable, "-c", STARTS_A_CHILD), dict(os.environ), tmp_path, tmp_path / "log")
    process = psutil.Process(child.pid)
    async with asyncio.timeout(10):
        while not process.children():
            await asyncio.sleep(0.01)
    grandchild = process.children()[0]
    await stop_child(child)
    psutil.wait_procs([grandchild], timeout=5)
    assert not grandchild.is_running()


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's parent-death signal exists on Linux only")
def test_a_killed_demo_leaves_no_child(tmp_path: Path) -> None:
    parent_code = textwrap.dedent(f"""
        import asyncio, os, sys
        from pathlib import Path
        from swf_testbed.demo.children import start_child
        async def main():
            code = {WAIT_FOREVER!r}
            child = await start_child((sys.executable, "-c", code), dict(os.environ), Path({str(tmp_path)!r}))
            print(child.pid, flush=True)
            await asyncio.sleep(60)
        asyncio.run(main())
    """)
    with subprocess.Popen([sys.executable, "-c", parent_code], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        parent.kill()
    gone, alive = psutil.wait_procs([child], timeout=5)
    assert gone
    assert not alive


async def test_a_part_does_not_read_the_dotenv_file_of_the_folder_the_demo_was_started_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployment, own = tmp_path / "deployment", tmp_path / "own"
    deployment.mkdir()
    own.mkdir()
    (deployment / ".env").write_text("SWF_REMOTE_DB_HOST=production.example\n")
    monkeypatch.chdir(deployment)
    looks = "import pathlib, sys; sys.exit(pathlib.Path('.env').exists())"
    child = await start_child((sys.executable, "-c", looks), dict(os.environ), own)
    assert await child.wait() == 0


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (0, "ended with exit code 0"),
        (3, "ended with exit code 3"),
        (-9, "killed by SIGKILL"),
        (-250, "killed by signal 250"),
    ],
)
def test_an_end_is_told_in_words(code: int, words: str) -> None:
    assert how_it_ended(code) == words
