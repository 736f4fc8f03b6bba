"""Starting, breaking and stopping the whole chain, as a person at a terminal would."""

from __future__ import annotations

import os
import signal
import sqlite3
from pathlib import Path

import psutil
import pytest

from tests.system.http_client import ask
from tests.system.running_demo import Demo, copy_of, start_demo, wait_ready

HTML = {"Accept": "text/html"}
JSON = {"Accept": "application/json"}


def family(pid: int) -> list[psutil.Process]:
    """A process and all that descend from it."""
    parent = psutil.Process(pid)
    return [parent, *parent.children(recursive=True)]


def test_the_terminal_shows_the_address_the_login_and_one_line_per_process(demo: Demo) -> None:
    text = demo.terminal()
    assert demo.gateway in text
    assert f"{demo.state['login']} / {demo.state['password']}" in text
    for name, pid in demo.pids.items():
        assert [line for line in text.splitlines() if line.strip().startswith(name) and str(pid) in line]


def test_ctrl_c_stops_everything_within_five_seconds_and_leaves_no_process(live_demo: Demo) -> None:
    processes = family(live_demo.process.pid)
    seconds = live_demo.stop(signal.SIGINT)
    assert seconds < 5
    assert not psutil.wait_procs(processes, timeout=0.5)[1]
    assert live_demo.process.returncode == 0
    assert not (live_demo.var / "demo.json").exists()


def test_a_second_start_keeps_the_data(seeded_var: Path, tmp_path: Path) -> None:
    var = copy_of(seeded_var, tmp_path / "var")
    with sqlite3.connect(var / "panda.sqlite3") as database:
        before = database.execute("SELECT count(*), max(pandaid) FROM jobsarchived4").fetchone()
    again = wait_ready(start_demo(var, "--speed", "0"))
    try:
        with sqlite3.connect(again.database) as database:
            assert database.execute("SELECT count(*), max(pandaid) FROM jobsarchived4").fetchone() == before
    finally:
        again.stop()


def test_a_killed_demo_leaves_no_child_and_starts_again_on_the_same_data(live_demo: Demo) -> None:
    processes = family(live_demo.process.pid)
    os.kill(live_demo.process.pid, signal.SIGKILL)
    live_demo.process.wait()
    assert not psutil.wait_procs(processes, timeout=5)[1]
    again = wait_ready(start_demo(live_demo.var, "--speed", "0"))
    try:
        assert ask(again.gateway + "panda/jobs/", headers=HTML).status == 200
    finally:
        again.stop()


NAMED_ON_STATUS_PAGE = {"testbed": "feed", "monitor": "monitor", "tunnel": "tunnel"}


@pytest.mark.parametrize("name", ["testbed", "monitor", "tunnel", "gateway", "alarms"])
def test_a_killed_part_is_named_restarted_and_the_pages_are_right_again(live_demo: Demo, name: str) -> None:
    killed = live_demo.pids[name]
    os.kill(killed, signal.SIGKILL)
    live_demo.until(lambda: f"✗ {name} (pid {killed})" in live_demo.terminal(), 5, f"the terminal names {name}")
    if name in NAMED_ON_STATUS_PAGE:
        word = NAMED_ON_STATUS_PAGE[name]
        live_demo.until(lambda: word in status_incidents(live_demo), 5, f"the status page names {word}")
    live_demo.until(
        lambda: live_demo.pids[name] != killed and all_pages_answer(live_demo), 10, f"all is right after {name} died"
    )


def status_incidents(demo: Demo) -> str:
    """What the status page's JSON says of causes, in lower case."""
    return ask(demo.gateway + "status/", headers=JSON).text.lower()


def all_pages_answer(demo: Demo) -> bool:
    """The hub and the job list answer, and the link is said to be up."""
    try:
        replies = [ask(demo.gateway + path, headers=HTML) for path in ("", "panda/jobs/", "panda/activity/")]
    except OSError:
        return False
    ready = ask(demo.gateway + "readyz", headers=JSON)
    return all(reply.status == 200 for reply in [*replies, ready])


def test_while_the_tunnel_is_away_pages_say_so_in_the_format_asked_for(live_demo: Demo) -> None:
    os.kill(live_demo.pids["tunnel"], signal.SIGSTOP)
    os.kill(live_demo.pids["tunnel"], signal.SIGKILL)
    page = ask(live_demo.gateway + "panda/jobs/", headers=HTML)
    problem = ask(live_demo.gateway + "api/panda/jobs/", headers=JSON)
    assert page.status in (502, 503)
    assert "text/html" in page.headers["content-type"]
    assert "tunnel" in page.text.lower() or "laboratory" in page.text.lower()
    assert problem.headers["content-type"].startswith("application/problem+json")
    assert problem.json()["status"] == problem.status
    for reply in (page, problem):
        assert "127.0.0.1" not in reply.text.replace(live_demo.gateway, "")
        assert "Traceback" not in reply.text
