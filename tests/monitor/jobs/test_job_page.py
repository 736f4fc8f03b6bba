"""The page of one job shows what PanDA keeps about it, wherever its row lives (contract 4.6)."""

from __future__ import annotations

import html
import re
import sqlite3
from datetime import datetime

import pytest

from swf_monitor.panda.job_logs import log_urls
from swf_monitor.panda.views.job_history import STRIP_WIDTH, spans
from tests.monitor.conftest import Site
from tests.monitor.jobs.job_sql import links, printed

TABLES = ["jobsdefined4", "jobsactive4", "jobsarchived4", "jobsarchived"]


def one(sql: sqlite3.Connection, table: str, condition: str = "1") -> sqlite3.Row:
    row: sqlite3.Row = sql.execute(f"SELECT * FROM {table} WHERE {condition} ORDER BY pandaid DESC LIMIT 1").fetchone()
    assert row is not None
    return row


def page(site: Site, pandaid: int) -> str:
    return site.html(f"/panda/jobs/{pandaid}/")


def facts(markup: str) -> dict[str, str]:
    """Labels and values of the page's lists."""
    pairs = re.findall(r"<dt[^>]*>(.*?)</dt>\s*<dd[^>]*>(.*?)</dd>", markup, re.DOTALL)
    plain = [(label, re.sub(r"<button.*?</button>|<[^>]+>", "", value)) for label, value in pairs]
    # The task's block repeats some labels; the job's come first.
    return {label: html.unescape(value).strip() for label, value in reversed(plain)}


def section(markup: str, name: str) -> str:
    found = re.search(rf'id="section-{name}">(.*?)</section>', markup, re.DOTALL)
    assert found is not None, name
    return found[1]


@pytest.mark.parametrize("table", TABLES)
def test_a_job_is_found_in_every_table_of_its_life(
    site: Site, sql: sqlite3.Connection, panda: datetime, table: str
) -> None:
    job = one(sql, table)
    markup = page(site, job["pandaid"])
    assert f"<title>Job {job['pandaid']} - SWF Monitor</title>" in markup
    found = facts(markup)
    assert found["PanDA ID"] == str(job["pandaid"])
    assert found["Status"] == job["jobstatus"]
    assert found["Job Name"] == job["jobname"]
    assert found["Created (UTC)"] == printed(job["creationtime"])
    assert found.get("Ended (UTC)", "") == printed(job["endtime"])


def test_the_epicprod_address_is_the_same_page(site: Site, sql: sqlite3.Connection, panda: datetime) -> None:
    pandaid = one(sql, "jobsarchived4")["pandaid"]
    assert f"<h1>Job {pandaid}</h1>" in site.html(f"/epicprod/jobs/{pandaid}/")


@pytest.mark.parametrize("pandaid", [1, 99_999_999_999, 10**25])
def test_an_unknown_job_is_a_page_with_an_alert_and_status_200(site: Site, panda: datetime, pandaid: int) -> None:
    markup = page(site, pandaid)
    assert f"<title>Job {pandaid} - SWF Monitor</title>" in markup
    assert f"Job {pandaid} was not found in PanDA." in markup
    assert "Job Information" not in markup


def test_blocks_stand_in_the_contracts_order(site: Site, sql: sqlite3.Connection, panda: datetime) -> None:
    job = one(sql, "jobsarchived4", "piloterrorcode <> 0 AND jeditaskid IS NOT NULL AND pandaid % 5 = 0")
    heads = re.findall(r"<h2>(.*?)</h2>", page(site, job["pandaid"]))
    order = ["Job Information", "Timing", "Resources", "Files", "Payload Log", "Log URLs", "Errors", "Task"]
    order += ["Other job parameters", "Harvester Worker", "All job parameters"]
    present = [head for head in heads if head in order]
    assert present == [head for head in order if head in present]
    assert {"Job Information", "Timing", "Payload Log", "Errors", "Task", "All job parameters"} <= set(present)


def test_every_error_is_shown_whole_and_escaped(site: Site, sql: sqlite3.Connection, panda: datetime) -> None:
    job = one(sql, "jobsarchived4", "piloterrordiag LIKE '%<script>%'")
    errors = section(page(site, job["pandaid"]), "errors")
    assert "<script>" not in errors
    assert html.escape(job["piloterrordiag"], quote=True) in errors


def test_a_long_text_is_not_cut(site: Site, sql: sqlite3.Connection, panda: datetime) -> None:
    job = one(sql, "jobsarchived4", "length(exeerrordiag) >= 240")
    assert job["exeerrordiag"] in section(page(site, job["pandaid"]), "errors")


def test_a_job_without_errors_has_no_error_block(site: Site, sql: sqlite3.Connection, panda: datetime) -> None:
    job = one(sql, "jobsarchived4", "jobstatus = 'finished'")
    assert "section-errors" not in page(site, job["pandaid"])


def test_files_come_inputs_first_with_their_names(site: Site, sql: sqlite3.Connection, panda: datetime) -> None:
    pandaid = sql.execute("SELECT pandaid FROM filestable4 GROUP BY pandaid HAVING COUNT(*) = 3").fetchone()[0]
    files = section(page(site, pandaid), "files")
    names = re.findall(rf"<bdi>group\.EIC:(\w+)\.{pandaid}", files)
    assert names == ["input", "output", "log"]


def test_attempts_link_to_one_another_both_ways(site: Site, sql: sqlite3.Connection, panda: datetime) -> None:
    link = sql.execute(
        "SELECT h.oldpandaid, h.newpandaid FROM jedi_job_retry_history h"
        " JOIN jobsarchived4 o ON o.pandaid = h.oldpandaid JOIN jobsarchived4 n"
        " ON n.pandaid = h.newpandaid WHERE h.relationtype = 'retry'"
    ).fetchone()
    for here, other in ((link[0], link[1]), (link[1], link[0])):
        attempts = section(page(site, here), "attempts")
        assert f"/swf-monitor/panda/jobs/{other}/" in links(attempts)
        assert f"{here} (this job)" in attempts


def test_the_history_of_states_is_in_the_order_of_time(site: Site, sql: sqlite3.Connection, panda: datetime) -> None:
    pandaid = sql.execute("SELECT pandaid FROM jobs_statuslog").fetchone()[0]
    recorded = sql.execute(
        "SELECT modificationtime FROM jobs_statuslog WHERE pandaid = ? ORDER BY modificationtime", (pandaid,)
    ).fetchall()
    shown = re.findall(r'<td class="nowrap">(\d{8} [\d:]{8})</td>', section(page(site, pandaid), "history"))
    assert shown == [printed(row[0]) for row in recorded]


def test_all_parameters_are_listed_by_name(site: Site, sql: sqlite3.Connection, panda: datetime) -> None:
    job = one(sql, "jobsactive4")
    names = re.findall(r'<th scope="row" class="mono">(\w+)</th>', page(site, job["pandaid"]))
    assert names == sorted(names)
    assert {"pandaid", "jobstatus", "jobname", "modificationtime"} <= set(names)


def test_the_page_links_to_its_task_its_site_and_the_laboratorys_monitor(
    site: Site, sql: sqlite3.Connection, panda: datetime
) -> None:
    job = one(sql, "jobsarchived4", "jeditaskid IS NOT NULL AND computingsite = 'JLAB_OSG_epic'")
    found = links(page(site, job["pandaid"]))
    assert f"/swf-monitor/panda/tasks/{job['jeditaskid']}/" in found
    assert "/swf-monitor/panda/epic-queues/JLAB_OSG_epic/" in found
    assert f"https://pandamon01.sdcc.bnl.gov/job?pandaid={job['pandaid']}" in found


def test_without_a_database_the_page_says_so(site: Site) -> None:
    assert "cannot be read" in page(site, 160_000)


def job_row(**values: str | None) -> dict[str, str | int | None]:
    return {"pandaid": 7, "pilotid": None, "computingsite": "SITE", **values}


def test_logs_lie_beside_the_pilots_output() -> None:
    assert log_urls(job_row(pilotid="https://h.example/a/1.out|Condor|PR|3.1"), []) == [
        ("pilot_stdout", "https://h.example/a/1.out"),
        ("pilot_stderr", "https://h.example/a/1.err"),
        ("batch_log", "https://h.example/a/1.log"),
    ]


def test_harvesters_own_addresses_win() -> None:
    worker = {"stdout": "https://w.example/2.out", "stderr": None, "batchlog": "https://w.example/2.log"}
    assert dict(log_urls(job_row(pilotid="https://h.example/1.out|x"), [worker])) == {
        "pilot_stdout": "https://w.example/2.out",
        "pilot_stderr": "https://h.example/1.err",
        "batch_log": "https://w.example/2.log",
    }


def test_perlmutter_keeps_its_logs_on_the_portal() -> None:
    found = log_urls(job_row(computingsite="NERSC_Perlmutter_epic", pilotid="None"), [])
    assert found == [
        ("nersc_log_dir", "https://portal.nersc.gov/cfs/m3763/panda/jobs/NERSC_Perlmutter_epic/7/"),
    ]


@pytest.mark.parametrize("pilotid", ["javascript:alert(1)", "file:///etc/passwd.out|x", "None", ""])
def test_only_web_addresses_are_offered_as_logs(pilotid: str) -> None:
    assert log_urls(job_row(pilotid=pilotid), []) == []


def test_the_strip_of_states_is_filled_and_every_state_can_be_seen(panda: datetime) -> None:
    moments = [panda.replace(hour=hour) for hour in (1, 1, 2, 9)]
    states = ["defined", "activated", "running", "finished"]
    history = [
        {"jobstatus": state, "modificationtime": moment, "modificationhost": None}
        for state, moment in zip(states, moments, strict=True)
    ]
    found = spans(history, panda)
    assert [span.duration for span in found] == ["0 s", "1 h", "7 h", ""]
    assert sum(span.width for span in found) == pytest.approx(STRIP_WIDTH, abs=1)
    assert min(span.width for span in found) >= 8
    assert found[2].width > 5 * found[1].width
