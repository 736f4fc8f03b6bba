"""The window of a list: days back from now, or an exact pair of end times in UTC (contract 2.2, section 4)."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swf_monitor.panda import windows
from swf_monitor.panda.windows import requested_window


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch, now: datetime) -> None:
    monkeypatch.setattr(windows, "utc_now", lambda: now)


@pytest.fixture
def now() -> datetime:
    return datetime(2026, 11, 20, 12, 0, 0)  # noqa: DTZ001 - PanDA's times have no zone


def test_a_week_is_the_default(now: datetime) -> None:
    assert requested_window({}).since == now - timedelta(days=7)


def test_both_ends_of_the_pair_are_read_in_their_zone() -> None:
    window = requested_window({"ended_after": "2026-11-20T00:00:00-05:00", "ended_before": "2026-11-20T12:00:00+00:00"})
    assert window.ended == (datetime(2026, 11, 20, 5), datetime(2026, 11, 20, 12))  # noqa: DTZ001


def test_a_plus_sign_that_arrived_as_a_space_is_understood() -> None:
    window = requested_window({"ended_after": "2026-11-20T00:00:00 02:00", "ended_before": "2026-11-20 12:00:00"})
    assert window.ended == (datetime(2026, 11, 19, 22), datetime(2026, 11, 20, 12))  # noqa: DTZ001


@pytest.mark.parametrize(
    "pair", [{"ended_after": "2026-11-20"}, {"ended_after": "soon", "ended_before": "2026-11-20"}, {"ended_before": ""}]
)
def test_an_incomplete_pair_is_ignored(pair: dict[str, str]) -> None:
    assert requested_window(pair).ended is None


def test_links_give_the_same_window_again() -> None:
    asked = {"ended_after": "2026-11-20T00:00:00+00:00", "ended_before": "2026-11-20T12:00:00+00:00"}
    assert requested_window({k: str(v) for k, v in requested_window(asked).parameters().items()}) == requested_window(
        asked
    )
    assert requested_window({"days": "3"}).parameters() == {"days": 3}


@given(st.text())
def test_no_text_breaks_it(text: str) -> None:
    requested_window({"days": text, "ended_after": text, "ended_before": text})


@given(st.integers())
def test_no_number_of_days_breaks_it(days: int) -> None:
    requested_window({"days": str(days)})
