"""All text columns of PanDA's jobs and tasks hold hostile markup; our own monitor shows it as the text it is."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest
from playwright.sync_api import Page, sync_playwright

from tests.remote.proxy.payloads import HOSTILE, armed
from tests.system.running_demo import Demo, copy_of, start_demo, wait_ready

TABLES = ("jobsdefined4", "jobswaiting4", "jobsactive4", "jobsarchived4", "jobsarchived", "jedi_tasks")
# By these, jobs and tasks are found at all.
KEPT = {"vo", "jobstatus", "prodsourcelabel", "workinggroup", "status", "oldstatus", "superstatus", "tasktype"}
PAYLOADS = [armed(payload, "top.ran(1)") for payload in HOSTILE.values() if "\0" not in payload]
PAGES = ("panda/jobs/", "panda/jobs/?days=7&status=failed", "panda/tasks/", "panda/errors/", "panda/diagnostics/")
PAGES += ("panda/", "panda/activity/", "prod/")


@pytest.fixture(scope="module")
def hostile_demo(seeded_var: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """The whole chain, frozen, on a database like that."""
    var = copy_of(seeded_var, tmp_path_factory.mktemp("hostile") / "var")
    with closing(sqlite3.connect(var / "panda.sqlite3")) as database, database:
        database.create_function("hostile", 1, lambda number: PAYLOADS[number % len(PAYLOADS)])
        for table in TABLES:
            columns = database.execute(f'PRAGMA table_info("{table}")').fetchall()
            texts = [name for _, name, kind, *_ in columns if is_free_text(kind) and name not in KEPT]
            changes = ", ".join(f'"{name}" = hostile(rowid + {place})' for place, name in enumerate(texts))
            database.execute(f'UPDATE "{table}" SET {changes}')
    running = wait_ready(start_demo(var, "--speed", "0"))
    yield running
    running.stop()


def is_free_text(kind: str) -> bool:
    size = re.fullmatch(r"VARCHAR\((\d+)\)", kind)
    return size is not None and int(size[1]) >= 36


@pytest.fixture(scope="module")
def page(chromium: str) -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--disable-dev-shm-usage"])
        opened = browser.new_page()
        opened.add_init_script("window.all_that_ran = []; window.ran = (number) => window.all_that_ran.push(number);")
        yield opened
        browser.close()


def test_our_own_pages_show_hostile_text_as_text(hostile_demo: Demo, page: Page) -> None:
    amiss: list[str] = []
    shown = 0
    page.on("pageerror", lambda error: amiss.append(f"{page.url}: {error}"))
    page.on("console", lambda message: amiss.append(f"{page.url}: {message.text}"))
    page.on("request", lambda request: amiss.extend(foreign(request.url, hostile_demo.gateway)))
    for path in (*PAGES, *details(hostile_demo)):
        page.goto(urljoin(hostile_demo.gateway, path), wait_until="networkidle")
        shown += page.locator("body").inner_text().count("top.ran(1)")
        amiss += [f"{page.url}: ran {number}" for number in page.evaluate("window.all_that_ran")]
    assert amiss == []
    assert shown > 100, "the hostile text has to be on the pages, or nothing is proved"


def details(demo: Demo) -> list[str]:
    """Paths of one failed job and its task."""
    with closing(sqlite3.connect(demo.database)) as database:
        job, task = database.execute(
            "SELECT pandaid, jeditaskid FROM jobsarchived4 WHERE jobstatus = 'failed' ORDER BY pandaid DESC"
        ).fetchone()
    return [f"panda/jobs/{job}/", f"panda/tasks/{task}/"]


def foreign(url: str, gateway: str) -> list[str]:
    parts = urlsplit(url)
    ours = parts.scheme in ("data", "blob") or parts.netloc == urlsplit(gateway).netloc
    return [] if ours and not parts.path.endswith("/x") else [f"request {url}"]
