"""Fixtures of taking over today's tables."""

from __future__ import annotations

import pytest

from swf_remote.alarms.models import Alarm
from tests.remote.alarms.transfer.taking import FORMS, Written


@pytest.fixture
def no_alarms(db: None) -> None:
    """Not even the one that is there from the start."""
    Alarm.objects.all().delete()


@pytest.fixture(params=sorted(FORMS))
def written(request: pytest.FixtureRequest) -> Written:
    """Each form in which today's tables may come."""
    return FORMS[request.param]
