"""Interleavings: chosen by chance, each of a few kinds of events, and played step by step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from tests.remote.caching.model.gateway import NOBODY, World, settle
from tests.remote.caching.model.judge import Judge
from tests.remote.caching.model.monitor import RESOURCES

Step = tuple[Any, ...]
Chance = Callable[[Random], Step]

_PEOPLE = (NOBODY, NOBODY, "alice", "bob", "boss")
_SIZES = ((1 << 23, 1 << 20), (1 << 23, 1 << 20), (1 << 23, 1 << 20), (9_000, 1 << 20), (1 << 23, 1_024))
_MODES = ("up", "up", "up", "down", "silent", "cut", "error", "gone")
_SECONDS = (0.4, 1.0, 3.0, 9.0, 11.0, 11.0, 15.0, 25.0, 301.0, 90_000.0)
_QUERIES = ("", "_=1", "draw=1", "draw=2&_=7", "draw=3")
_FIELDS = {
    "accept": ("application/json", "text/html"),
    "accept-encoding": ("gzip", "identity"),
    "accept-language": ("en", "de"),
    "range": ("bytes=0-49", "bytes=100-", "bytes=-30", "bytes=99999-"),
}
_WHICH = (0, 0, 0, 1)
_NO_CONDITION = -1


@dataclass(frozen=True)
class Interleaving:
    """What happens, to which two addresses, with how much memory."""

    addresses: tuple[str, str]
    cache_bytes: int
    object_bytes: int
    steps: tuple[Step, ...]

    def __str__(self) -> str:
        told = (f"{self.addresses}, {self.cache_bytes} bytes, {self.object_bytes} at most", *map(str, self.steps))
        return "\n".join(told)

    def without(self, index: int) -> Interleaving:
        """The same but for one step."""
        return replace(self, steps=self.steps[:index] + self.steps[index + 1 :])


def by_chance(random: Random) -> Interleaving:
    """Kinds of events are left out by chance, so that those that remain come often."""
    weights = [4, *(random.choice((0, 0, 1, 2, 4)) for _ in _EVENTS)]
    chances: list[Chance] = [_plain, *_EVENTS]
    steps = tuple(one(random) for one in random.choices(chances, weights, k=random.randint(8, 40)))
    names = sorted(RESOURCES)
    return Interleaving((random.choice(names), random.choice(names)), *random.choice(_SIZES), steps)


def _plain(random: Random) -> Step:
    return "read", random.choice(_PEOPLE), random.choice(_WHICH), "", {}, _NO_CONDITION


def _conditional(random: Random) -> Step:
    return "read", random.choice(_PEOPLE), random.choice(_WHICH), "", {}, random.randint(0, 3)


def _odd(random: Random) -> Step:
    fields = {name: random.choice(values) for name, values in _FIELDS.items() if random.random() < 1 / 3}
    condition = random.choice((_NO_CONDITION, _NO_CONDITION, 0, 1))
    return "read", random.choice(_PEOPLE), random.choice(_WHICH), random.choice(_QUERIES), fields, condition


def _write(random: Random) -> Step:
    return "write", random.choice(("done", "done", "done", "refused", "failed", "died"))


_EVENTS: tuple[Chance, ...] = (
    _odd,
    _conditional,
    _write,
    lambda random: ("head", random.choice(_PEOPLE), random.choice(_WHICH)),
    lambda random: ("refresh", random.choice(_PEOPLE), random.choice(_WHICH)),
    lambda random: ("change", random.choice(_WHICH)),
    lambda random: ("later", random.choice(_SECONDS)),
    lambda random: ("mode", random.choice(_MODES)),
    lambda random: ("hold", random.random() < 2 / 3),
    lambda random: ("go_on", random.randint(0, 5), random.random() < 1 / 2),
    lambda random: ("build", random.random() < 1 / 2),
    lambda random: ("leave", random.randint(0, 5)),
)


class Play:
    """One interleaving, played."""

    def __init__(self, world: World, addresses: tuple[str, str]) -> None:
        self.world, self.monitor, self.addresses = world, world.monitor, addresses
        self.judge = Judge(world)

    async def run(self, steps: tuple[Step, ...]) -> None:
        """All steps, and then whatever still waits.

        Raises:
            AssertionError: something does not hold.
        """
        for name, *arguments in steps:
            await getattr(self, name)(*arguments)
            await settle()
            self.judge.hear()
        await self.world.end()
        self.judge.hear()
        self.judge.check_end()

    async def read(self, who: str, which: int, query: str, fields: dict[str, str], condition: int) -> None:
        """`condition` counts entity tags of that address back from the last one, whoever got it."""
        resource = self.addresses[which]
        fields = {"accept": "text/html", **fields}
        tags = [tag.decode() for one, tag in self.judge.bodies if one == resource]
        if condition != _NO_CONDITION and tags:
            fields["if-none-match"] = tags[-1 - condition % len(tags)]
        await self.world.ask(who, resource, query, fields=fields)

    async def head(self, who: str, which: int) -> None:
        """A reader asks for the head alone."""
        await self.world.ask(who, self.addresses[which], method="HEAD", fields={"accept": "text/html"})

    async def refresh(self, who: str, which: int) -> None:
        """A reader wants it computed anew."""
        await self.world.ask(who, self.addresses[which], "refresh=1", fields={"accept": "text/html"})

    async def write(self, outcome: str) -> None:
        """Alice changes something; see ``Monitor.write``."""
        self.monitor.write = outcome
        await self.world.write("alice")

    async def change(self, which: int) -> None:
        """Something changes at the monitor."""
        self.monitor.change(RESOURCES[self.addresses[which]].area)

    async def later(self, seconds: float) -> None:
        """Time passes."""
        self.world.clock.now += seconds

    async def mode(self, mode: str) -> None:
        """See ``Monitor.mode``."""
        self.monitor.mode = mode

    async def hold(self, on: bool) -> None:
        """Whether new requests wait at the monitor."""
        self.monitor.holding = on

    async def go_on(self, which: int, whole: bool) -> None:
        """One that waits is answered: wholly, or its first half."""
        if waiting := self.monitor.waiting():
            one = waiting[which % len(waiting)]
            if whole or one.goes_on.is_set():
                one.rest.set()
            one.goes_on.set()

    async def build(self, on: bool) -> None:
        """Whether products are in the making."""
        self.monitor.building = on

    async def leave(self, which: int) -> None:
        """A reader does not wait any longer."""
        if waiting := [one for one in self.world.visits if one.task is not None and not one.task.done()]:
            waiting[which % len(waiting)].leaves.set()
