"""Change the proxy in small ways and see whether the tests notice; each change that they miss is named.

``make mutate`` takes everything and hours, ``make mutate ARGS="policy/paths validators"`` these modules. mutmut works
in a copy below ``var/mutate``, on the committed files; there ``mutmut show <name>`` shows a change.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tools.fuzz.result import header

ROOT = Path(__file__).resolve().parent.parent.parent
COPY = ROOT / "var" / "mutate"
PROXY = "src/swf_remote/proxy"
RESULT = ROOT / "bench" / "results" / "mutate.json"
# Names by mutmut: what the tests noticed, and what they did not.
NOTICED = frozenset({"killed", "timeout", "suspicious", "caught by type check", "segfault"})
MISSED = frozenset({"survived", "no tests"})
TABLE = """
[tool.mutmut]
source_paths = ["src"]
only_mutate = {only}
also_copy = ["tools", "src/swf_remote", "package.json", "package-lock.json"]
pytest_add_cli_args = ["-c", "tests/remote/pytest.ini", "--rootdir", ".", "-m", "not slow", "-p", "no:cacheprovider"]
pytest_add_cli_args_test_selection = {tests}
use_git_change_detection = false
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Mutate, print the score by module and the changes that nobody noticed, write the result."""
    parser = argparse.ArgumentParser(prog="python -m tools.mutate", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("modules", nargs="*", help="such as policy/paths, rewriting/urls (default: all of the proxy)")
    parser.add_argument("--tests", nargs="+", default=["tests/remote"], help="where to look for tests")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    given = parser.parse_args(arguments)
    only = [f"{PROXY}/{name}.py" for name in given.modules] or [f"{PROXY}/*"]
    if missing := [path for path in only if "*" not in path and not (ROOT / path).is_file()]:
        parser.error(f"no such module: {', '.join(missing)}")
    _copy(only, given.tests)
    mutmut = str(Path(sys.executable).with_name("mutmut"))
    code = subprocess.run([mutmut, "run", "--max-children", str(given.processes)], cwd=COPY, check=False).returncode
    listed = subprocess.run([mutmut, "results", "--all", "true"], cwd=COPY, capture_output=True, text=True, check=True)
    fates = fates_of(listed.stdout)
    if code or not fates:
        print("mutmut did not get through; see above", file=sys.stderr)
        return 1
    _tell(fates)
    return 0


def fates_of(listing: str) -> dict[str, str]:
    """Name and fate of every change, from mutmut's own list."""
    return dict(re.findall(r"^\s*(\S+__mutmut_\d+): (.+?)\s*$", listing, re.MULTILINE))


def module_of(name: str) -> str:
    """The module in which a change of this name was made: ``rewriting.urls``."""
    return re.split(r"\.x(?:ǁ|_)", name.removeprefix("swf_remote.proxy."))[0]


def scores(fates: dict[str, str]) -> dict[str, tuple[int, int]]:
    """By module: changes that the tests noticed, and all that count."""
    noticed, counted = Counter[str](), Counter[str]()
    for name, fate in fates.items():
        noticed[module_of(name)] += fate in NOTICED
        counted[module_of(name)] += fate in NOTICED | MISSED
    return {module: (noticed[module], counted[module]) for module in sorted(counted) if counted[module]}


def _copy(only: list[str], tests: list[str]) -> None:
    shutil.rmtree(COPY, ignore_errors=True)
    COPY.mkdir(parents=True)
    files = subprocess.run(["git", "archive", "HEAD"], cwd=ROOT, capture_output=True, check=True).stdout
    subprocess.run(["tar", "-x", "-C", str(COPY)], input=files, check=True)
    for built in (ROOT / "src").glob("*/static/vendor"):  # made from locked packages, not committed
        shutil.copytree(built, COPY / built.relative_to(ROOT), dirs_exist_ok=True)
    with (COPY / "pyproject.toml").open("a") as project:
        project.write(TABLE.format(only=json.dumps(only), tests=json.dumps(tests)))


def _tell(fates: dict[str, str]) -> None:
    found = scores(fates)
    for name, fate in sorted(fates.items()):
        if fate in MISSED:
            print(f"  {fate}: {name}")
    for module, (noticed, counted) in found.items():
        print(f"{module}: {noticed} of {counted} noticed ({noticed / counted:.0%})")
    noticed, counted = (sum(pair[n] for pair in found.values()) for n in (0, 1))
    print(f"all: {noticed} of {counted} noticed ({noticed / max(counted, 1):.0%})")
    rows = [_row(module, *pair) for module, pair in (found | {"all": (noticed, counted)}).items()]
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    RESULT.write_text(json.dumps(header("mutate") | {"rows": rows}, indent=1) + "\n")


def _row(module: str, noticed: int, counted: int) -> dict[str, object]:
    what = f"of {counted} changes in {module}, those that a test noticed"
    value = round(100 * noticed / max(counted, 1), 1)
    return {
        "id": f"mutate.{module}",
        "what": what,
        "value": value,
        "unit": "%",
        "baseline": None,
        "target": None,
        "holds": None,
    }


if __name__ == "__main__":
    sys.exit(main())
