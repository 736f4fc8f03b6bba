"""Which events explain others."""

from __future__ import annotations

import pytest

from swf_remote.alarms.routing.explaining import read_explanation
from swf_remote.alarms.routing.matchers import MatcherError

SITE = {"alarm": "failing_site", "site": "BNL", "severity": "critical"}


def test_an_empty_text_explains_nothing() -> None:
    assert read_explanation("  ") is None


@pytest.mark.parametrize(
    ("text", "labels", "holds"),
    [
        ("alarm=failing_site", {"task": "1"}, True),
        ("alarm=failing_site on site", {"task": "1", "site": "BNL"}, True),
        ("alarm=failing_site on site", {"task": "1", "site": "ORNL"}, False),
        ("alarm=failing_site on site", {"task": "1"}, False),
        ("alarm=failing_site on campaign, site", {"site": "BNL"}, True),
        ("alarm=failing_site, severity=warning on site", {"site": "BNL"}, False),
        ('alarm="failing_*" on site', {"site": "BNL"}, True),
    ],
)
def test_an_event_explains_another_if_it_matches_and_shares_the_labels(
    text: str, labels: dict[str, str], holds: bool
) -> None:
    found = read_explanation(text)
    assert found is not None
    assert found.explains(SITE, labels) is holds


@pytest.mark.parametrize(
    "text", ["on site", " on site", "failing_site on site", "alarm=x on Site!", "alarm=x y on site"]
)
def test_other_texts_say_what_is_wrong(text: str) -> None:
    with pytest.raises(MatcherError):
        read_explanation(text)
