"""What the proxy may answer without waiting: a fresh kept answer, or the word that a reader has had its share.

Only reads that the table lets everybody make come here. All else is looked at on the long way (``proxy.app``), which
judges alike: a hit here is a hit there, a refusal here a refusal there, and nothing is counted twice. Where neither
can be told, the long way goes on with what was found out.
"""

from __future__ import annotations

from dataclasses import dataclass

from starlette.types import Scope

from swf_remote.accounts.readers import Reader, remembered_reader, session_key_of
from swf_remote.edge.at_once import EXPECTED, Ready
from swf_remote.edge.problem import Problem, ProblemError
from swf_remote.proxy.asking import lane_of
from swf_remote.proxy.caching.cache import Wanted
from swf_remote.proxy.capacity.client import LanedClient
from swf_remote.proxy.failures import CrowdedError, problem_for
from swf_remote.proxy.fairness import Fairness
from swf_remote.proxy.policy.admission import admitted_read, cookies_of, needs_reader, open_row
from swf_remote.proxy.policy.routes import Kind, Route
from swf_remote.proxy.reads import Reads
from swf_remote.proxy.slots import Slots
from swf_remote.proxy.visit import Visit

_READS = ("GET", "HEAD")
_CROWDED = problem_for(CrowdedError(), write=False, since=None)


@dataclass(slots=True)
class Prospect:
    """A request that may be answered at once, now or when it comes again; see ``edge.at_once.Expected``."""

    route: Route
    key: str
    """Of the row's slot."""
    session: str | None
    """The session that its cookie names."""
    visit: Visit
    """Of the reader who came with it last, with what stood in the slot then."""
    wanted: Wanted | None
    reader: Reader | None
    is_certain: bool = False
    """The visit is of the reader who came with it now."""

    @property
    def area(self) -> str:
        """See ``edge.at_once.Expected``."""
        return self.route.kind


class Prompt:
    """See the module's text."""

    def __init__(self, mount: str, reads: Reads | None, fairness: Fairness, lanes: LanedClient, slots: Slots) -> None:
        self._mount, self._reads, self._fairness, self._lanes = mount, reads, fairness, lanes
        self._slots = slots

    def expected(self, scope: Scope) -> Prospect | None:
        """See ``edge.at_once.Inside``."""
        method: str = scope["method"]
        if method not in _READS:
            return None
        route = open_row(method, scope["raw_path"], self._mount, scope["query_string"])
        if route is None or route.kind is Kind.STREAM:
            return None
        key = self._slots.key(route, scope["raw_path"])
        visit, wanted = self._visit(scope, route, None, self._slots.marker(route, key))
        return Prospect(route, key, session_key_of(cookies_of(scope["headers"])), visit, wanted, None)

    def answer(self, expected: Prospect) -> Ready | Problem | None:
        """See ``edge.at_once.Inside``."""
        try:
            reader = None if expected.session is None else remembered_reader(expected.session)
        except LookupError:
            expected.is_certain = not needs_reader(expected.route)
            return self._kept(expected) if expected.is_certain else None
        expected.is_certain = True
        marker = self._slots.marker(expected.route, expected.key)
        if reader != expected.reader or marker != expected.visit.marker:
            expected.visit, expected.wanted = self._visit(expected.visit.scope, expected.route, reader, marker)
            expected.reader = reader
        return self._kept(expected) or self._refusal(expected)

    @staticmethod
    def met(scope: Scope) -> tuple[Visit, Wanted | None] | None:
        """The visit that could not be answered at once, and what it wants of the cache.

        None where nothing was tried, or the reader has to be looked up first.
        """
        expected: Prospect | None = scope.get(EXPECTED)
        return (expected.visit, expected.wanted) if expected and expected.is_certain else None

    def _kept(self, expected: Prospect) -> Ready | None:
        return self._reads.ready(expected.wanted) if self._reads and expected.wanted else None

    def _refusal(self, expected: Prospect) -> Problem | None:
        """Why the monitor would not be asked, if it would have to be."""
        if self._reads and expected.wanted and not self._reads.is_unknown(expected.wanted):
            return None
        visit = expected.visit
        reader = self._fairness.known_reader(expected.reader, visit.scope)
        if (problem := self._fairness.refusal(reader, visit.admission)) is not None:
            return problem
        if not self._lanes.turns_away(lane_of(expected.route, writes=False), reader):
            return None
        try:
            self._fairness.charge(reader, visit)
        except ProblemError as error:
            return error.problem
        return _CROWDED

    def _visit(self, scope: Scope, route: Route, reader: Reader | None, marker: bytes) -> tuple[Visit, Wanted | None]:
        visit = Visit(scope, admitted_read(route, reader), marker)
        return visit, self._reads.wanted(visit) if self._reads else None
