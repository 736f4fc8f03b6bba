"""``swf-remote check --live`` in front of a real server that plays the monitor."""

from __future__ import annotations

import io
from collections.abc import Mapping

import pytest
from django.core.management import CommandError, call_command

from swf_remote.operations.live import MOST_PAGES, LiveReport, look
from swf_remote.operations.management.commands import check
from swf_remote.proxy.link import Proof
from swf_remote.proxy.policy.exposure_file import parsed, read_exposure
from tests.remote.gateways import free_port, settings_for
from tests.remote.laboratory.monitor import NAME, laboratory
from tests.remote.upstream.scripted import Connection, Scripted, Step, answer, scripted

NAV = """<a href="/swf-monitor/panda/">P</a> <a href="/swf-monitor/panda/jobs/?days=7">J</a>
<a href="/swf-monitor/logs/">L</a> <a href="/swf-monitor/panda/tasks/7/">T</a>
<a href="/swf-monitor/pcs/tasks/a/commands/">C</a>"""
TABLE = parsed(
    """routes = [
  { path = "prod/" },
  { path = "about/" },
  { path = "panda/tasks/<int>/", effects = true },
  { path = "pcs/tasks/<name>/commands/", who = "login", identity = "reader", changes = true },
  { path = "panda/**", sample = "panda/" },
]
inside = [{ path = "logs/**", what = "Logs" }]"""
)


def pages(found: Mapping[str, str], *, status: str = "200 OK") -> Step:
    """Answers these paths below the mount with these bodies, all others with 404, again and again."""

    async def step(connection: Connection) -> None:
        while True:
            head = await connection.reader.readuntil(b"\r\n\r\n")
            connection.seen.heads.append(head)
            path = head.split(b" ")[1].decode().removeprefix("/swf-monitor/")
            body = found.get(path)
            said = answer(b"none", status="404 Not Found") if body is None else answer(body.encode(), status=status)
            connection.writer.write(said)
            await connection.writer.drain()

    return step


def asked(monitor: Scripted) -> list[str]:
    return [monitor.request_line(n).split(" ")[1].removeprefix("/swf-monitor/") for n in range(len(monitor.heads))]


async def seen_by(monitor: Scripted, **settings: object) -> LiveReport:
    return await look(settings_for(monitor.url, **settings), TABLE)


# Contract 3.1, 4.2 and 4.3, and the dead links of 2.6.
NAVIGATION = """
    pcs/request/ pcs/questionnaires/ pcs/ pcs/categories/ pcs/tags/p/compose/ pcs/datasets/compose/ pcs/catalog/
    pcs/physics/ pcs/plan/ ai/narratives/ ai/assessments/ ai/proposals/ panda/activity/ panda/tasks/ panda/jobs/
    panda/errors/ logs/ alarms/ panda/diagnostics/ compute-usage/ panda/epic-queues/ analysis/ panda/system/
    snapper/panda/ canary/ admin/ about/ account/ accounts/login/ testbed/ panda-database/ idds-database/
    rucio-endpoints/ workflows/ stf-files/ persistent-state/ epicprod/jobs/1/refresh/ static/css/style.css prod/
    api/messages/stream/ panda-queues/
"""
WHOLE = {"prod/": NAV, "panda/": NAV, "about/": "about", "panda/jobs/": "jobs"}


async def test_a_monitor_that_offers_what_the_table_says_has_no_differences() -> None:
    async with scripted([pages(WHOLE)]) as monitor:
        report = await seen_by(monitor)
    assert (report.is_good, report.fault, report.findings) == (True, "", [])
    assert report.pages == 4


async def test_a_link_that_the_table_does_not_know_is_new() -> None:
    new = WHOLE | {"panda/": NAV + '<a href="/swf-monitor/harvest/12/">H</a>'}
    async with scripted([pages(new)]) as monitor:
        report = await seen_by(monitor)
    assert [(one.kind, one.path, one.why) for one in report.findings] == [("NEW", "harvest/12/", "linked from panda/")]
    assert not report.is_good


async def test_a_row_whose_page_is_missing_is_gone() -> None:
    async with scripted([pages({name: body for name, body in WHOLE.items() if name != "about/"})]) as monitor:
        report = await seen_by(monitor)
    assert [(one.kind, one.path) for one in report.findings] == [("GONE", "about/")]


async def test_no_page_is_asked_for_that_does_something_or_is_withheld() -> None:
    async with scripted([pages(WHOLE)]) as monitor:
        await seen_by(monitor)
        assert sorted(asked(monitor)) == ["about/", "panda/", "panda/jobs/", "prod/"]


async def test_the_monitor_hears_its_own_name_and_no_readers() -> None:
    async with scripted([pages(WHOLE)]) as monitor:
        await seen_by(monitor, monitor_host="pandaserver02.sdcc.bnl.gov")
        assert monitor.header_values("Host") == ["pandaserver02.sdcc.bnl.gov"]
        assert monitor.header_values("X-Remote-User") == []


async def test_a_large_site_is_looked_at_in_part() -> None:
    many = "".join(f'<a href="/swf-monitor/panda/{"x" * n}/">' for n in range(1, 2 * MOST_PAGES))
    site = WHOLE | {"prod/": many} | {f"panda/{'x' * n}/": "page" for n in range(1, 2 * MOST_PAGES)}
    async with scripted([pages(site)]) as monitor:
        report = await seen_by(monitor)
    assert report.is_good
    assert report.pages <= MOST_PAGES + 2


async def test_a_closed_tunnel_is_a_fault_in_words() -> None:
    report = await look(settings_for(f"http://127.0.0.1:{free_port()}/swf-monitor"), TABLE)
    assert "refuses connections" in report.fault
    assert not report.is_good


async def test_a_monitor_that_refuses_its_name_is_a_fault_that_names_the_setting() -> None:
    async with scripted([pages(WHOLE, status="400 Bad Request")]) as monitor:
        assert "SWF_REMOTE_MONITOR_HOST" in (await seen_by(monitor)).fault


async def test_a_failing_monitor_is_a_fault() -> None:
    async with scripted([pages(WHOLE, status="503 Service Unavailable")]) as monitor:
        assert "status 503" in (await seen_by(monitor)).fault


# ----- the command


@pytest.mark.django_db
def test_the_command_ends_with_an_error_when_there_is_drift(monkeypatch: pytest.MonkeyPatch) -> None:
    async def found(*_arguments: object) -> LiveReport:
        async with scripted([pages({name: body for name, body in WHOLE.items() if name != "about/"})]) as monitor:
            return await seen_by(monitor)

    monkeypatch.setattr(check, "look", found)
    out = io.StringIO()
    with pytest.raises(CommandError, match="drifted apart"):
        call_command("check", "--live", stdout=out)
    assert "GONE  about/  row 2 (about/) answers 404" in out.getvalue()


@pytest.mark.django_db
def test_the_command_says_that_the_monitor_is_not_there() -> None:
    out = io.StringIO()
    with pytest.raises(CommandError, match="refuses connections"):
        call_command("check", "--live", stdout=out)
    assert "monitor: http://127.0.0.1:9/swf-monitor" in out.getvalue()


@pytest.mark.django_db
def test_without_the_option_the_monitor_is_not_asked() -> None:
    call_command("check", stdout=io.StringIO())


def test_a_link_whose_proof_is_off_is_told_loudly() -> None:
    lines = list(check.told(LiveReport(proof=Proof.NONE), settings_for("https://127.0.0.1:9/swf-monitor")))
    assert any(line.startswith("TLS VERIFICATION IS OFF") for line in lines)
    assert not any("OFF" in line for line in check.told(LiveReport(proof=Proof.AUTHORITY), settings_for()))


async def test_the_shipped_table_knows_all_that_the_contracts_navigation_links() -> None:
    site = {"prod/": " ".join(f'"/swf-monitor/{entry}"' for entry in NAVIGATION.split())}
    async with scripted([pages(site)]) as monitor:
        report = await look(settings_for(monitor.url), read_exposure())
    assert [one for one in report.findings if one.kind == "NEW"] == []


@pytest.mark.slow
async def test_the_stand_in_of_the_laboratorys_monitor_and_the_shipped_table_agree() -> None:
    async with laboratory() as monitor:
        report = await look(settings_for(monitor.url, monitor_host=NAME), read_exposure())
    assert (report.fault, report.findings) == ("", [])
    assert report.pages > 15
    assert len(report.linked) > 40
