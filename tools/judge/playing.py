"""Plays a night before the engine: the tables move on, the monitor is asked, the alarms fire, the truth judges."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from swf_testbed.simulation.scenarios.playing import STEP, Step, play
from swf_testbed.simulation.scenarios.story import HISTORY, PLAYED
from tools.judge.verdicts import Fired, Night, verdict_of

ROOT = Path(__file__).resolve().parents[2]
RECOMMENDED = ROOT / "docs" / "recommended-alarms.yaml"
END = datetime.fromisoformat("2026-11-26 06:00")
"""All nights end here, so that the same seed is the same night."""
START_SECONDS = 60.0
KEY = "for-judging-only-" + "k7Jx2Qm9vT4bN8zR1wL5pY3cF6hD0sGaE7uV"
PEOPLE = "format: 1\nteams: {'@operators': {title: Operators, members: operators@lab.example}}\n"
MONITOR_NAME = "monitor.lab.example"


class JudgeError(Exception):
    """A part did not start or did not answer; says which and what it said."""


@dataclass(frozen=True, slots=True)
class World:
    """How much surrounds the story, and how closely it is watched."""

    history: timedelta = HISTORY
    first_tasks: int = 12
    tick: timedelta = STEP
    length: timedelta = PLAYED
    """The rest of the night is left out."""


WHOLE = World()


def judged_night(name: str, seed: int, folder: Path, world: World = WHOLE, alarms: Path = RECOMMENDED) -> Night:
    """Play a night with these alarms.

    Args:
        name: of the scenario.
        seed: of the scenario.
        folder: an empty one, for the databases.
        world: what surrounds the story; less of it is quicker.
        alarms: the file that is imported.

    Raises:
        JudgeError: monitor or gateway did not work.
        KeyError: there is no such scenario.
    """
    panda, clock = folder / "panda.sqlite3", folder / "now"
    steps = play(
        name, f"sqlite:///{panda}", seed=seed, end=END,
        step=world.tick, history=world.history, first_tasks=world.first_tasks,
    )  # fmt: skip
    _set(clock, END)
    with closing(steps), _monitor(folder, panda, clock) as port, _gateway(folder, port, alarms) as engine:
        return _judged(steps, world, clock, engine)


def _judged(steps: Iterator[Step], world: World, clock: Path, engine: _Engine) -> Night:
    last = END - PLAYED + world.length
    fired: list[Fired] = []
    messages = 0
    failed: dict[str, str] = {}
    for number, step in enumerate(steps):
        _set(clock, step.now)
        seen = engine.tick(step.now)
        messages += seen["messages"]
        if number:  # the first tick has nothing to look back on
            failed = {**seen["failing"], **failed}
        for event in seen["fired"]:
            verdict = verdict_of(step.truth, event["alarm"], event["fingerprint"])
            fired.append(Fired(step.now, event["alarm"], event["fingerprint"], event["subject"], verdict))
        if step.now >= last:
            break
    return Night(step.truth, tuple(fired), failed, world.tick, messages)


def _set(clock: Path, now: datetime) -> None:
    """Whoever reads meanwhile sees the old or the new time."""
    new = clock.with_suffix(".new")
    new.write_text(now.isoformat())
    new.replace(clock)


@dataclass(frozen=True, slots=True)
class _Engine:
    """The gateway's side, in a process of its own."""

    process: subprocess.Popen[str]
    log: Path

    def tick(self, now: datetime) -> dict[str, Any]:
        """One tick, and what came of it."""
        assert self.process.stdin and self.process.stdout
        with suppress(BrokenPipeError):
            self.process.stdin.write(f"{now.isoformat()}\n")
            self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise JudgeError(f"the gateway ended at {now}: {self.log.read_text()}")
        return dict(json.loads(line))


@contextmanager
def _monitor(folder: Path, panda: Path, clock: Path) -> Iterator[int]:
    environment = _environment(
        SWF_MONITOR_SECRET_KEY=KEY,
        SWF_MONITOR_DB_NAME=str(folder / "monitor.sqlite3"),
        SWF_MONITOR_ALLOWED_HOSTS=f"127.0.0.1,localhost,{MONITOR_NAME}",
        PANDA_DB_NAME=str(panda),
    )
    _run("swf-monitor", ("migrate", "--verbosity", "0"), folder, environment)
    port, log = _free_port(), folder / "monitor.log"
    command = [sys.executable, "-m", "tools.judge.clocked_monitor", str(port), str(clock)]
    with log.open("w") as stream:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=stream, stderr=stream)
    try:
        _wait_for(port, process, log)
        yield port
    finally:
        process.terminate()
        process.wait()


@contextmanager
def _gateway(folder: Path, monitor_port: int, alarms: Path) -> Iterator[_Engine]:
    mail = folder / "mail"
    mail.mkdir()
    environment = _environment(
        SWF_REMOTE_SECRET_KEY=KEY,
        SWF_REMOTE_PUBLIC_URL="http://127.0.0.1/prod/",
        SWF_REMOTE_MONITOR_URL=f"http://127.0.0.1:{monitor_port}/swf-monitor",
        SWF_REMOTE_MONITOR_HOST=MONITOR_NAME,
        SWF_REMOTE_DB_NAME=str(folder / "gateway.sqlite3"),
        SWF_REMOTE_EMAIL_FOLDER=str(mail),
    )
    people = folder / "people.yaml"
    people.write_text(PEOPLE)
    for words in (("migrate", "--verbosity", "0"), *(("alarms", "import", str(file)) for file in (alarms, people))):
        _run("swf-remote", words, folder, environment)
    log = folder / "gateway.log"
    with log.open("w") as stream:
        process = subprocess.Popen(
            [sys.executable, "-m", "tools.judge.gateway"],
            cwd=folder, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stream, text=True,
        )  # fmt: skip
    try:
        yield _Engine(process, log)
    finally:
        process.kill()
        process.wait()


def _environment(**settings: str) -> dict[str, str]:
    """Nothing of this machine's own settings."""
    return {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **settings}


def _run(program: str, words: tuple[str, ...], folder: Path, environment: Mapping[str, str]) -> None:
    command = [str(Path(sys.executable).with_name(program)), *words]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise JudgeError(f"{' '.join(words)}: {done.stdout}{done.stderr}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < end:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)  # another process starts
    raise JudgeError(f"the monitor did not start: {log.read_text()}")
