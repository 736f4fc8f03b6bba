"""The tick that is under way."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from swf_remote.alarms.models import Tick

from .lease import LeaseKeeper


@dataclass(frozen=True, slots=True)
class Present:
    """What all steps of one tick share."""

    tick: Tick
    now: datetime
    """When it began; every alarm of the tick is judged as of then."""
    lease: LeaseKeeper
