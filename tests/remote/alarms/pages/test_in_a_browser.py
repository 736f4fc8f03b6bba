"""The alarms' pages in Chromium: current by themselves, usable by keyboard and without scripts, narrow as a phone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.conf import settings
from playwright.async_api import BrowserContext, Page, async_playwright, expect

from swf_remote.alarms.models import Event, State
from tests.remote.alarms.pages.scenes import addresses, event, world
from tests.remote.gateways import Gateway, gateway
from tests.remote.laboratory.readers import session_of
from tests.remote.laboratory.test_in_a_browser import chromium

pytestmark = [pytest.mark.once, pytest.mark.slow, pytest.mark.django_db(transaction=True)]
TITLE = "Alarms \N{EN DASH} ePIC monitor"
PHONE, DESK = {"width": 360, "height": 780}, {"width": 1280, "height": 800}


@pytest.fixture
def found(transactional_db: None) -> dict[str, Any]:
    return world()


@pytest.fixture
def session(found: dict[str, Any]) -> str:
    return session_of("operator")


@asynccontextmanager
async def browsing(
    viewport: dict[str, int] = DESK, session: str = "", **options: Any
) -> AsyncIterator[tuple[Gateway, BrowserContext, list[str]]]:
    """A running gateway, a browser of one reader, and what went wrong on its pages."""
    arguments = ["--disable-dev-shm-usage", "--disable-background-networking"]
    async with gateway("http://127.0.0.1:9/swf-monitor") as running, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=arguments)
        context = await browser.new_context(viewport=viewport, **options)  # type: ignore[arg-type]
        complaints: list[str] = []
        context.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        context.on("weberror", lambda error: complaints.append(str(error.error)))
        if session:
            cookie = {"name": settings.SESSION_COOKIE_NAME, "value": session, "url": f"{running.url}/prod/"}
            await context.add_cookies([cookie])  # type: ignore[list-item]
        yield running, context, complaints
        await browser.close()


async def dashboard(running: Gateway, context: BrowserContext) -> Page:
    page = await context.new_page()
    await page.clock.install()
    await page.goto(f"{running.url}/prod/alarms/")
    return page


async def test_a_new_firing_shows_by_itself_in_the_title_too(found: dict[str, Any]) -> None:
    async with browsing() as (running, context, complaints):
        page = await dashboard(running, context)
        await expect(page).to_have_title(f"(1) {TITLE}")
        made = await sync_to_async(event)(found["other"], 4800)
        await page.clock.fast_forward(11_000)
        await expect(page).to_have_title(f"(2) {TITLE}")
        await expect(page.locator(f"#event-{made.pk}")).to_be_visible()
        assert complaints == []


async def test_a_page_that_pauses_asks_for_nothing(found: dict[str, Any]) -> None:
    async with browsing() as (running, context, _):
        page = await dashboard(running, context)
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        await page.get_by_role("button", name="Pause").click()
        await page.clock.fast_forward(60_000)
        # The browser fetches the icon when it pleases.
        assert [one for one in asked if "/assets/" not in one] == []


async def test_what_somebody_types_is_left_alone_when_the_page_is_drawn_anew(
    found: dict[str, Any], session: str
) -> None:
    async with browsing(session=session) as (running, context, _):
        page = await dashboard(running, context)
        card = page.locator(f"#event-{found['events']['firing'].pk}")
        await card.get_by_text("Silence", exact=True).click()
        await card.get_by_label("Reason").fill("site informed")
        await sync_to_async(event)(found["other"], 4800)
        await page.clock.fast_forward(11_000)
        await expect(page).to_have_title(f"(2) {TITLE}")
        await expect(card.get_by_label("Reason")).to_have_value("site informed")


async def test_acknowledging_leads_back_to_the_card_without_scripts(found: dict[str, Any], session: str) -> None:
    async with browsing(session=session, java_script_enabled=False) as (running, context, _):
        page = await context.new_page()
        await page.goto(f"{running.url}/prod/alarms/")
        key = found["events"]["firing"].pk
        await page.locator(f"#event-{key}").get_by_role("button", name="Acknowledge").click()
        assert page.url.endswith(f"/prod/alarms/#event-{key}")
        assert (await sync_to_async(Event.objects.get)(pk=key)).state == State.ACKNOWLEDGED
        await expect(page.locator(f"#event-{key}")).to_contain_text("Acknowledged by operator")


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_no_reader_has_to_scroll_sideways_on_a_phone(found: dict[str, Any], session: str, theme: str) -> None:
    async with browsing(PHONE, session, color_scheme=theme) as (running, context, complaints):
        page = await context.new_page()
        for path in (*addresses(found), "deliveries/", f"deliveries/{found['message'].pk}/"):
            if "part=" in path or "csv" in path:
                continue
            await page.goto(f"{running.url}/prod/alarms/{path}")
            assert await page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], path
        assert complaints == []


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_a_checker_of_accessibility_finds_nothing(found: dict[str, Any], session: str, theme: str) -> None:
    checker = Path(__file__).parents[4] / "node_modules/axe-core/axe.min.js"
    if not checker.exists():
        pytest.skip("axe-core is not installed: make setup-dev")
    source = checker.read_text()
    async with browsing(DESK, session, color_scheme=theme) as (running, context, _):
        page = await context.new_page()
        for path in (
            "",
            f"events/{found['events']['firing'].pk}/",
            "silences/",
            "eic_failures/",
            "runs/",
            "deliveries/",
        ):
            await page.goto(f"{running.url}/prod/alarms/{path}")
            await page.evaluate(source)
            violations = await page.evaluate(
                "axe.run().then(found => found.violations.map(one => [one.id, one.nodes[0].html.slice(0, 200)]))"
            )
            assert violations == [], path


async def test_who_watches_is_notified_of_what_begins_to_fire_and_of_nothing_before(found: dict[str, Any]) -> None:
    recorder = """
        window.told = [];
        window.Notification = class extends EventTarget {
          static permission = "granted";
          static requestPermission = async () => "granted";
          constructor(title, options) { super(); window.told.push([title, options.body]); }
        };
    """
    async with browsing() as (running, context, complaints):
        await context.add_init_script(recorder)
        page = await context.new_page()
        await page.goto(f"{running.url}/prod/alarms/")
        await page.get_by_role("button", name="Notify me").click()
        async with page.expect_event("requestfinished", lambda one: "part=live" in one.url, timeout=20_000):
            await expect(page.locator("[data-watch]")).to_have_attribute("data-known", "1", timeout=20_000)
            made = await sync_to_async(event)(found["alarm"], "task:990099", subject="task 990099 fails badly")
            await expect(page.get_by_role("alert")).to_have_text("Fires now: task 990099 fails badly", timeout=20_000)
        assert await page.evaluate("window.told") == [[f"{made.severity}: task 990099 fails badly", made.alarm.name]]
        await page.get_by_role("button", name="Watching").click()
        await expect(page.get_by_role("button", name="Notify me")).to_be_visible()
        assert complaints == []
