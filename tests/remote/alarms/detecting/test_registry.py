"""Detectors are found by entry points; a broken one takes nothing with it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from swf_remote.alarms.detecting import registry
from swf_remote.alarms.detecting.contract import Detector


@pytest.fixture
def distribution(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder on the path that a test makes a distribution of."""
    monkeypatch.syspath_prepend(str(tmp_path))
    registry.forget()
    yield tmp_path
    registry.forget()
    for name in [name for name in sys.modules if name.startswith("foreign_")]:
        del sys.modules[name]


def install(folder: Path, module: str, source: str, **points: str) -> None:
    """What a package manager leaves behind: the module, and metadata with entry points."""
    (folder / f"{module}.py").write_text(source)
    metadata = folder / f"{module}-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n")
    lines = [f"{name} = {module}:{attribute}" for name, attribute in points.items()]
    (metadata / "entry_points.txt").write_text("\n".join(["[swf_remote.detectors]", *lines]))


GOOD = """
from swf_remote.alarms.detecting.contract import Detector, Finding, Parameters

class Quiet(Detector):
    name = "quiet"
    title = "Quiet"
    summary = "Never."
    Parameters = Parameters

    def queries(self, parameters):
        return ()

    def detect(self, parameters, answers, firing):
        return Finding(())

class Thief(Quiet):
    name = "link_down"

class Liar(Quiet):
    name = "something_else"

class Abstract(Detector):
    name = "abstract"

nothing = 42
"""


def test_every_module_of_detectors_is_registered() -> None:
    folder = Path(registry.__file__).parent / "detectors"
    modules = {path.stem for path in folder.glob("*.py")} - {"__init__"}
    assert registry.all_detectors().keys() >= modules
    assert registry.problems() == ()


def test_detectors_come_in_the_order_of_their_titles() -> None:
    titles = [one.title for one in registry.all_detectors().values()]
    assert titles == sorted(titles)


def test_an_unknown_detector_is_told_with_those_there_are() -> None:
    with pytest.raises(registry.UnknownDetector, match=r"no detector 'nonsense'; there are .*task_failure_ratio"):
        registry.detector("nonsense")


def test_a_detector_of_another_distribution_is_found(distribution: Path) -> None:
    install(distribution, "foreign_good", GOOD, quiet="Quiet")
    assert registry.detector("quiet").title == "Quiet"
    assert registry.problems() == ()


@pytest.mark.parametrize(
    ("source", "point", "attribute", "told"),
    [
        ("raise RuntimeError('half installed')", "broken", "Any", "RuntimeError: half installed"),
        ("import sys; sys.exit(3)", "broken", "Any", "SystemExit: 3"),
        ("this is no Python", "broken", "Any", "SyntaxError"),
        (GOOD, "missing", "Missing", "AttributeError"),
        (GOOD, "nothing", "nothing", "no subclass of Detector"),
        (GOOD, "abstract", "Abstract", "abstract"),
        (GOOD, "liar", "Liar", "calls itself 'something_else'"),
    ],
)
def test_a_broken_detector_is_told_and_left_out(
    distribution: Path, source: str, point: str, attribute: str, told: str
) -> None:
    install(distribution, "foreign_bad", source, **{point: attribute})
    assert "task_failure_ratio" in registry.all_detectors()
    assert point not in registry.all_detectors()
    (line,) = registry.problems()
    assert told in line
    assert point in line


def test_a_foreign_detector_never_takes_the_place_of_ours(distribution: Path) -> None:
    install(distribution, "foreign_thief", GOOD, link_down="Thief")
    assert type(registry.detector("link_down")).__module__.startswith("swf_remote.")
    assert "there is one of that name already" in registry.problems()[0]


def test_all_of_ours_are_what_the_contract_says() -> None:
    for name, one in registry.all_detectors().items():
        assert isinstance(one, Detector)
        assert one.name == name
        assert one.summary.endswith(".")
