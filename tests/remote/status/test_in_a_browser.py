"""The status page in Chromium: live by the stream, by asking where there is none, paused, and narrow as a phone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from django.conf import settings
from playwright.async_api import BrowserContext, Page, async_playwright, expect

from swf_remote.status import parts
from swf_remote.web import event_streams
from tests.remote.gateways import Gateway, gateway
from tests.remote.laboratory.monitor import NAME, laboratory
from tests.remote.laboratory.readers import session_of
from tests.remote.laboratory.test_in_a_browser import chromium
from tests.remote.status.hours import Counting

pytestmark = [pytest.mark.once, pytest.mark.slow, pytest.mark.django_db(transaction=True)]
PHONE, DESK = {"width": 360, "height": 780}, {"width": 1280, "height": 800}


@pytest.fixture
def operator(transactional_db: None) -> str:
    """The session of a member of the staff."""
    return session_of("operator", staff=True)


@pytest.fixture(autouse=True)
def hour(monkeypatch: pytest.MonkeyPatch) -> Counting:
    """An hour in which everything that can be drawn has happened."""
    counting = Counting().step()
    for step in range(300):
        for result in ("hit", "coalesced", "stale", "miss", "bypass"):
            counting.requests(result, 1 + step % 7)
        counting.looks(2, 0.08).link("tunnel" if 100 < step < 120 else "nothing").streams(step % 9).step()
    now = counting.number * 10.0
    monkeypatch.setattr(parts, "_samples", lambda: (counting.samples, now))
    parts._plots_part.cache_clear()
    return counting


@asynccontextmanager
async def browsing(viewport: dict[str, int] = DESK, **options: str) -> AsyncIterator[tuple[Gateway, BrowserContext]]:
    arguments = ["--disable-dev-shm-usage", "--disable-background-networking"]
    async with (
        laboratory() as monitor,
        gateway(monitor.url, monitor_host=NAME) as running,
        async_playwright() as playwright,
    ):
        browser = await playwright.chromium.launch(executable_path=chromium(), args=arguments)
        yield running, await browser.new_context(viewport=viewport, **options)  # type: ignore[arg-type]
        await browser.close()


async def status_page(running: Gateway, context: BrowserContext, session: str = "") -> tuple[Page, list[str]]:
    """The page, and what went wrong on it."""
    if session:
        cookie = {"name": settings.SESSION_COOKIE_NAME, "value": session, "url": f"{running.url}/prod/"}
        await context.add_cookies([cookie])  # type: ignore[list-item]
    page, complaints = await context.new_page(), list[str]()
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    await page.goto(f"{running.url}/prod/status/")
    return page, complaints


async def test_the_page_is_live_by_its_stream() -> None:
    async with browsing() as (running, context):
        page, complaints = await status_page(running, context)
        await expect(page.locator("#how")).to_have_text("· live", timeout=20_000)
        shown = await page.locator("#as-of").inner_text()
        await expect(page.locator("#as-of")).not_to_have_text(shown, timeout=20_000)
        assert complaints == []


async def test_where_there_is_no_stream_the_page_asks_instead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_streams, "MOST_LISTENERS", 0)
    async with browsing() as (running, context):
        page, _ = await status_page(running, context)
        async with page.expect_response(lambda reply: "part=live" in reply.url, timeout=20_000) as reply:
            pass
        assert (await reply.value).status == 200
        await expect(page.locator("#how")).to_have_text("· every 5 s")


async def test_a_page_that_pauses_asks_for_nothing_until_it_goes_on() -> None:
    async with browsing() as (running, context):
        page, _ = await status_page(running, context)
        await expect(page.locator("#how")).to_have_text("· live", timeout=20_000)
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        await page.get_by_role("button", name="Pause").click()
        await expect(page.get_by_role("button", name="Go on")).to_have_attribute("aria-pressed", "true")
        assert asked == []
        async with page.expect_request(lambda request: "status/stream/" in request.url, timeout=20_000):
            await page.get_by_role("button", name="Go on").click()


async def test_an_opened_table_stays_open_when_the_plots_are_drawn_anew(hour: Counting) -> None:
    async with browsing() as (running, context):
        page, _ = await status_page(running, context)
        await expect(page.locator("#how")).to_have_text("· live", timeout=20_000)
        await page.get_by_text("The same as a table").click()
        before = await page.locator(".plots").inner_html()
        hour.requests("miss", 5000).step()
        parts._plots_part.cache_clear()
        await page.wait_for_function("before => document.querySelector('.plots').innerHTML !== before", arg=before)
        await expect(page.get_by_role("region", name="The last hour in steps")).to_be_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_no_reader_has_to_scroll_sideways_on_a_phone(operator: str, theme: str) -> None:
    async with browsing(PHONE, color_scheme=theme) as (running, context):
        for session in ("", operator):
            page, complaints = await status_page(running, context, session)
            assert await page.locator(".plot-area").count() == 6
            assert await page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
            assert complaints == []


async def test_without_scripts_all_figures_are_there(operator: str) -> None:
    arguments = ["--disable-dev-shm-usage"]
    async with (
        laboratory() as monitor,
        gateway(monitor.url, monitor_host=NAME) as running,
        async_playwright() as playwright,
    ):
        browser = await playwright.chromium.launch(executable_path=chromium(), args=arguments)
        page, _ = await status_page(running, await browser.new_context(java_script_enabled=False), operator)
        assert await page.locator(".plot-area").count() == 6
        await expect(page.get_by_role("heading", name="Lanes to the monitor")).to_be_visible()
        await expect(page.get_by_role("button", name="Pause")).to_be_hidden()
        await expect(page.get_by_role("button", name="Compare with the monitor now")).to_be_visible()
        await browser.close()
