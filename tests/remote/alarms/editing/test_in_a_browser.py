"""The editor in Chromium: the preview follows what is typed, drafts survive, nothing breaks the page's policy."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.conf import settings
from playwright.async_api import BrowserContext, Page, async_playwright, expect

from swf_remote.alarms.configuring import save_alarm
from swf_remote.alarms.editing import looking
from swf_remote.alarms.inputs.recordings import Recordings
from swf_remote.alarms.models import Alarm
from tests.remote.alarms.detecting.worlds import task
from tests.remote.alarms.editing.conftest import NOW, moments
from tests.remote.gateways import Gateway, gateway
from tests.remote.laboratory.readers import session_of
from tests.remote.laboratory.test_in_a_browser import chromium

pytestmark = [pytest.mark.once, pytest.mark.slow, pytest.mark.django_db(transaction=True)]
PHONE, DESK = {"width": 390, "height": 844}, {"width": 1280, "height": 800}
SHOTS = os.environ.get("SHOTS", "")
"""Folder for pictures, for people who look at them."""


@pytest.fixture
def session(transactional_db: None) -> str:
    return session_of("operator", staff=True)


@pytest.fixture(autouse=True)
def saved(session: str, monkeypatch: pytest.MonkeyPatch) -> Alarm:
    """An alarm, and a monitor with tasks that fail more and more."""
    tasks = tuple(task(4700 + number, final_failure_rate=number / 100, nfailed=number) for number in range(1, 31))
    monkeypatch.setattr(looking, "ask", lambda queries, now: dict.fromkeys(queries, tasks))
    monkeypatch.setattr(Recordings, "moments", lambda self, since, until: iter(moments(20)))
    made = Alarm(
        name="failing_tasks",
        title="Failing tasks",
        description="Look at the log of a failed job first.\nThen tell the site.",
        detector="task_failure_ratio",
        parameters={"threshold": 0.28},
        recipients="@prodops, shift@lab.example",
    )
    save_alarm(made, "carol", NOW)
    made.description, made.parameters = "Tell the site.", {"threshold": 0.28, "username": "a%"}
    save_alarm(made, "dave", NOW, comment="Only some")
    return made


@asynccontextmanager
async def browsing(
    session: str, viewport: dict[str, int] = DESK, **options: Any
) -> AsyncIterator[tuple[Gateway, Page]]:
    """A page of a signed-in reader; the editor of the alarm is open, and nothing goes wrong on it."""
    arguments = ["--disable-dev-shm-usage", "--disable-background-networking"]
    async with gateway("http://127.0.0.1:9/swf-monitor") as running, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=arguments)
        context: BrowserContext = await browser.new_context(viewport=viewport, **options)  # type: ignore[arg-type]
        cookie = {"name": settings.SESSION_COOKIE_NAME, "value": session, "url": f"{running.url}/prod/"}
        await context.add_cookies([cookie])  # type: ignore[list-item]
        page, complaints = await context.new_page(), list[str]()
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        await page.goto(f"{running.url}/prod/alarms/failing_tasks/edit/")
        yield running, page
        # Chromium complains of every answer that says what is wrong.
        assert [one for one in complaints if "status of 409" not in one and "status of 422" not in one] == []
        await browser.close()


async def test_the_preview_follows_what_is_typed(session: str) -> None:
    async with browsing(session) as (_, page):
        await page.get_by_label("Threshold").fill("0.25")
        await expect(page.locator("#preview")).to_contain_text("6 matches now.")
        await page.get_by_label("Threshold").fill("two")
        await expect(page.locator("#preview")).to_contain_text("The form has 1 problem")
        await page.get_by_label("Threshold").fill("0.3")
        await expect(page.locator("#preview")).to_contain_text("1 match now.")
        await expect(page.locator("[data-preview-status]")).to_have_text("1 match now.")


async def test_the_button_shows_the_preview_in_place_and_saving_works_afterwards(session: str) -> None:
    async with browsing(session) as (_, page):
        await page.get_by_role("button", name="Preview").click()
        await expect(page.locator("#preview")).to_contain_text("3 matches now.")
        await page.get_by_label("Title").fill("Other")
        await page.get_by_role("button", name="Save", exact=True).click()
        await expect(page.get_by_text("Saved as version 3.")).to_be_visible()


async def test_what_was_typed_is_offered_again_after_the_page_was_left(session: str) -> None:
    async with browsing(session) as (running, page):
        page.on("dialog", lambda dialog: dialog.accept())
        await page.get_by_label("Title").fill("Half a thought")
        await page.get_by_label("Tell people").uncheck()
        await page.goto(f"{running.url}/prod/status/")
        await page.goto(f"{running.url}/prod/alarms/failing_tasks/edit/")
        await expect(page.get_by_label("Title")).to_have_value("Failing tasks")
        await page.get_by_role("button", name="Put it back").click()
        await expect(page.get_by_label("Title")).to_have_value("Half a thought")
        await expect(page.get_by_label("Tell people")).not_to_be_checked()
        await page.get_by_role("button", name="Save", exact=True).click()
        await expect(page.get_by_text("Saved as version 3.")).to_be_visible()
        await page.goto(f"{running.url}/prod/alarms/failing_tasks/edit/")
        await expect(page.get_by_role("button", name="Put it back")).to_be_hidden()


async def test_leaving_unsaved_changes_asks_first(session: str) -> None:
    async with browsing(session) as (_, page):
        asked: list[str] = []

        async def answer(dialog: Any) -> None:
            asked.append(dialog.type)
            await dialog.accept()

        page.on("dialog", answer)
        await page.get_by_label("Title").fill("Half a thought")
        await page.get_by_role("link", name="Cancel").click()
        await page.wait_for_url("**/alarms/failing_tasks/")
        assert asked == ["beforeunload"]


async def test_all_of_it_works_without_scripts(session: str) -> None:
    async with browsing(session, java_script_enabled=False) as (_, page):
        await page.get_by_label("Threshold").fill("0.25")
        await page.get_by_role("button", name="Preview").click()
        await expect(page.locator("#preview")).to_contain_text("6 matches now.")
        await expect(page.get_by_label("Threshold")).to_have_value("0.25")
        await page.get_by_role("button", name="Save", exact=True).click()
        await expect(page.get_by_text("Saved as version 3.")).to_be_visible()
    assert (await sync_to_async(Alarm.objects.get)(name="failing_tasks")).parameters["threshold"] == 0.25


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [PHONE, DESK], ids=["phone", "desk"])
async def test_nothing_is_wider_than_the_screen(session: str, viewport: dict[str, int], scheme: str) -> None:
    async with browsing(session, viewport, color_scheme=scheme) as (running, page):
        await page.get_by_role("button", name="Preview").click()
        await expect(page.locator("#preview")).to_contain_text("3 matches now.")
        for path in (
            "",
            "new/",
            "failing_tasks/versions/",
            "failing_tasks/test/",
            "failing_tasks/backtest/",
            "import/",
            "teams/",
        ):
            if path:
                await page.goto(f"{running.url}/prod/alarms/{path}")
            wide = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert wide <= 0, path
            if SHOTS:
                name = f"{path.strip('/').replace('/', '-') or 'edit'}-{viewport['width']}-{scheme}.png"
                await page.screenshot(path=Path(SHOTS) / name, full_page=True)


@pytest.mark.parametrize("viewport", [PHONE, DESK], ids=["phone", "desk"])
async def test_what_went_wrong_has_the_focus_and_fits_the_screen(session: str, viewport: dict[str, int]) -> None:
    async with browsing(session, viewport) as (_, page):
        alarm = await sync_to_async(Alarm.objects.get)(name="failing_tasks")
        alarm.description = "Theirs, " + "long" * 60
        await sync_to_async(save_alarm)(alarm, "erin", NOW)
        await page.get_by_label("Title").fill("Mine")
        await page.get_by_role("button", name="Save", exact=True).click()
        await expect(page.get_by_role("heading", name="Somebody else has saved this alarm meanwhile")).to_be_visible()
        assert await page.evaluate("document.activeElement.classList.contains('error-summary')")
        assert await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
        if SHOTS:
            await page.screenshot(path=Path(SHOTS) / f"conflict-{viewport['width']}.png")
        await page.get_by_label("Threshold").fill("two")
        await page.get_by_role("button", name="Save over version 3").click()
        await expect(page.get_by_role("link", name="Threshold: 'two' is not allowed")).to_be_visible()
