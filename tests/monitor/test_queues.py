"""The queue pages show every ePIC queue of PanDA's table, with job numbers that open their jobs (contract 4.10)."""

from __future__ import annotations

import json
import re
import sqlite3
from datetime import datetime
from html import unescape
from urllib.parse import unquote

import pytest

from tests.monitor.conftest import Site
from tests.monitor.definitions import JOBS, job_window

LIST = "/panda/epic-queues/"


def epic_names(sql: sqlite3.Connection) -> set[str]:
    rows = sql.execute("SELECT panda_queue FROM schedconfig_json WHERE json_extract(data, '$.vo_name') = 'eic'")
    return {row[0] for row in rows}


def test_the_list_holds_the_queues_of_the_experiment_and_no_others(
    site: Site, sql: sqlite3.Connection, panda: datetime
) -> None:
    links = re.findall(r'href="/swf-monitor/panda/epic-queues/([^"/]+)/"', site.html(LIST))
    assert {unquote(unescape(link)) for link in links} == epic_names(sql)


def test_job_numbers_are_of_the_last_day_and_open_their_jobs(
    site: Site, sql: sqlite3.Connection, panda: datetime
) -> None:
    page = site.html(LIST)
    links = re.findall(r'href="(/swf-monitor/panda/jobs/\?[^"]+)"[^>]*>(?:View )?([\d,]+)</a>', page)
    assert len(links) == 3 * len(epic_names(sql))
    for url, number in links:
        rows = site.json(unescape(url).replace("/?", "/datatable/?") + "&length=0")
        assert rows["recordsFiltered"] == int(number.replace(",", "")), url
    wanted = sql.execute(
        f"SELECT COUNT(*) FROM {JOBS} WHERE modificationtime >= ? AND computingsite = 'JLAB_OSG_epic'",
        (job_window(panda, 1),),
    ).fetchone()[0]
    assert f">View {wanted}</a>" in page


def test_every_setting_of_a_queue_is_on_its_page(site: Site, sql: sqlite3.Connection, panda: datetime) -> None:
    settings = json.loads(
        sql.execute("SELECT data FROM schedconfig_json WHERE panda_queue = 'JLAB_OSG_epic'").fetchone()[0]
    )
    page = unescape(site.html(f"{LIST}JLAB_OSG_epic/"))
    block = page.split('id="json-block"')[1].split(">", 1)[1].split("</pre>")[0]
    assert json.loads(block) == settings
    for name in settings:
        assert f"<dt>{name}</dt>" in page


@pytest.mark.parametrize("name", ["nowhere", "%3Cscript%3E", "a%20b"])
def test_an_unknown_queue_is_a_page_with_an_alert(site: Site, panda: datetime, name: str) -> None:
    page = site.html(f"{LIST}{name}/")
    assert 'role="alert"' in page
    assert f"Queue {unquote(name)} not found" in unescape(page)
    assert "<script>\n" not in page.split("</h1>")[0].split("<h1>")[1]


def test_a_queue_without_settings_still_has_a_page(site: Site, panda: datetime) -> None:
    assert "<h1>EMPTY_queue</h1>" in site.html(f"{LIST}EMPTY_queue/")


def test_names_with_signs_can_be_opened(site: Site, panda: datetime) -> None:
    links = re.findall(r'href="(/swf-monitor/panda/epic-queues/[^"]+)">BNL &lt;test&gt;', site.html(LIST))
    assert "BNL &lt;test&gt; &amp; Söhne</h1>" in site.html(unescape(links[0]))
