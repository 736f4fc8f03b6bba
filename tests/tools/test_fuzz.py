"""``make fuzz`` itself: it finds what is broken, makes it small, keeps it, and does the same again from its seed."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from tools.fuzz import __main__ as fuzz
from tools.fuzz import result
from tools.fuzz.case import Case, failure_of, load, save, smallest


class NoSevens:
    """A promise that every case with a 7 in it breaks."""

    name = "no-sevens"

    def generate(self, rng: random.Random) -> Case:
        return Case(self.name, tuple(str(rng.randrange(10_000)) for _ in range(10)), rng.randrange(9))

    def check(self, case: Case) -> None:
        assert b"7" not in case.raw, "a seven"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for module in (fuzz, result):
        monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(fuzz, "FAILURES", tmp_path / "failures")
    return tmp_path


def test_a_broken_promise_is_made_small_and_kept(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert fuzz._run([NoSevens()], seed=1, limit=1000, seconds=60) == 1
    kept = [load(path) for path in (folder / "failures").iterdir()]
    assert {case.parts for case in kept} == {("7",)}
    assert "--replay failures/no-sevens-" in capsys.readouterr().out


def test_a_kept_case_comes_back_as_it_was(tmp_path: Path) -> None:
    case = Case("x", ("\x00", "é\xff", '"'), 5)
    assert load(save(case, "why", tmp_path)) == case


def test_the_same_seed_makes_the_same_cases(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = []
    for _ in range(2):
        fuzz._run([NoSevens()], seed=3, limit=50, seconds=60)
        said.append([line for line in capsys.readouterr().out.splitlines() if "smallest" in line])
    assert said[0] == said[1] != []


def test_the_result_says_how_many_and_from_which_seed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    class Nothing(NoSevens):
        def check(self, case: Case) -> None:
            """Every case is well."""

    assert fuzz._run([Nothing()], seed=42, limit=30, seconds=60) == 0
    assert capsys.readouterr().out.startswith("30 cases, seed 42, ")
    found = json.loads((folder / "bench" / "results" / "fuzz.json").read_text())
    rows = {row["id"]: row for row in found["rows"]}
    assert (rows["fuzz.cases"]["value"], rows["fuzz.failures"]["value"]) == (30, 0)
    assert set(found) == {"name", "machine", "commit", "date", "rows"}


def test_a_crash_is_a_finding_like_a_broken_promise() -> None:
    class Crashing(NoSevens):
        def check(self, case: Case) -> None:
            raise KeyError(case.parts[0])

    case = Case("x", ("abc", "d"), 0)
    assert failure_of(Crashing(), case) == "KeyError: 'abc'"


def test_making_small_ends_even_where_everything_fails() -> None:
    class Failing(NoSevens):
        def check(self, case: Case) -> None:
            raise AssertionError("always")

    assert smallest(Failing(), Case("x", ("abc", "def"), 0)).parts == ()
