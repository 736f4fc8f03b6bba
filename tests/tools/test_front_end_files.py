"""Third-party front-end files are the locked ones, served by us, never committed."""

import json
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = json.loads((ROOT / "package.json").read_text())
LOCK = json.loads((ROOT / "package-lock.json").read_text())["packages"]
LISTED = [(package, source) for package, sources in PACKAGE["vendor"].items() for source in sources]


def vendored(package: str, source: str) -> Path:
    owner, _, rest = source.partition("/")
    return ROOT / "src" / package / "static" / "vendor" / owner / Path(rest).name


@pytest.mark.parametrize(("package", "source"), LISTED, ids=str)
def test_a_served_file_is_the_installed_one(package: str, source: str) -> None:
    assert vendored(package, source).read_bytes() == (ROOT / "node_modules" / source).read_bytes()


@pytest.mark.parametrize("name", sorted({source.split("/")[0] for _, source in LISTED}))
def test_an_installed_package_has_the_locked_version_and_a_strong_integrity(name: str) -> None:
    installed = json.loads((ROOT / "node_modules" / name / "package.json").read_text())
    locked = LOCK[f"node_modules/{name}"]
    assert installed["version"] == locked["version"] == PACKAGE["dependencies"][name]
    assert locked["integrity"].startswith("sha512-")


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
