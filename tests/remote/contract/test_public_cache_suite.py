"""The public suite http-cache-tests, whose origin stands in the monitor's place, through a real gateway.

A gateway that keeps nothing passes every rule about what must not be kept, confused or lost. What it does not pass must
have one of the reasons below; what it passed once (``cache_suite_passes.txt``) it must pass again.
"""

from __future__ import annotations

import asyncio
import json
import re
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.remote.gateways import gateway
from tests.system.running_demo import ROOT, missing

pytestmark = [pytest.mark.once, pytest.mark.slow, pytest.mark.timeout(300), pytest.mark.django_db(transaction=True)]

HERE = Path(__file__).parent
PASSED_ONCE = frozenset((HERE / "cache_suite_passes.txt").read_text().split())
REASONS = {
    "nothing is kept, so nothing comes from a cache": r"does not come from cache",
    "what was not kept is not asked for by condition, and the origin's 999 is no status": r"Response \d status is 502",
    "what the origin broke off is told in words of our own": r"stale-close.*comes from cache",
    "these rows of the table take no writes": r"status is (401|403|405|501|400), not 200",
    "what a reader says of himself stays here": r"header Authorization is",
}


async def results(folder: str) -> dict[str, dict[str, Any]]:
    """Each test of the suite: its kind, whether it passed, what it said."""
    node = shutil.which("node")
    if node is None or not (ROOT / "node_modules" / "http-cache-tests").is_dir():
        missing("Node.js with the locked npm packages")
    command = [str(node), str(HERE / "cache_suite.mjs"), str(ROOT / "node_modules")]
    pipe = asyncio.subprocess.PIPE
    suite = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, limit=1 << 24)
    assert suite.stdin and suite.stdout
    try:
        port = int(await suite.stdout.readline())
        async with gateway(f"http://127.0.0.1:{port}/swf-monitor", budgets="off") as running:
            told = {"gateway": running.url, "mount": "/prod", "folder": folder, "headers": {}}
            suite.stdin.write(json.dumps(told).encode() + b"\n")
            await suite.stdin.drain()
            return dict(json.loads(await suite.stdout.readline()))
    finally:
        if suite.returncode is None:
            suite.kill()
        await suite.wait()


@pytest.mark.parametrize("folder", ["panda", "static"])
async def test_the_public_suite_passes_but_for_what_has_a_reason(folder: str) -> None:
    found = await results(folder)
    assert len(found) > 300
    failed = {name: said["said"] for name, said in found.items() if said["kind"] == "required" and not said["passed"]}
    unexplained = {name: said for name, said in failed.items() if _reason(name, said) is None}
    assert unexplained == {}
    assert sorted(PASSED_ONCE & failed.keys()) == []
    assert Counter(said["passed"] for said in found.values())[True] >= len(PASSED_ONCE)


def _reason(name: str, said: str) -> str | None:
    return next((reason for reason, words in REASONS.items() if re.search(words, f"{name} {said}")), None)
