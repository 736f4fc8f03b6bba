"""Asks the monitor through the configured link: does it answer, and what does it offer that the table does not know?

Few pages, one after the other, without a name, and none whose fetching does something at the monitor.
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from swf_remote.configuration import Configuration
from swf_remote.operations.drift import Finding, gone, links, may_be_walked, new_parts, one_of_each, samples
from swf_remote.proxy.failures import TlsError, UpstreamError, problem_for
from swf_remote.proxy.link import Proof
from swf_remote.proxy.policy.exposure import Exposure
from swf_remote.proxy.upstream import Budget, UpstreamAnswer, UpstreamClient

STARTS = ("prod/", "panda/", "pcs/")
MOST_PAGES = 40
LARGEST_PAGE = 4_000_000
BUDGET = Budget(first_byte=60.0, between_bytes=30.0)
# Where monitors describe their API; not shown to readers.
SCHEMAS = ("api/schema/", "api/panda/schema/")
_VERSION = re.compile(r"""\binfo\b.{0,2000}?\bversion["']?\s*:\s*["']?([\w.+-]{1,40})""", re.DOTALL)
SERVER_ERROR = 500
BAD_REQUEST = 400
OK = 200


@dataclass
class LiveReport:
    """What was found."""

    fault: str = ""
    """Why the link or the monitor cannot be used, in words; empty when it answers."""
    proof: Proof = Proof.PLAIN
    """How the monitor proved who it is."""
    pages: int = 0
    """Pages read."""
    linked: dict[str, str] = field(default_factory=dict)
    """Paths below the mount, and the page that links each."""
    statuses: dict[str, int] = field(default_factory=dict)
    """Pages asked for, and the status of each."""
    findings: list[Finding] = field(default_factory=list)
    """Drift between monitor and table."""

    @property
    def is_good(self) -> bool:
        """Whether the monitor answers and offers what the table says."""
        return not self.fault and not self.findings


@dataclass(frozen=True, slots=True)
class _PageRequest:
    target: str
    headers: tuple[tuple[str, str], ...]
    method: str = "GET"


class Walk:
    """One look at a monitor."""

    def __init__(self, settings: Configuration, client: UpstreamClient, table: Exposure) -> None:
        self._mount = settings.monitor_mount
        self._host = settings.monitor_host or urlsplit(settings.monitor_url).netloc
        self._client = client
        self._table = table
        self._report = LiveReport(proof=client.proof)

    async def run(self) -> LiveReport:
        """Walk the pages, ask for the samples, and compare."""
        report = self._report
        try:
            await self._walk()
            for path in dict.fromkeys(route.sample for route in samples(self._table)):
                if not report.fault and path not in report.statuses:
                    await self._read(path)
        except UpstreamError as error:
            report.fault = words_for(error)
        if not report.fault:
            report.findings = [
                *new_parts(report.linked, self._table),
                *gone(report.statuses, report.linked, self._table),
            ]
        return report

    async def _walk(self) -> None:
        waiting = deque(path for path in STARTS if may_be_walked(path, self._table))
        while waiting and self._report.pages < MOST_PAGES and not self._report.fault:
            path = waiting.popleft()
            if path in self._report.statuses:
                continue
            found = await self._read(path)
            if path in STARTS:
                waiting.extend(one_of_each(one for one in found if may_be_walked(one, self._table)))

    async def _read(self, path: str) -> set[str]:
        """Links of one page; its status is noted."""
        headers = (("Host", self._host), ("Accept", "text/html, */*;q=0.5"), ("Accept-Encoding", "identity"))
        answer = await self._client.send(_PageRequest(f"{self._mount}/{path}", headers), budget=BUDGET)
        try:
            body = await _body(answer)
        finally:
            answer.close()
        report = self._report
        report.pages += 1
        report.statuses[path] = answer.status
        if answer.status == BAD_REQUEST and path in STARTS:
            report.fault = "The monitor refuses the name it is called by (400): set SWF_REMOTE_MONITOR_HOST to its own."
        elif answer.status >= SERVER_ERROR and path in STARTS:
            report.fault = f"The monitor answers {path} with status {answer.status}."
        found = links(body, self._mount)
        for link in found:
            report.linked.setdefault(link, path)
        return found


async def _body(answer: UpstreamAnswer) -> str:
    """The beginning of the body, and where it redirects to as if it were linked."""
    location = next((value for name, value in answer.raw_headers if name.lower() == b"location"), b"")
    pieces = [b'"%b"' % location]
    async for piece in answer.chunks():
        pieces.append(piece)
        if sum(map(len, pieces)) > LARGEST_PAGE:
            break
    return b"".join(pieces).decode("utf-8", "replace")


def words_for(error: UpstreamError) -> str:
    """The failure as an operator needs it: unlike readers, with what the library said of the certificate."""
    words = problem_for(error, write=False, since=None).title
    return f"{words}: {error.operators_words}" if isinstance(error, TlsError) else f"{words}."


async def look(settings: Configuration, table: Exposure) -> LiveReport:
    """One look through the configured link."""
    async with UpstreamClient(settings, connections=2) as client:
        return await Walk(settings, client, table).run()


async def api_version(settings: Configuration) -> str:
    """The version that the monitor's description of its API bears; empty where there is none.

    Raises:
        UpstreamError: the monitor does not answer.
    """
    host = settings.monitor_host or urlsplit(settings.monitor_url).netloc
    headers = (("Host", host), ("Accept", "*/*"), ("Accept-Encoding", "identity"))
    async with UpstreamClient(settings, connections=1) as client:
        for path in SCHEMAS:
            answer = await client.send(_PageRequest(f"{settings.monitor_mount}/{path}", headers), budget=BUDGET)
            try:
                found = _VERSION.search(await _body(answer)) if answer.status == OK else None
            finally:
                answer.close()
            if found:
                return found[1]
    return ""
