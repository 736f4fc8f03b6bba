"""Every page of our monitor, fetched directly and through the whole chain, and compared: nobody can tell them apart."""

from __future__ import annotations

import http.client
import re
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urljoin, urlsplit

import pytest

from tests.remote.laboratory.links import links_of
from tests.system.differential import Comparison, Move, header_differences
from tests.system.http_client import Reply
from tests.system.running_demo import Demo

pytestmark = [pytest.mark.once, pytest.mark.slow, pytest.mark.timeout(600)]
HTML = "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"
# Asked for by scripts or programs only, so that no link leads there.
START = (
    "prod/",
    "about/",
    "prod/?tab=nav",
    *(f"panda/{name}/datatable/?draw=3&start=0&length=25" for name in ("jobs", "tasks", "errors", "diagnostics")),
    "panda/jobs/datatable/?draw=4&start=25&length=25&order%5B0%5D%5Bcolumn%5D=3&order%5B0%5D%5Bdir%5D=asc&days=14",
    "panda/jobs/datatable/?draw=x",
    "panda/jobs/filter-counts/?days=14",
    "panda/tasks/filter-counts/?days=14&status=done&status=failed",
    "panda/activity/?days=7&chip=1",
    "panda/system/status.json",
    "panda/nothing-here/",
    "panda/jobs",
    "panda/jobs/999999999999/",
    "panda/epic-queues/NO%20SUCH%20QUEUE/",
    "static/css/monitor.css",
    "static/nothing-here.css",
)
REST = (
    "api/panda/activity/?days=3",
    "api/panda/tasks/?days=14&limit=20",
    "api/panda/tasks/?days=x",
    "api/panda/jobs/?days=14&limit=20",
    "api/panda/tasks/99999999/",
    "api/panda/nothing-here/",
)
# Pages of the gateway's own in place of the monitor's, parts that it keeps inside, and what would ask a foreign server.
NOT_COMPARED = re.compile(
    r"(?:accounts?|alarms|home|admin|system)(?:/.*|$)|panda/view-text/.*|panda/system/(?:refresh/)?|api/messages/.*|"
)
# Texts of errors hold markup as it was recorded; see the last test.
EXPORT = "panda/diagnostics/?days=7&format=json"
AT_MOST = 400
# Some pages show the second, or a product of the monitor that was just built anew.
TRIES = 3
# Seconds; twice the lifetime of a page, and some.
LONGEST_KEPT = 40
NO_HEADERS: Mapping[str, str] = {}


@dataclass
class Both:
    """The same path asked of the monitor itself and through gateway and tunnel."""

    demo: Demo
    cookie: str = ""
    each_kind: int = 2
    """How many pages that differ only in their numbers and values are compared."""
    compared: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    seen: dict[tuple[str, ...], int] = field(default_factory=dict)

    @property
    def monitor(self) -> str:
        return str(self.demo.state["monitor"]).rstrip("/") + "/"

    def walk(self) -> None:
        """Compare every page that can be reached, a few of each kind."""
        waiting = [(path, HTML) for path in START]
        waiting += [(path, accept) for path in REST for accept in (HTML, "application/json")]
        while waiting and len(self.compared) < AT_MOST:
            path, accept = waiting.pop(0)
            if self._is_new(path, accept):
                waiting += [(link, HTML) for link in self.compare(path, accept)]
        assert not waiting, "there is no end to it"

    def _is_new(self, path: str, accept: str) -> bool:
        parts = urlsplit(path)
        if (
            NOT_COMPARED.fullmatch(path)
            or re.fullmatch(r"panda/diagnostics/\?.*format=json", path)
            or f"{path} {accept}" in self.compared
        ):
            return False
        names = sorted(name for name, _ in parse_qsl(parts.query, keep_blank_values=True))
        if "format" in names:  # an export of each list is enough, whatever is selected
            names = ["format", *re.findall(r"format=(\w+)", parts.query)]
        kind = (re.sub(r"[0-9]+", "N", parts.path), accept, *names)
        self.seen[kind] = self.seen.get(kind, 0) + 1
        return self.seen[kind] <= self.each_kind or parts.path.startswith("static/")

    def compare(self, path: str, accept: str) -> Iterator[str]:
        """Note what differs; the links of the page, relative to the mount."""
        self.compared.append(f"{path} {accept}")
        said, shown = self._said(path, accept), self._shown(path, accept)
        faults = list(self._differences(said, shown))
        for _ in range(TRIES):
            if not faults:
                break
            before, shown = self._said(path, accept), self._shown_anew(path, accept)
            sides = [list(self._differences(one, shown)) for one in (before, self._said(path, accept))]
            faults = min(sides, key=len)
        self.faults += [f"{path}: {fault}" for fault in faults]
        return self._links(path, said)

    def _said(self, path: str, accept: str) -> Reply:
        return ask(self.monitor + path, headers=self._headers(accept))

    def _shown(self, path: str, accept: str) -> Reply:
        return ask(self.demo.gateway + path, headers={**self._headers(accept), **self._session()})

    def _shown_anew(self, path: str, accept: str) -> Reply:
        """What the gateway shows once that is younger than this call; it may keep an answer for some seconds."""
        begin = time.time()
        while True:
            shown = self._shown(path, accept)
            asked_at = time.time() - int(shown.headers.get("age", -1)) - 1
            if asked_at >= begin or time.time() > begin + LONGEST_KEPT:
                return shown
            time.sleep(0.2)

    def _headers(self, accept: str) -> dict[str, str]:
        return {"Accept": accept, "Accept-Encoding": "identity"}

    def _session(self) -> dict[str, str]:
        return {"Cookie": self.cookie} if self.cookie else {}

    def _differences(self, said: Reply, shown: Reply) -> Iterator[str]:
        parts = urlsplit(self.monitor)
        mapping = Move(theirs=parts.path.rstrip("/"), origin=f"{parts.scheme}://{parts.netloc}")
        kind = said.headers.get("content-type", "").partition(";")[0]
        rewritten = kind in ("text/html", "application/json", "text/css", "text/javascript", "image/svg+xml")
        if said.status != shown.status:
            yield f"status {said.status} became {shown.status}: {shown.body[:200]!r}"
            return
        yield from header_differences(said.headers, shown.headers, mapping, rewritten=rewritten)
        yield from self._bodies(kind, said, shown, mapping)

    def _bodies(self, kind: str, said: Reply, shown: Reply, mapping: Move) -> Iterator[str]:
        if kind == "text/html":
            yield from Comparison(mapping).pages(said.text, shown.text)
        elif kind == "application/json":
            yield from Comparison(mapping).data(said.body, shown.body)
        elif kind == "text/css":
            yield from _whole(mapping.style(said.text), shown.text)
        elif kind == "text/javascript":
            yield from _whole(mapping.script(said.text), shown.text)
        else:
            yield from _whole(said.body, shown.body)

    def _links(self, path: str, said: Reply) -> Iterator[str]:
        if "location" in said.headers:
            return iter([self._relative(urljoin(self.monitor + path, said.headers["location"]))])
        if not said.headers.get("content-type", "").startswith(("text/html", "application/json")):
            return iter([])
        markup = said.text.replace('\\"', '"')
        found = [link for link in links_of(markup) if link.tag != "form" and link.attribute != "ping"]
        urls = [urljoin(self.monitor + path, link.written).partition("#")[0] for link in found]
        return iter([self._relative(url) for url in urls if url.startswith(self.monitor)])

    def _relative(self, url: str) -> str:
        return url.removeprefix(self.monitor)


def ask(url: str, method: str = "GET", headers: Mapping[str, str] = NO_HEADERS, body: bytes | None = None) -> Reply:
    """One request; repeated headers are joined (RFC 9110 5.2), so that none is overlooked."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
    try:
        connection.request(method, url.removeprefix(f"{parts.scheme}://{parts.netloc}"), body, dict(headers))
        answer = connection.getresponse()
        said: dict[str, str] = {}
        for name, value in answer.getheaders():
            said[name.lower()] = f"{said[name.lower()]}, {value}" if name.lower() in said else value
        return Reply(answer.status, said, answer.read())
    finally:
        connection.close()


def _whole(said: str | bytes, shown: str | bytes) -> Iterator[str]:
    if said != shown:
        yield f"{said[:200]!r} became {shown[:200]!r}"


def session_cookie(demo: Demo) -> str:
    """Log in through the gateway's own form."""
    form = ask(demo.gateway + "accounts/login/")
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form.text)
    crumb = form.headers["set-cookie"].partition(";")[0]
    assert token
    sent = f"csrfmiddlewaretoken={token[1]}&username={demo.state['login']}&password={demo.state['password']}"
    headers = {"Cookie": crumb, "Content-Type": "application/x-www-form-urlencoded", "Referer": demo.gateway}
    reply = ask(demo.gateway + "accounts/login/", "POST", headers, sent.encode())
    assert reply.status == 302
    found = re.search(r"sessionid_prod=[^;]+", reply.headers["set-cookie"])
    assert found
    return found[0]


@pytest.mark.parametrize("reader", ["anonymous", "signed in"])
def test_every_page_is_the_monitors_own_but_for_what_may_differ(
    demo: Demo, reader: str, capsys: pytest.CaptureFixture[str]
) -> None:
    both = Both(demo, session_cookie(demo), 1) if reader == "signed in" else Both(demo)
    both.walk()
    with capsys.disabled():
        sys.stdout.write(
            "\n".join(
                [f"\n{len(both.compared)} answers compared ({reader}):", *both.compared, "faults:", *both.faults, ""]
            )
        )
    assert "\n".join(both.faults) == ""
    assert len(both.compared) > 100


def test_an_export_holds_what_was_recorded(demo: Demo) -> None:
    both = Both(demo)
    both.compare(EXPORT, "application/json")
    assert "\n".join(both.faults) == ""
