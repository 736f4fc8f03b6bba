"""Who asks, and whether that reader may have the monitor asked once more.

A reader is a signed-in user, else a network address, of IPv6 the /64 that a household or host has. A cookie alone makes
nobody: its session has to be valid. What is answered from memory costs nothing and never comes here.
"""

from __future__ import annotations

import hashlib
import ipaddress
import math
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache

from starlette.types import Scope

from swf_remote.accounts.readers import Reader, reader_of
from swf_remote.configuration import Configuration
from swf_remote.edge.problem import Problem, ProblemError
from swf_remote.edge.shared_memory import folder
from swf_remote.proxy.capacity.budgets import Budgets
from swf_remote.proxy.capacity.lines import NOBODY
from swf_remote.proxy.capacity.meter import Meter
from swf_remote.proxy.policy.admission import UNCHANGED, Admission, cookies_of
from swf_remote.proxy.policy.rows import Spending
from swf_remote.proxy.visit import Visit

LookUp = Callable[..., Awaitable[Reader | None]]

HOUSEHOLD_BITS = 64
STREAMS_RETRY_SECONDS = 60
_USER, _ADDRESS = "user ", "address "
_WAIT = "Wait a moment, then try again; pages that somebody has just seen are shown all the same."
_SHARED = " Everybody at your network address shares this limit; whoever signs in has one of their own."
_PROBLEMS = {
    Spending.MISSES: Problem(
        429, "too-many-requests", "You ask for pages faster than the monitor can make them", _WAIT
    ),
    Spending.FILES: Problem(429, "too-many-files", "You load files faster than the monitor can send them", _WAIT),
    Spending.REFRESHES: Problem(
        429, "too-many-refreshes", "You have pages computed anew too often", "Leave that out, or wait a moment."
    ),
    Spending.LOGS: Problem(429, "too-many-logs", "You open logs faster than the monitor can fetch them", _WAIT),
    Spending.WRITES: Problem(
        429,
        "too-many-writes",
        "You send changes faster than the monitor can take them",
        "Wait a moment, then send it again.",
        outcome=UNCHANGED,
    ),
}
_STREAMS = Problem(
    429,
    "too-many-own-streams",
    "You listen to events in too many places at once",
    "Close some pages that show news as they come, then reload this one.",
    retry_after=STREAMS_RETRY_SECONDS,
)


class Fairness:
    """The budgets of all readers."""

    def __init__(self, budgets: Budgets, meter: Meter, look_up: LookUp = reader_of) -> None:
        self._budgets = budgets
        self._meter = meter
        self._look_up = look_up
        self._streams: Counter[str] = Counter()

    @classmethod
    def of(cls, settings: Configuration) -> Fairness:
        """As these settings want it, kept with all processes of this host that have them, too.

        Raises:
            OSError: what is shared cannot be opened.
        """
        secret = hashlib.sha256(b"budgets" + settings.secret_key.encode()).digest()
        return cls(settings.reader_budgets, Meter(secret, place=folder()))

    async def reader(self, visit: Visit) -> str:
        """Who asks; ``NOBODY`` where it does not matter or cannot be known."""
        if not self._budgets.bounds:
            return NOBODY
        signed_in = visit.admission.reader
        if signed_in is None and (cookies := cookies_of(visit.scope["headers"])):
            signed_in = await self._look_up(cookies)
        return self.known_reader(signed_in, visit.scope)

    def known_reader(self, signed_in: Reader | None, scope: Scope) -> str:
        """The same where it is known whether somebody is signed in."""
        if not self._budgets.bounds:
            return NOBODY
        if signed_in is not None:
            return _USER + signed_in.username
        client = scope.get("client")
        return neighbourhood(str(client[0])) if client else NOBODY

    def charge(self, reader: str, visit: Visit) -> None:
        """The monitor is about to be asked for this reader.

        Raises:
            ProblemError: the budget is used up.
        """
        admission = visit.admission
        spending = Spending.WRITES if admission.writes else admission.route.budget
        rate = self._budgets.rates.get(spending)
        if rate is not None and reader != NOBODY and (wait := self._meter.charge(reader, spending, rate)):
            raise ProblemError(_too_often(spending, reader.startswith(_ADDRESS), math.ceil(wait)))

    def refusal(self, reader: str, admission: Admission) -> Problem | None:
        """What ``charge`` would refuse with now; nothing is taken."""
        spending = admission.route.budget
        rate = self._budgets.rates.get(spending)
        if admission.writes or rate is None or reader == NOBODY:
            return None
        wait = self._meter.wait(reader, spending, rate)
        return _too_often(spending, reader.startswith(_ADDRESS), math.ceil(wait)) if wait else None

    @contextmanager
    def streaming(self, reader: str) -> Iterator[None]:
        """This reader has one more stream open for as long as the block runs.

        Raises:
            ProblemError: it has too many already.
        """
        if self._budgets.streams is not None and reader != NOBODY and self._streams[reader] >= self._budgets.streams:
            raise ProblemError(_told(_STREAMS, reader.startswith(_ADDRESS), STREAMS_RETRY_SECONDS))
        self._streams[reader] += 1
        try:
            yield
        finally:
            self._streams[reader] -= 1
            if not self._streams[reader]:
                del self._streams[reader]


# A flood is told the same again and again.
@lru_cache(maxsize=256)
def _too_often(spending: Spending, shared: bool, seconds: int) -> Problem:
    return _told(_PROBLEMS[spending], shared, seconds)


def _told(problem: Problem, shared: bool, seconds: int) -> Problem:
    return replace(problem, detail=problem.detail + (_SHARED if shared else ""), retry_after=seconds)


@lru_cache(maxsize=1024)
def neighbourhood(address: str) -> str:
    """All addresses that count as one reader; ``NOBODY`` for what is no address, such as a socket file's."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return NOBODY
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is None:
            return f"{_ADDRESS}{ipaddress.ip_network((int(parsed), HOUSEHOLD_BITS), strict=False)}"
        parsed = parsed.ipv4_mapped
    return f"{_ADDRESS}{parsed}"
