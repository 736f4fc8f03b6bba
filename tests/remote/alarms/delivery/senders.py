"""Outboxes for tests: ways that do what they are told, and a hold that can be lost."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from swf_remote.alarms.delivery.transports import Parcel, Result


class LostError(Exception):
    """The hold was lost."""


@dataclass
class Hold:
    """May be lost."""

    is_lost: bool = False
    checks: int = 0

    def check(self) -> None:
        self.checks += 1
        if self.is_lost:
            raise LostError


@dataclass
class Way:
    """A way that takes everything, or does what it is told."""

    act: Callable[[Parcel], Result] = field(default=lambda parcel: Result(reached=parcel.destinations, detail="taken"))
    parcels: list[Parcel] = field(default_factory=list)

    def deliver(self, parcel: Parcel) -> Result:
        self.parcels.append(parcel)
        return self.act(parcel)


@dataclass
class Gate:
    """A way whose attempts wait until they are let go."""

    entered: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    opened: threading.Event = field(default_factory=threading.Event)
    parcels: list[Parcel] = field(default_factory=list)

    def deliver(self, parcel: Parcel) -> Result:
        self.parcels.append(parcel)
        self.entered.release()
        assert self.opened.wait(30)
        return Result(reached=parcel.destinations)
