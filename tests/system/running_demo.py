"""Start, watch and stop a demo from a test: what ``make run`` starts, on free ports and data of its own."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
READY_SECONDS = 120
READY = "Ready after"
POLL_SECONDS = 0.05


def free_port() -> int:
    """A port of the loopback interface that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def missing(what: str) -> None:
    """A server that this machine lacks: a failure in CI, a visible skip with the remedy elsewhere."""
    message = f"{what} is missing; install it with: sudo make system-deps"
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)


@dataclass(slots=True)
class Demo:
    """A started demo: its process, its folder and the ports it was told to use."""

    process: subprocess.Popen[str]
    var: Path
    output: Path
    earlier_starts: int

    @property
    def state(self) -> dict[str, object]:
        """``demo.json`` as it is now."""
        return dict(json.loads((self.var / "demo.json").read_text()))

    @property
    def gateway(self) -> str:
        """URL of the gateway, ending with ``/prod/``."""
        return str(self.state["gateway"])

    @property
    def database(self) -> Path:
        """The PanDA database file."""
        return Path(str(self.state["database"]).removeprefix("sqlite:///"))

    @property
    def pids(self) -> dict[str, int]:
        """Process id of each part."""
        return dict(self.state["pids"])  # type: ignore[call-overload]

    def terminal(self) -> str:
        """What the demo has printed so far."""
        return self.output.read_text()

    def until(self, condition: Callable[[], bool], seconds: float, what: str) -> None:
        """Wait until ``condition()`` is true, or fail with ``what`` and the terminal's text."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if condition():
                return
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(POLL_SECONDS)
                break
        pytest.fail(f"{what}, not within {seconds:g} s; the terminal says:\n{self.terminal()}")

    def stop(self, number: int = signal.SIGINT) -> float:
        """Stop it as Ctrl-C does; returns the seconds it took."""
        begin = time.monotonic()
        if self.process.poll() is None:
            self.process.send_signal(number)
            self.process.wait(timeout=20)
        return time.monotonic() - begin


def start_demo(var: Path, *arguments: str) -> Demo:
    """Start a demo on free ports and return at once."""
    output = var.parent / f"{var.name}.out"
    earlier_starts = output.read_text().count(READY) if output.exists() else 0
    ports = {name: str(free_port()) for name in ("--port", "--monitor-port", "--tunnel-port")}
    command = [str(Path(sys.executable).with_name("swf-testbed")), "demo", "--var", str(var)]
    for pair in ports.items():
        command += pair
    with output.open("a") as stream:
        process = subprocess.Popen(
            [*command, *arguments], cwd=ROOT, stdout=stream, stderr=subprocess.STDOUT, text=True, start_new_session=True
        )
    return Demo(process, var, output, earlier_starts)


def wait_ready(demo: Demo) -> Demo:
    """Wait until this start says that it is ready; ``demo.json`` alone may be left over from a killed one."""
    demo.until(lambda: demo.terminal().count(READY) > demo.earlier_starts, READY_SECONDS, "the demo is ready")
    return demo


def copy_of(seeded: Path, target: Path) -> Path:
    """A data folder of its own with the seeded data."""
    shutil.copytree(seeded, target, ignore=shutil.ignore_patterns("logs", "demo.lock", "demo.json"))
    return target
