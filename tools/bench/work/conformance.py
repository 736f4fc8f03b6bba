"""The public HTTP cache test suite through the gateway, with a table that shares everything."""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path
from typing import Any

from ..contestants import Bench
from ..processes import ROOT, BenchError
from ..rows import Row, at_least, told

WANTED = 132
OPEN = """routes = [
  { path = "**", headers = "*" },
  { path = "**", methods = "write", anonymous_writes = true },
]
"""
SUITE = ROOT / "tests" / "remote" / "contract" / "cache_suite.mjs"
FOLDER = "panda"
# The monitor's own, so that no address has to change: the suite compares them.
MOUNT = "/swf-monitor"


async def measure(bench: Bench) -> list[Row]:
    """How many of its required tests pass, and of the others."""
    found = await _results(bench)
    required = [one["passed"] for one in found.values() if one["kind"] == "required"]
    optional = [one["passed"] for one in found.values() if one["kind"] == "optimal"]
    return [
        at_least(
            "conformance.required",
            f"of the suite's {len(required)} required tests pass",
            sum(required),
            "tests",
            limit=WANTED,
            against="published: Traffic Server 132, Apache 131, Varnish 119, nginx 99",
        ),
        told("conformance.optimal", f"of its {len(optional)} tests of what is best", sum(optional), "tests"),
    ]


async def _results(bench: Bench) -> dict[str, dict[str, Any]]:
    node, modules = shutil.which("node"), ROOT / "node_modules"
    if node is None or not (modules / "http-cache-tests").is_dir():
        raise BenchError("bench: Node.js or its packages are missing; run: sudo make system-deps, then make setup-dev")
    pipe = asyncio.subprocess.PIPE
    suite = await asyncio.create_subprocess_exec(node, str(SUITE), str(modules), stdin=pipe, stdout=pipe, limit=1 << 24)
    assert suite.stdin and suite.stdout
    try:
        port = int(await suite.stdout.readline())
        settings = {
            "routes": _table(bench.folder),
            "monitor_url": f"http://127.0.0.1:{port}{MOUNT}",
            "monitor_host": "",
            "force_script_name": MOUNT,
            "public_url": f"http://127.0.0.1:8000{MOUNT}",
        }
        async with bench.gateway(**settings) as contestant:
            asked = {"gateway": contestant.url, "mount": MOUNT, "folder": FOLDER, "headers": {}, "open": True}
            suite.stdin.write(json.dumps(asked).encode() + b"\n")
            return dict(json.loads(await suite.stdout.readline()))
    finally:
        if suite.returncode is None:
            suite.kill()
        await suite.wait()


def _table(folder: Path) -> Path:
    path = folder / "open.toml"
    path.write_text(OPEN)
    return path
