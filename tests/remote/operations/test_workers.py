"""Workers that hang, fail or lose their parent: nothing is left of them in the end."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.remote.operations.running_gateway import children_of, lives

pytestmark = pytest.mark.slow

PROGRAM = """
import os, signal, sys, time
from swf_remote.operations import service, workers
from swf_remote.operations.workers import Workers

service.STOP_SECONDS = service.RESTART_SECONDS = 0.1
Workers.killed_after = 0.1
workers.ORPHAN_SECONDS = 1

def hangs(sockets, ready):
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    ready()
    while True:
        time.sleep(0.1)

def fails(sockets, ready):
    sys.exit(3)

def generation():
    return Workers(hangs, [], count=2, patient=True)

def say(word):
    print(word, flush=True)
"""
FOR_GOOD = """
service.Service(generation, generation, on_ready=lambda: say("ready"), on_end=lambda: say("end")).run()
"""
FAILING = """
first = lambda: Workers(fails, [], count=2, patient=False)
assert not service.Service(first, None, on_ready=lambda: say("ready"), on_end=lambda: None).run()
say("failed")
"""


@contextmanager
def program(text: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen([sys.executable, "-c", PROGRAM + text], stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def said(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def until_gone(pids: set[int]) -> None:
    end = time.monotonic() + 30
    while any(map(lives, pids)):
        assert time.monotonic() < end, "they are still there"
        time.sleep(0.02)


def test_workers_that_hang_are_killed_in_the_end() -> None:
    with program(FOR_GOOD) as process:
        assert said(process) == "ready"
        family = children_of(process.pid)
        process.terminate()
        assert said(process) == "end"
        assert process.wait(30) == 0
        assert len(family) == 2
        until_gone(family)


def test_workers_that_hang_do_not_outlive_a_parent_that_is_killed() -> None:
    with program(FOR_GOOD) as process:
        assert said(process) == "ready"
        family = children_of(process.pid)
        process.kill()
        until_gone(family)


def test_old_generations_that_do_not_end_are_bounded_in_number() -> None:
    with program(FOR_GOOD) as process:
        assert said(process) == "ready"
        first = children_of(process.pid)
        before = first
        for _ in range(3):
            process.send_signal(signal.SIGHUP)
            before = until_more(process, before)
        until_gone(first)
        assert len([pid for pid in children_of(process.pid) if lives(pid)]) == 6


def until_more(process: subprocess.Popen[str], before: set[int]) -> set[int]:
    """Wait until two more processes are there than there were."""
    end = time.monotonic() + 30
    while len(now := children_of(process.pid) - before) < 2:
        assert time.monotonic() < end, "there are no more"
        time.sleep(0.02)
    return before | now


def test_a_generation_that_cannot_begin_to_serve_ends_and_says_so() -> None:
    with program(FAILING) as process:
        assert said(process) == "failed"
        assert process.wait(30) == 0
