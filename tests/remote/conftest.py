"""Rooms whose tests are many and ask little of Python and Django: CI runs them on one of its two lines."""

from __future__ import annotations

from pathlib import Path

import pytest

_HERE = Path(__file__).parent
ONCE = tuple(
    _HERE / room
    for room in (
        "alarms/delivery",
        "alarms/detecting",
        "alarms/editing",
        "alarms/pages",
        "alarms/rest",
        "alarms/transfer",
        "contract",
    )
)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark them before pytest selects by marks."""
    for item in items:
        if any(item.path.is_relative_to(room) for room in ONCE):
            item.add_marker(pytest.mark.once)
