"""``SWF_REMOTE_ROUTES`` puts another table in force, or ends the program with what is wrong in it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
GOOD = """routes = [
  { path = "about/" },
  { path = "panda/**", who = "login" },
]
inside = [{ path = "pcs/**", what = "PCS" }]
"""


def swf_remote(
    folder: Path, *arguments: str, table: str = "", file: Path | None = None
) -> subprocess.CompletedProcess[str]:
    if file is None:
        file = folder / "table.toml"
        file.write_text(table)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SWF_REMOTE_")}
    environment["SWF_REMOTE_SECRET_KEY"] = "x8Jq2m-Zr7tWc41LpB0vNfYsKdHuGa93EiTo"
    environment["SWF_REMOTE_MONITOR_URL"] = "http://127.0.0.1:9/swf-monitor"
    environment["SWF_REMOTE_ROUTES"] = str(file)
    command = [sys.executable, "-c", "from swf_remote.cli import main; main()", *arguments]
    return subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, check=False, timeout=60)


def test_another_file_replaces_the_whole_table(tmp_path: Path) -> None:
    done = swf_remote(tmp_path, "routes", "--json", table=GOOD)
    document = json.loads(done.stdout)
    assert [(one["path"], one["who"]) for one in document["routes"]] == [("about/", "public"), ("panda/**", "login")]
    assert document["inside"] == [{"path": "pcs/**", "what": "PCS"}]
    assert "refused (404)" in swf_remote(tmp_path, "routes", "prod/", table=GOOD).stdout


def test_another_file_cannot_open_the_floor(tmp_path: Path) -> None:
    table = GOOD.replace("about/", "**")
    assert "refused (403)" in swf_remote(tmp_path, "routes", "admin/", table=table).stdout
    assert "row 1: public" in swf_remote(tmp_path, "routes", "anything/", table=table).stdout


@pytest.mark.parametrize("command", ["routes", "serve", "check"])
def test_a_wrong_file_ends_every_command_with_a_line_for_each_fault(tmp_path: Path, command: str) -> None:
    wrong = GOOD.replace('who = "login"', 'who = "log-in"').replace("about/", "api/users/")
    done = swf_remote(tmp_path, command, table=wrong)
    lines = done.stderr.splitlines()
    assert done.returncode == 2
    assert [line.split(": ")[1:3] for line in lines] == [
        [str(tmp_path / "table.toml"), "row 1 (api/users/)"],
        [str(tmp_path / "table.toml"), "row 2 (panda/**)"],
    ]
    assert all(line.startswith("SWF_REMOTE_ROUTES cannot be used") for line in lines)
    assert "public, login, staff or closed" in lines[1]


def test_a_file_that_is_not_there_ends_with_a_line(tmp_path: Path) -> None:
    done = swf_remote(tmp_path, "routes", file=tmp_path / "none.toml")
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert "No such file" in done.stderr
