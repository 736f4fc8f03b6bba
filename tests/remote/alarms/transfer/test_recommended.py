"""The alarms that the documentation recommends."""

from __future__ import annotations

from pathlib import Path

import pytest

from swf_remote.alarms.transfer.plan import read_yaml

RECOMMENDED = Path(__file__).parents[4] / "docs" / "recommended-alarms.yaml"


@pytest.mark.django_db
def test_the_recommended_alarms_can_be_imported() -> None:
    plan = read_yaml(RECOMMENDED.read_text(), prune=False)
    assert {item.what for item in plan.items if item.name != "cannot_evaluate"} == {"new"}
