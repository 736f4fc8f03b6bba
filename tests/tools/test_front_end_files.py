"""Third-party front-end files are the locked ones, served by us, never committed."""

import json
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = json.loads((ROOT / "package.json").read_text())
LOCK = json.loads((ROOT / "package-lock.json").read_text())["packages"]
LISTED = [(package, source) for package, sources in PACKAGE["vendor"].items() for source in sources]


def vendored(package: str, source: str) -> Path:
    owner, _, rest = source.partition("/")
    stand_in = re.fullmatch(r"cdn-(.+)-([0-9.]+)", owner)
    folder = ROOT / "src" / package / "static" / "vendor"
    return folder / f"{stand_in[1]}@{stand_in[2]}" / rest if stand_in else folder / owner / Path(rest).name


@pytest.mark.parametrize(("package", "source"), LISTED, ids=str)
def test_a_served_file_is_the_installed_one(package: str, source: str) -> None:
    assert vendored(package, source).read_bytes() == (ROOT / "node_modules" / source).read_bytes()


@pytest.mark.parametrize("name", sorted({source.split("/")[0] for _, source in LISTED}))
def test_an_installed_package_has_the_locked_version_and_a_strong_integrity(name: str) -> None:
    installed = json.loads((ROOT / "node_modules" / name / "package.json").read_text())
    locked = LOCK[f"node_modules/{name}"]
    wanted = PACKAGE["dependencies"][name].removeprefix(f"npm:{installed['name']}@")
    assert installed["version"] == locked["version"] == wanted
    assert locked["integrity"].startswith("sha512-")


@pytest.mark.parametrize("name", [name for name in PACKAGE["dependencies"] if name.startswith("cdn-")])
def test_a_stand_in_is_named_after_its_package_and_version(name: str) -> None:
    package, version = PACKAGE["dependencies"][name].removeprefix("npm:").rsplit("@", 1)
    assert name == f"cdn-{package}-{version}"


def test_no_locked_package_runs_a_script_at_installation() -> None:
    assert [name for name, entry in LOCK.items() if entry.get("hasInstallScript")] == []


def test_no_third_party_front_end_file_is_committed() -> None:
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert [line for line in tracked.splitlines() if "/vendor/" in line or "node_modules" in line] == []


def test_nothing_vendored_is_left_over_from_an_older_list() -> None:
    wanted = {vendored(package, source) for package, source in LISTED}
    present = {path for path in ROOT.glob("src/*/static/vendor/**/*") if path.is_file()}
    assert present == wanted


def test_no_template_or_script_of_ours_loads_from_another_host() -> None:
    ours = [
        path for kind in ("html", "js", "css") for path in ROOT.glob(f"src/**/*.{kind}") if "vendor" not in path.parts
    ]
    loads = ('src="http', "src='http", 'src="//', "@import url(http", 'rel="stylesheet" href="http', "importScripts(")
    assert [str(path) for path in ours if any(load in path.read_text() for load in loads)] == []
