"""A monitor puts hostile text unescaped into every column; a real browser shows the table and runs none of it.

The same page with the same answer on a route whose cells are not made harmless does run it: so this test can fail.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.remote.proxy.payloads import HOSTILE, RUNS_AT_ONCE, RUNS_WHEN_TOUCHED, armed
from tests.system.hostile_monitor import CELLS, COLUMNS, DATA, SCRIPTS, WAYS, hostile_monitor, page_path
from tests.system.http_client import wait_until_alive
from tests.system.running_demo import free_port

pytestmark = pytest.mark.once

MARKER = "marker.example"
NAMES = list(HOSTILE)
# What runs by itself needs a moment: pictures have to fail to load.
SECONDS = 30_000
TOUCH = """() => {
  // A click may run script; it must not lead away.
  document.addEventListener('click', (event) => {
    const link = event.target.closest && event.target.closest('a');
    const address = link && link.href && (link.href.animVal ?? link.href);
    if (address && /^https?:/.test(new URL(address, location.href).protocol)) { event.preventDefault(); }
  });
  for (const element of document.querySelectorAll('#main-table tbody *, #filters *')) {
    for (const name of ['pointerover', 'pointerenter', 'mouseover', 'mouseenter', 'focus']) {
      element.dispatchEvent(new Event(name, {bubbles: name.endsWith('over')}));
    }
    element.dispatchEvent(new MouseEvent('click', {bubbles: true, cancelable: true}));
  }
}"""


UNTIL_RUN = """(numbers) => new Promise((done) => {
  const look = () => numbers.every((number) => window.all_that_ran.includes(number)) ? done() : setTimeout(look, 50);
  setTimeout(done, SECONDS);
  look();
})""".replace("SECONDS", str(SECONDS))


@dataclass(slots=True)
class Watched:
    """A page and everything it did that a table of words does not do."""

    page: Page
    gateway: str
    expected: set[str]
    amiss: list[str] = field(default_factory=list)

    def watch(self) -> None:
        """Listen."""
        self.page.on("dialog", lambda dialog: (self.amiss.append(f"dialog {dialog.message}"), dialog.dismiss()))
        self.page.on("console", lambda message: self.amiss.append(f"console: {message.text}"))
        self.page.on("pageerror", lambda error: self.amiss.append(f"script error: {error}"))
        self.page.on("request", lambda request: self._request(request.url))

    def _request(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("data", "blob") and url.partition("?")[0] not in self.expected:
            self.amiss.append(f"request {url}")

    def fill(self, way: str, source: str) -> None:
        """Open the page and wait until its table stands."""
        self.page.goto(self.gateway + page_path(way, source))
        expect(self.page).to_have_title("filled", timeout=SECONDS)

    def ran(self) -> set[str]:
        """The names of the payloads that ran."""
        return {NAMES[number] for number in self.page.evaluate("window.all_that_ran")}


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a real gateway in front of the hostile monitor."""
    payloads = [armed(HOSTILE[name], f"top.ran({number})", f"//{MARKER}/x") for number, name in enumerate(NAMES)]
    port = free_port()
    with hostile_monitor(payloads) as monitor:
        environment = {
            "PATH": os.environ["PATH"],
            "SWF_REMOTE_SECRET_KEY": "k7Jx-2Qm9vT4bN8zR1wL5pY3cF6hD0sG-aE7uV2iO9",
            "SWF_REMOTE_PUBLIC_URL": f"http://127.0.0.1:{port}/prod/",
            "SWF_REMOTE_MONITOR_URL": monitor,
            "SWF_REMOTE_DB_NAME": str(tmp_path_factory.mktemp("gateway") / "gateway.sqlite3"),
        }
        yield from _serving(environment, port)


def _serving(environment: dict[str, str], port: int) -> Iterator[str]:
    program = str(Path(sys.executable).with_name("swf-remote"))
    subprocess.run([program, "migrate", "--verbosity", "0"], env=environment, check=True, capture_output=True)
    process = subprocess.Popen(
        [program, "serve", "--port", str(port)], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    url = f"http://127.0.0.1:{port}/prod/"
    try:
        wait_until_alive(url, process)
        yield url
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(
            executable_path=chromium, args=["--disable-dev-shm-usage", "--disable-background-networking"]
        )
        yield running
        running.close()


@pytest.fixture
def watched(browser: Browser, gateway: str) -> Iterator[Watched]:
    context = browser.new_context()
    own = {f"{gateway}{path}" for path in (*SCRIPTS, CELLS, *(page_path(way, CELLS) for way in WAYS))}
    found = Watched(context.new_page(), gateway, own)
    found.watch()
    yield found
    context.close()


@pytest.mark.parametrize("way", WAYS)
def test_nothing_of_hostile_cells_runs_or_asks_for_anything(watched: Watched, way: str) -> None:
    watched.fill(way, CELLS)
    watched.page.evaluate(TOUCH)
    watched.page.wait_for_load_state("networkidle")
    assert watched.ran() == set()
    assert watched.amiss == []
    assert watched.page.locator("#main-table > tbody > tr").count() == len(NAMES)
    assert watched.page.locator("#main-table > tbody > tr > td").count() == len(NAMES) * len(COLUMNS)
    assert watched.page.locator("#main-table tbody a[href^='/prod/panda/jobs/']").count() >= 2 * len(NAMES)


@pytest.mark.parametrize("way", WAYS)
def test_the_same_cells_run_where_nothing_makes_them_harmless(watched: Watched, way: str) -> None:
    expected = {f"{name} (at once)" for name in RUNS_AT_ONCE}
    watched.fill(way, DATA)
    watched.page.evaluate(UNTIL_RUN, [NAMES.index(name) for name in expected])
    assert expected - watched.ran() == set()


@pytest.mark.parametrize("name", RUNS_WHEN_TOUCHED)
def test_a_touch_runs_such_cells_where_nothing_makes_them_harmless(browser: Browser, name: str) -> None:
    with browser.new_context() as context:
        page = context.new_page()
        page.set_content("<table id='main-table'><tbody><tr><td></td></tr></tbody></table>")
        page.evaluate("() => { window.seen = []; window.ran = (number) => window.seen.push(number); }")
        markup = armed(RUNS_WHEN_TOUCHED[name], "top.ran(1)")
        page.evaluate("(markup) => { document.querySelector('#main-table td').innerHTML = markup; }", markup)
        page.evaluate(TOUCH)
        page.wait_for_function("window.seen.length > 0", timeout=SECONDS)
