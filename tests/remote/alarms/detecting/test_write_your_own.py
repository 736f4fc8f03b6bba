"""The example of docs/alarms.md, taken from the page and run as another distribution."""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from swf_remote.alarms.detecting import registry
from swf_remote.alarms.detecting.form import form_fields
from tests.remote.alarms.detecting.worlds import FAILED, covers, detected, hours_ago, named, task

PAGE = Path(__file__).resolve().parents[4] / "docs" / "alarms.md"


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The page's module and its entry point, as a package manager leaves them."""
    chapter = PAGE.read_text().split("### Write your own")[1]
    module, project = (re.findall(rf"```{kind}\n(.*?)```", chapter, re.DOTALL)[0] for kind in ("python", "toml"))
    points = tomllib.loads(project)["project"]["entry-points"]["swf_remote.detectors"]
    (tmp_path / "epic_detectors.py").write_text(module)
    metadata = tmp_path / "epic_detectors-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: epic-detectors\nVersion: 1.0\n")
    lines = [f"{name} = {value}" for name, value in points.items()]
    (metadata / "entry_points.txt").write_text("\n".join(["[swf_remote.detectors]", *lines]))
    monkeypatch.syspath_prepend(str(tmp_path))
    registry.forget()
    yield
    registry.forget()
    sys.modules.pop("epic_detectors", None)


@pytest.mark.usefixtures("installed")
def test_the_example_is_found_and_has_a_form() -> None:
    (field,) = form_fields(registry.detector("task_exhausted"))
    assert (field.name, field.title, field.unit, field.default, field.least) == ("hours", "For", "hours", 12, 0)
    assert registry.problems() == ()


@pytest.mark.usefixtures("installed")
def test_the_example_finds_what_it_says() -> None:
    tasks = (
        task(1, status="exhausted", modified=hours_ago(13)), task(2, status="exhausted", modified=hours_ago(2)),
        task(3, modified=hours_ago(50)),
    )  # fmt: skip
    finding = detected("task_exhausted", {}, tasks)
    assert named(finding) == ["task:1"]
    assert finding.matches[0].labels["campaign"] == "26.11.0"
    assert covers(finding, "task:2")


@pytest.mark.usefixtures("installed")
def test_the_example_passes_on_that_there_is_no_answer() -> None:
    with pytest.raises(type(FAILED)):
        detected("task_exhausted", {}, FAILED)


def test_without_the_distribution_it_is_unknown() -> None:
    with pytest.raises(registry.UnknownDetector):
        registry.detector("task_exhausted")
