"""A real browser walks every page through gateway, tunnel, monitor and database, and complains of anything amiss."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

import pytest
from playwright.sync_api import Browser, Page, Response, expect, sync_playwright

from tests.system.running_demo import Demo

pytestmark = pytest.mark.once

PAGES = (
    "",
    "prod/",
    "about/",
    "panda/",
    "panda/activity/",
    "panda/jobs/",
    "panda/tasks/",
    "panda/errors/",
    "panda/diagnostics/",
    "panda/epic-queues/",
    "alarms/",
    "status/",
    "accounts/login/",
)
SIZES = {"phone": {"width": 390, "height": 844}, "desktop": {"width": 1280, "height": 800}}
# Hosts that links, never loads, may name: the laboratory's own and the places its pages document.
LINKED_HOSTS = re.compile(
    r"(.*\.)?(sdcc\.bnl\.gov|pandaserver-doma\.cern\.ch|portal\.nersc\.gov|www\.django-rest-framework\.org|github\.com|docs\.google\.com|epic-devcloud\.org)"
)


@dataclass(slots=True)
class Complaints:
    """Everything a page must not do, collected while it is open."""

    gateway: str
    found: list[str] = field(default_factory=list)

    def watch(self, page: Page) -> None:
        """Listen to one page."""
        page.on("console", lambda message: self._console(page, message.type, message.text))
        page.on("pageerror", lambda error: self.found.append(f"{page.url}: script error: {error}"))
        page.on("request", lambda request: self._request(page, request.url))
        page.on("response", lambda response: self._response(page, response))

    def _console(self, page: Page, kind: str, text: str) -> None:
        if kind in ("error", "warning"):
            self.found.append(f"{page.url}: console {kind}: {text}")

    def _request(self, page: Page, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme in ("http", "https", "ws", "wss") and parts.netloc != urlsplit(self.gateway).netloc:
            self.found.append(f"{page.url}: request to another host: {url}")

    def _response(self, page: Page, response: Response) -> None:
        if response.status >= 400:
            self.found.append(f"{page.url}: {response.status} for {response.url}")

    def check_links(self, page: Page) -> None:
        """Every link stays below the mount or names a place that may be linked."""
        for href in page.eval_on_selector_all("a[href], form[action]", "all => all.map(e => e.href || e.action)"):
            parts = urlsplit(href)
            if parts.scheme not in ("http", "https"):
                continue
            ours = parts.netloc == urlsplit(self.gateway).netloc
            if ours and not parts.path.startswith("/prod/"):
                self.found.append(f"{page.url}: link leaves /prod/: {href}")
            if ours and ("/prod/swf-monitor" in parts.path or "/swf-monitor/" in href):
                self.found.append(f"{page.url}: link was not rewritten: {href}")
            if not ours and not LINKED_HOSTS.fullmatch(parts.hostname or ""):
                self.found.append(f"{page.url}: link to an unknown host: {href}")


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(
            executable_path=chromium, args=["--disable-dev-shm-usage", "--disable-background-networking"]
        )
        yield running
        running.close()


@pytest.fixture
def complaints(demo: Demo) -> Complaints:
    return Complaints(demo.gateway)


@dataclass(slots=True)
class Walk:
    """What was seen while every page was opened once in a window of one size."""

    complaints: Complaints
    untitled: list[str] = field(default_factory=list)
    too_wide: list[str] = field(default_factory=list)


@pytest.fixture(scope="module", params=["desktop", "phone"])
def walk(browser: Browser, demo: Demo, request: pytest.FixtureRequest) -> Walk:
    context = browser.new_context(viewport=SIZES[request.param])
    page, seen = context.new_page(), Walk(Complaints(demo.gateway))
    seen.complaints.watch(page)
    for path in PAGES:
        open_page(page, demo, path)
        seen.untitled += [] if page.title().strip() else [path]
        wide = page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth + 1")
        seen.too_wide += [path] if wide else []
        seen.complaints.check_links(page)
    context.close()
    return seen


@pytest.fixture
def desktop_page(browser: Browser, complaints: Complaints) -> Iterator[Page]:
    context = browser.new_context(viewport=SIZES["desktop"])
    page = context.new_page()
    complaints.watch(page)
    yield page
    context.close()


def open_page(page: Page, demo: Demo, path: str) -> None:
    """Open one page and wait until its own requests are answered."""
    page.goto(urljoin(demo.gateway, path), wait_until="networkidle")


def sign_in(page: Page, demo: Demo, start: str = "panda/jobs/") -> None:
    """Follow the page's own login link and fill in the form."""
    open_page(page, demo, start)
    page.locator(".nav-auth a").first.click()
    page.get_by_label(re.compile("user", re.IGNORECASE)).fill(str(demo.state["login"]))
    page.locator("input[type=password]").fill(str(demo.state["password"]))
    page.locator("main button[type=submit]").click()
    page.wait_for_load_state("networkidle")


def test_every_page_opens_without_complaint(walk: Walk) -> None:
    assert "\n".join(walk.complaints.found) == ""
    assert walk.untitled == []


def test_no_page_is_wider_than_its_window(walk: Walk) -> None:
    assert walk.too_wide == []


def test_a_crawl_of_the_links_finds_no_dead_one(desktop_page: Page, demo: Demo, complaints: Complaints) -> None:
    page, seen, queue = desktop_page, set[str](), [demo.gateway]
    kinds: dict[str, int] = {}
    while queue:
        url = queue.pop(0)
        kind = re.sub(r"\d+", "N", urlsplit(url).path)
        if url in seen or kinds.get(kind, 0) >= 2 or not urlsplit(url).path.startswith("/prod/"):
            continue
        if kind == "/prod/panda/view-text/":  # the monitor fetches these from a server outside this machine
            continue
        seen.add(url)
        kinds[kind] = kinds.get(kind, 0) + 1
        answer = page.request.get(url, max_redirects=2, headers={"Accept": "text/html,*/*;q=0.8"})
        if answer.status >= 400:
            complaints.found.append(f"dead link: {answer.status} for {url}")
            continue
        if "text/html" not in answer.headers.get("content-type", ""):
            continue
        page.goto(url, wait_until="networkidle")
        complaints.check_links(page)
        links = page.eval_on_selector_all("a[href]", "all => all.map(e => e.href)")
        queue += [link.split("#")[0] for link in links if urlsplit(link).netloc == urlsplit(demo.gateway).netloc]
    assert len(seen) > len(PAGES)
    assert "\n".join(complaints.found) == ""


def shown_statuses(page: Page) -> set[str]:
    """The words in the job list's status column."""
    return {text.strip() for text in page.locator("#main-table tbody tr td:nth-child(4)").all_inner_texts()}


def test_a_filter_narrows_the_job_list_and_stays_in_the_address(
    desktop_page: Page, demo: Demo, complaints: Complaints
) -> None:
    page = desktop_page
    open_page(page, demo, "panda/jobs/")
    everything = page.locator("#query-count").inner_text()
    page.locator("#status-filter a.filter-link", has_text="failed").first.click()
    page.wait_for_load_state("networkidle")
    expect(page.locator("#query-count")).not_to_have_text(everything)
    assert "status=failed" in page.url
    assert shown_statuses(page) == {"failed"}
    page.reload(wait_until="networkidle")
    assert shown_statuses(page) == {"failed"}
    assert "\n".join(complaints.found) == ""


def test_sorting_and_paging_ask_the_server(desktop_page: Page, demo: Demo, complaints: Complaints) -> None:
    page = desktop_page
    open_page(page, demo, "panda/jobs/")
    first = "#main-table tbody tr:first-child td:first-child"
    newest = page.locator(first).inner_text()
    with page.expect_response(lambda response: "/datatable/" in response.url):
        page.locator("#main-table thead th").first.click()
    page.wait_for_load_state("networkidle")
    expect(page.locator(first)).not_to_have_text(newest)
    oldest = page.locator(first).inner_text()
    assert int(oldest) < int(newest)
    with page.expect_response(lambda response: "start=100" in response.url):
        page.locator(".dt-paging-button", has_text="2").first.click()
    expect(page.locator(first)).not_to_have_text(oldest)
    assert "\n".join(complaints.found) == ""


def test_a_task_leads_to_a_job_and_back(desktop_page: Page, demo: Demo, complaints: Complaints) -> None:
    page = desktop_page
    open_page(page, demo, "panda/tasks/?days=14&status=done")
    page.locator("#main-table tbody a[href*='/panda/tasks/']").first.click()
    page.wait_for_load_state("networkidle")
    task_url = page.url
    assert re.search(r"/prod/panda/tasks/\d+/$", task_url)
    page.locator("main table a[href$='/']:not([href*='?'])[href*='/prod/panda/jobs/']").first.click()
    page.wait_for_load_state("networkidle")
    assert re.search(r"/prod/panda/jobs/\d+/$", page.url)
    page.locator(f"main a[href='{urlsplit(task_url).path}']").first.click()
    page.wait_for_load_state("networkidle")
    assert page.url == task_url
    assert "\n".join(complaints.found) == ""


def test_signing_in_returns_to_the_page_and_signing_out_forgets_the_reader(
    desktop_page: Page, demo: Demo, complaints: Complaints
) -> None:
    page = desktop_page
    sign_in(page, demo, "panda/tasks/?days=14")
    assert page.url == urljoin(demo.gateway, "panda/tasks/?days=14")
    expect(page.locator(".nav-auth")).to_contain_text(str(demo.state["login"]))
    open_page(page, demo, "account/")
    expect(page.locator("main")).to_contain_text(str(demo.state["login"]))
    open_page(page, demo, "panda/tasks/")
    page.locator(".nav-auth form button, .nav-auth form input[type=submit]").click()
    page.wait_for_load_state("networkidle")
    open_page(page, demo, "panda/tasks/")
    expect(page.locator(".nav-auth")).not_to_contain_text(str(demo.state["login"]))
    assert "\n".join(complaints.found) == ""


def test_a_signed_in_reader_can_follow_the_event_stream(desktop_page: Page, demo: Demo) -> None:
    page = desktop_page
    sign_in(page, demo)
    heard = page.evaluate(
        """() => new Promise((resolve, reject) => {
            const source = new EventSource('/prod/api/messages/stream/?msg_types=job_state');
            source.addEventListener('connected', event => { source.close(); resolve(event.data); });
            source.onerror = () => reject(new Error('the stream was refused'));
        })"""
    )
    assert "client_id" in heard


# In the dark only the colours differ.
@pytest.mark.parametrize(("scheme", "rules"), [("light", ""), ("dark", "runOnly: ['color-contrast'], ")])
def test_pages_have_no_accessibility_violation(browser: Browser, demo: Demo, axe: str, scheme: str, rules: str) -> None:
    context = browser.new_context(viewport=SIZES["desktop"], color_scheme=scheme, bypass_csp=True)
    page = context.new_page()
    violations = []
    for path in PAGES:
        open_page(page, demo, path)
        page.evaluate(axe)
        result = page.evaluate(f"axe.run({{{rules}resultTypes: ['violations']}})")
        for found in result["violations"]:
            violations.append(f"{path}: {found['id']}: {found['help']}: {found['nodes'][0]['html'][:200]}")
    context.close()
    assert "\n".join(violations) == ""
