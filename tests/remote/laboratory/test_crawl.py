"""A walk through every link of the stand-in's pages, as anybody outside sees them through a real gateway."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

import pytest

from tests.remote.gateways import Gateway, Reply, gateway
from tests.remote.laboratory.links import Link, Reach, links_in_json, links_of
from tests.remote.laboratory.monitor import NAME, Laboratory, laboratory
from tests.remote.laboratory.readers import BROWSER, as_reader

pytestmark = [pytest.mark.once, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

CDN = frozenset(
    ["cdn.jsdelivr.net", "code.jquery.com", "cdn.datatables.net", "cdnjs.cloudflare.com", "cdn.plot.ly"]  # contract 3.3
)
NAMED = frozenset(
    f"{NAME} pandamon01.sdcc.bnl.gov pandaserver-doma.cern.ch portal.nersc.gov harvester.example.net docs.google.com "
    "github.com epic-devcloud.org".split()
)
# What pages do not link but scripts ask for, and what only redirects lead to.
ALSO = (
    "panda/jobs/datatable/?draw=1",
    "panda/tasks/datatable/?draw=1",
    "panda/errors/datatable/?draw=1",
    "panda/diagnostics/datatable/?draw=1",
    "panda/jobs/filter-counts/",
    "panda/jobs/167402/payload-log/?force=1",
    "prod/?tab=ops",
    "pcs/dashboard/panel/panda/",
    "pcs/notes/plan/edit/",
    "pcs/tags/p/datatable/?draw=1",
    "pcs/tasks/7/",
    "pcs/api/v1/samples/several/completion/",
    "panda/system/status.json",
    "panda/jobs",
)
# Answers of the monitor that are no success and yet what belongs there (contract 2.2, 4.7, 5.5, 10).
CONTENT = ((re.compile(r"/prod/panda/jobs/\d+/payload-log/"), {202, 404, 502}),
           (re.compile(r"/prod/pcs/rucio/.*"), {502}),
           (re.compile(r"/prod/pcs/api/v1/samples/several/.*"), {300}),
           (re.compile(r"/prod/pcs/api/v1/validation-results/"), {405}),
    (re.compile(r"/prod/pcs/tasks/group.EIC.26.06.0.epic.p1013.*"), {404}))  # fmt: skip
# Parts of the monitor that no table of ours offers: their links lead to a page that says so.
INSIDE = re.compile(
    r"/prod/(alarms|logs|compute-usage|analysis|snapper|canary|panda-database|rucio-endpoints|api/schema|"
    r"panda/system/(?!status)|account|pcs/api/questionnaires)(/.*|$)"
)
PATIENCE = 400


@dataclass
class Walk:
    """One crawl."""

    running: Gateway
    reach: Reach
    headers: dict[str, str]
    faults: list[str] = field(default_factory=list)
    statuses: dict[str, int] = field(default_factory=dict)

    async def all_pages(self) -> None:
        waiting = [f"{self.running.url}/prod/", *(f"{self.running.url}/prod/{path}" for path in ALSO)]
        while waiting and len(self.statuses) < PATIENCE:
            url = _address(waiting.pop(0))
            if url not in self.statuses:
                waiting += [target for target in await self._visit(url) if _address(target) not in self.statuses]
        assert not waiting, "there is no end to it"

    async def _visit(self, url: str) -> Iterator[str]:
        target = url.removeprefix(self.running.url)
        reply = await self.running.ask(target, headers=self.headers)
        self.statuses[url] = reply.status
        self._judge_status(target, reply)
        if reply.status in (301, 302):
            return iter([self._judged(Link("answer", "location", reply.headers["Location"]), url)])
        found = [] if _is_ours(target) else self._links(url, reply)
        followed = [link for link in found if link.tag != "form" and link.attribute != "data-prefs-url"]
        same = [self._judged(link, url) for link in found]
        inner = [target for link, target in zip(found, same, strict=True) if link in followed]
        return iter([there for there in inner if urlsplit(there).netloc == urlsplit(url).netloc])

    def _links(self, url: str, reply: Reply) -> list[Link]:
        kind = reply.headers.get("Content-Type", "")
        self._judge_bytes(url, reply.body)
        if "json" in kind:
            return [link for link in links_in_json(reply.body) if "{" not in link.written]
        return links_of(reply.body.decode("utf-8", "replace")) if "html" in kind else []

    def _judged(self, link: Link, page: str) -> str:
        if fault := self.reach.fault(link, page):
            self.faults.append(f"{page}: <{link.tag} {link.attribute}={link.written!r}> {fault}")
        return urljoin(page, link.written)

    def _judge_bytes(self, url: str, body: bytes) -> None:
        port = str(urlsplit(self.running.url).port).encode()
        for word in re.findall(rb"(?i)\b(?:localhost|127\.0\.0\.1)(?::[0-9]+)?", body):
            if not word.endswith(port):
                self.faults.append(f"{url}: its text names {word.decode()}")

    def _judge_status(self, target: str, reply: Reply) -> None:
        path = target.partition("?")[0]
        if reply.status in (200, 301) or any(rule.fullmatch(path) and reply.status in ok for rule, ok in CONTENT):
            return
        if reply.status == 302 and reply.headers["Location"].startswith("/prod/accounts/login/?next=/prod/"):
            return
        if INSIDE.fullmatch(path) and reply.status in (401, 403) and b"swf-remote" not in reply.body:
            return
        self.faults.append(f"dead link: {reply.status} for {target}")


def _address(url: str) -> str:
    """Without its fragment; the log-in page only once, whatever it is to lead to."""
    url = url.partition("#")[0]
    return url.partition("?")[0] if "/prod/accounts/" in url else url


def _is_ours(target: str) -> bool:
    """Pages of the gateway itself, and of what it does not pass on, have their own tests."""
    return re.match(r"/prod/(accounts?|alarms|status|assets)/", target) is not None


@pytest.fixture(params=["plain", "compressed"])
def compress(request: pytest.FixtureRequest) -> bool:
    return request.param == "compressed"


async def walked(monitor: Laboratory, running: Gateway, headers: dict[str, str]) -> Walk:
    walk = Walk(running, Reach(running.url, named=NAMED, loaded=CDN), headers)
    await walk.all_pages()
    assert any(status == 202 for status in walk.statuses.values())
    assert len(walk.statuses) > 60
    return walk


async def test_a_stranger_finds_no_dead_link_and_no_way_out(compress: bool) -> None:
    async with laboratory(compress=compress) as monitor, gateway(monitor.url, monitor_host=NAME) as running:
        walk = await walked(monitor, running, BROWSER)
        assert "\n".join(walk.faults) == ""


async def test_a_signed_in_reader_finds_no_dead_link_and_no_way_out(alice: str) -> None:
    async with laboratory() as monitor, gateway(monitor.url, monitor_host=NAME) as running:
        walk = await walked(monitor, running, as_reader(alice))
        assert "\n".join(walk.faults) == ""
        nameless = {asked.path for asked in monitor.received if asked.path.startswith("pcs/") and not asked.user}
        assert nameless == {"pcs/questionnaires/"}  # so that contacts stay redacted (contract 1.2)
