"""The stand-in's pages in Chromium, through a real gateway: they work as they would before the monitor itself."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from playwright.async_api import (
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    Response,
    Route,
    async_playwright,
    expect,
)

from tests.remote.gateways import Gateway, gateway
from tests.remote.laboratory.monitor import NAME, Laboratory, laboratory
from tests.system.running_demo import missing

pytestmark = [pytest.mark.once, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

PAGES = (
    "prod/",
    "prod/?tab=ops",
    "about/",
    "panda/",
    "panda/activity/",
    "panda/jobs/",
    "panda/tasks/",
    "panda/errors/",
    "panda/diagnostics/",
    "panda/jobs/167402/",
    "panda/epic-queues/BNL_PanDA_1/",
    "pcs/tasks/compose/",
    "pcs/request/",
    "pcs/notes/plan/edit/",
    "ai/assessments/",
    "ai/assessments/legacy/11/",
)
TABLES = ("jobs", "tasks", "errors", "diagnostics")


@dataclass
class Complaints:
    """What a page must not do, noted while it is open."""

    own: str
    found: list[str] = field(default_factory=list)

    def watch(self, page: Page) -> None:
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.found.append(f"script error: {error}"))
        page.on("response", self._response)
        page.on("requestfailed", self._failed)

    async def refuse_others(self, route: Route) -> None:
        """Nothing outside of the gateway is needed."""
        if urlsplit(route.request.url).netloc == self.own:
            await route.continue_()
        else:
            self.found.append(f"asks another host: {route.request.url}")
            await route.abort()

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.found.append(f"console: {message.text}")

    def _response(self, response: Response) -> None:
        if response.status >= 400:
            self.found.append(f"{response.status} for {response.url}")

    def _failed(self, request: Request) -> None:
        if request.resource_type not in ("ping", "eventsource") and request.failure != "net::ERR_ABORTED":
            self.found.append(f"failed: {request.url} ({request.failure})")


@dataclass(frozen=True)
class Scene:
    """A browser before a gateway before the stand-in."""

    monitor: Laboratory
    running: Gateway
    context: BrowserContext
    complaints: Complaints

    async def page(self, path: str) -> Page:
        """A new page at this path, all of its own requests answered."""
        page = await self.context.new_page()
        self.complaints.watch(page)
        await page.goto(f"{self.running.url}/prod/{path}", wait_until="networkidle")
        return page

    async def sign_in(self, session: str) -> None:
        cookie = {"name": settings.SESSION_COOKIE_NAME, "value": session, "url": f"{self.running.url}/prod/"}
        await self.context.add_cookies([cookie])  # type: ignore[list-item]


def chromium() -> str:
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return found
    missing("Chromium")
    raise AssertionError


@asynccontextmanager
async def scene() -> AsyncIterator[Scene]:
    arguments = ["--disable-dev-shm-usage", "--disable-background-networking"]
    async with (
        laboratory() as monitor,
        gateway(monitor.url, monitor_host=NAME) as running,
        async_playwright() as playwright,
    ):
        browser = await playwright.chromium.launch(executable_path=chromium(), args=arguments)
        context = await browser.new_context()
        complaints = Complaints(f"127.0.0.1:{running.port}")
        await context.route("**/*", complaints.refuse_others)
        yield Scene(monitor, running, context, complaints)
        await browser.close()


async def test_every_page_works_without_complaint_and_without_another_host() -> None:
    async with scene() as on:
        for path in PAGES:
            page = await on.page(path)
            assert await page.title()
            assert not await page.locator("#js-error-overlay").is_visible(), path
            if on.complaints.found:
                on.complaints.found.insert(0, f"at {path}:")
                break
            await page.close()
        assert "\n".join(on.complaints.found) == ""


async def test_the_hub_is_in_production_mode_whatever_was_kept_before() -> None:
    async with scene() as on:
        page = await on.page("about/")
        await page.evaluate("localStorage.setItem('navMode', 'testbed')")
        await page.reload(wait_until="networkidle")
        assert await page.locator("html").get_attribute("data-nav-mode") == "production"


@pytest.mark.parametrize("name", TABLES)
async def test_a_table_fills_itself_and_its_cells_lead_to_pages_of_ours(name: str) -> None:
    async with scene() as on:
        page = await on.page(f"panda/{name}/")
        await expect(page.locator("#main-table tbody tr td a").first).to_be_visible()
        hrefs = await page.eval_on_selector_all("#main-table tbody a", "all => all.map(e => new URL(e.href).pathname)")
        assert hrefs
        assert all(path.startswith("/prod/panda/") for path in hrefs)
        if name in ("jobs", "tasks"):
            await expect(page.locator("#status-filter a").first).to_be_visible()
        assert "\n".join(on.complaints.found) == ""


async def test_a_compose_page_builds_its_rows_and_saves_under_the_readers_name(alice: str) -> None:
    async with scene() as on:
        await on.sign_in(alice)
        page = await on.page("pcs/tasks/compose/")
        href = await page.locator("#rows a.open").get_attribute("href")
        assert href is not None
        assert href.startswith("/prod/pcs/tasks/group.EIC")
        async with page.expect_response(lambda response: "prod-tasks" in response.url) as answered:
            await page.locator("#save").click()
        assert (await answered.value).status == 201
        (saved,) = [asked for asked in on.monitor.received if asked.method == "PATCH"]
        assert (saved.user, saved.body) == ("alice", b'{"status":"ready"}')


async def test_a_form_posts_the_monitors_own_path_as_next_and_its_redirect_stays_here(alice: str) -> None:
    async with scene() as on:
        await on.sign_in(alice)
        page = await on.page("pcs/tasks/compose/")
        await page.get_by_label("Name").fill("night")
        await page.locator("#new-config button").click()
        await page.wait_for_url("**/prod/pcs/configs/?selected=7")
        (posted,) = [asked for asked in on.monitor.received if asked.method == "POST"]
        assert (posted.user, posted.path) == ("alice", "pcs/configs/create/")
        assert b"next=%2Fswf-monitor%2Fpcs%2Fconfigs%2F" in posted.body


async def test_what_an_editor_sends_when_its_reader_leaves_arrives(alice: str) -> None:
    async with scene() as on:
        await on.sign_in(alice)
        page = await on.page("pcs/notes/plan/edit/")
        assert await page.evaluate("document.body.dataset.home") == "/prod/pcs/notes/plan/edit/"
        assert await page.evaluate("document.body.dataset.next") == "/prod/pcs/notes/plan/edit/"
        await page.get_by_label("Words").fill("changed")
        await page.goto(f"{on.running.url}/prod/about/", wait_until="networkidle")
        (saved,) = on.monitor.asked_for("pcs/notes/plan/save/")
        assert (saved.method, saved.user) == ("POST", "alice")
        assert saved.values("content-type") == ["application/json"]
        assert b'"content":"changed"' in saved.body


async def test_what_an_editor_of_nobody_sends_does_not_arrive() -> None:
    async with scene() as on:
        page = await on.page("pcs/notes/plan/edit/")
        await page.get_by_label("Words").fill("changed")
        await page.goto(f"{on.running.url}/prod/about/", wait_until="networkidle")
        assert on.monitor.asked_for("pcs/notes/plan/save/") == []
