"""The exposure table in force: what a browser sees at a real gateway, and what the monitor hears of it."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from swf_remote.web import not_exposed
from tests.remote.edge.test_gateway_requests import pair, signed_in

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
COMMANDS = "/prod/pcs/tasks/a.b/commands/"
CLOSED = (
    "admin/",
    "Admin/auth/user/",
    "%61dmin/",
    "%2561dmin/",
    "admin;x/",
    "api/users/",
    "api/users",
    "api/users.json",
    "api/%75sers/",
    "API/Users/",
    "api/users;x=1/",
    "./admin/",
    "panda/../admin/",
    "panda/%2e%2e/admin/",
    "panda/..;/admin/",
    "/admin/",
    "panda//../admin/",
    "panda/..%2fadmin/",
    "panda\\..\\admin/",
    "panda/admin/",
    "o/token/",
    "logs/",
    "api/logs.json",
    "mcp",
    "pcs/api/questionnaires.json",
    "pcs/api/Questionnaires/",
    "api/corun-callback/",
)
TEXT = "https://pandaserver-doma.cern.ch/trf/user/runGen-00-00-02"
OTHER_TEXTS = (
    "",
    "?url=",
    "?url=http://169.254.169.254/latest/",
    f"?url={TEXT}&url=http://127.0.0.1/",
    "?url=https://pandaserver-doma.cern.ch/trf/%252e%252e/server/",
    "?url=https://pandaserver-doma.cern.ch@127.0.0.1/trf/x",
)


@pytest.fixture
def alice() -> dict[str, str]:
    return signed_in("alice")


@pytest.fixture
def chief() -> dict[str, str]:
    return signed_in("chief", staff=True)


@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS", "DELETE"])
async def test_no_spelling_of_a_closed_part_reaches_the_monitor(method: str) -> None:
    async with pair() as (monitor, running):
        head = f"HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: {running.url}\r\nConnection: close\r\n\r\n"
        for path in CLOSED:
            answer = await running.raw(f"{method} /prod/{path} {head}".encode())
            assert answer.split(b" ")[1] in (b"400", b"403", b"404"), path
            assert monitor.heads == [], path


async def test_a_part_that_stays_inside_has_a_page_that_names_the_way_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(not_exposed.configuration(), "monitor_host", "pandaserver02.sdcc.bnl.gov")
    async with pair() as (monitor, running):
        reply = await running.ask('/prod/compute-usage/?start=2026-11-01&x="<b>', headers=BROWSER)
        assert (reply.status, reply.headers["Content-Type"]) == (403, "text/html; charset=utf-8")
        inside = "https://pandaserver02.sdcc.bnl.gov/swf-monitor/compute-usage/?start=2026-11-01&amp;x=%22%3Cb%3E"
        assert f'href="{inside}"' in reply.text
        assert monitor.heads == []


async def test_what_nobody_has_is_another_answer_than_what_stays_inside() -> None:
    async with pair() as (_, running):
        assert (await running.ask("/prod/nothing/", headers=BROWSER)).status == 404
        assert (await running.ask("/prod/snapper/x/", headers=BROWSER)).status == 403


async def test_a_text_is_passed_on_with_its_address_byte_for_byte() -> None:
    async with pair() as (monitor, running):
        for url in (TEXT, quote(TEXT, safe="")):
            assert (await running.ask(f"/prod/panda/view-text/?url={url}")).status == 200
            assert monitor.request_line() == f"GET /swf-monitor/panda/view-text/?url={url} HTTP/1.1"


async def test_any_other_text_is_refused_before_anything_is_sent() -> None:
    async with pair() as (monitor, running):
        for query in OTHER_TEXTS:
            reply = await running.ask(f"/prod/panda/view-text/{query}", headers=BROWSER)
            assert (reply.status, "The address" in reply.text) == (400, True), query
        assert monitor.heads == []


async def test_a_typed_address_that_changes_something_is_explained_and_not_sent(alice: dict[str, str]) -> None:
    async with pair() as (monitor, running):
        reply = await running.ask(COMMANDS, headers=BROWSER | alice | {"Sec-Fetch-Site": "none"})
        assert reply.status == 403
        assert "page that it belongs to" in reply.text
        assert monitor.heads == []


async def test_a_link_of_our_own_page_opens_what_changes_something_under_the_readers_name(
    alice: dict[str, str],
) -> None:
    async with pair() as (monitor, running):
        headers = BROWSER | alice | {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "navigate"}
        assert (await running.ask(COMMANDS, headers=headers)).status == 200
        assert monitor.header_values("X-Remote-User") == ["alice"]


async def test_a_staff_name_is_not_sent_for_a_page_view_but_for_a_write(chief: dict[str, str]) -> None:
    async with pair() as (monitor, running):
        await running.ask("/prod/pcs/catalog/", headers=BROWSER | chief)
        assert monitor.header_values("X-Remote-User") == []
        own = {"Sec-Fetch-Site": "same-origin", "Content-Type": "application/json"}
        await running.ask("/prod/pcs/dashboard/prefs/", "POST", headers=chief | own, data=b'{"panel_order":[]}')
        assert monitor.header_values("X-Remote-User") == ["chief"]


async def test_a_preflight_of_another_site_gets_no_permission() -> None:
    async with pair() as (_, running):
        asks = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
        reply = await running.ask("/prod/pcs/api/prod-tasks/", "OPTIONS", headers=asks)
        assert not [name for name in reply.headers if name.lower().startswith("access-control")]


async def test_questionnaires_are_fetched_without_a_name_so_that_contacts_stay_hidden(alice: dict[str, str]) -> None:
    async with pair() as (monitor, running):
        await running.ask("/prod/pcs/questionnaires/3/", headers=BROWSER | alice)
        assert monitor.header_values("X-Remote-User") == []
