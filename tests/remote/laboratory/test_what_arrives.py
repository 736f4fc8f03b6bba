"""What of a reader's requests arrives at the laboratory: the monitor believes it all, so the gateway must not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from swf_remote.proxy.streams import serving
from tests.remote.gateways import Gateway, gateway
from tests.remote.laboratory.monitor import NAME, Laboratory, laboratory
from tests.remote.laboratory.readers import BROWSER, as_reader
from tests.remote.laboratory.wire import Asked

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

TOKEN = "service-token-of-the-gateway"
# Everything that somebody may try to pass himself off with, beside what browsers send by themselves.
FORGED = {
    "Authorization": "Token stolen",
    "Proxy-Authorization": "Basic YTpi",
    "Forwarded": "for=127.0.0.1",
    "X-Forwarded-For": "127.0.0.1",
    "X-Forwarded-Host": NAME,
    "X-Forwarded-Proto": "https",
    "X-Forwarded-User": "root",
    "X-Real-IP": "127.0.0.1",
    "X-Remote-User": "root",
    "X_Remote_User": "root",
    "X-Remote_User": "root",
    "Remote-User": "root",
    "X-Remote-Groups": "staff",
    "REMOTE_ADDR": "127.0.0.1",
    "X-HTTP-Method-Override": "DELETE",
    "X-Original-URL": "/swf-monitor/admin/",
    "X-Rewrite-URL": "/swf-monitor/admin/",
    "Via": "1.1 me",
    "Connection": "keep-alive, X-Remote-User",
}
READS = (
    "",
    "panda/jobs/",
    "panda/jobs/datatable/?draw=2",
    "panda/tasks/34885/",
    "api/panda/tasks/",
    "api/panda/tasks/34885/",
    "pcs/tasks/compose/",
    "pcs/api/physics-tags/",
    "ai/assessments/",
    "static/css/style.css",
    "static/img/strip.png",
    "panda/system/status.json",
)
WRITES = (
    ("POST", "pcs/api/prod-configs/"),
    ("PATCH", "pcs/api/prod-tasks/x/"),
    ("PUT", "pcs/api/prod-configs/1/"),
    ("DELETE", "pcs/api/prod-tasks/x/"),
    ("POST", "pcs/notes/plan/save/"),
    ("POST", "pcs/find/brains/"),
    ("POST", "pcs/evgen/update/"),
    ("POST", "pcs/catalog/csv-update/"),
    ("POST", "ai/api/proposals/decide/"),
    ("POST", "ai/api/proposals/delete/"),
    ("POST", "ai/api/narratives/save/"),
    ("POST", "ai/assessments/11/quality/"),
    ("POST", "panda/system/refresh/"),
    ("POST", "panda/jobs/"),
    ("DELETE", "panda/tasks/34885/"),
    ("POST", "api/logs/"),
    ("POST", "api/ai-memory/record/"),
    ("POST", "api/corun-callback/"),
    ("POST", "api/panda/tasks/34885/operations/"),
    ("POST", "mcp/"),
    ("POST", "static/css/style.css"),
    ("GET", "pcs/tasks/x/commands/"),
)
_ALLOWED = frozenset(
    """
    host accept accept-encoding accept-language user-agent cache-control content-type content-length last-event-id
    traceparent x-request-id x-requested-with x-fragment range if-range if-none-match if-modified-since if-match
    if-unmodified-since x-remote-user connection transfer-encoding expect origin
    """.split()  # noqa: SIM905 - a list of words
)


def breaches(asked: Asked, names: frozenset[str]) -> list[str]:
    """What one request that arrived should not carry; `names`: readers whom the gateway may speak for."""
    where = f"{asked.method} {asked.path}"
    found = [f"{where} carries {name}" for name, _ in asked.headers if name not in _ALLOWED | _token(asked)]
    found += [f"{where} speaks for {name}" for name in asked.values("x-remote-user") if name not in names]
    found += [f"{where} repeats {name}" for name in ("host", "x-remote-user") if len(asked.values(name)) > 1]
    if asked.values("host") != [NAME]:
        found.append(f"{where} is for {asked.values('host')}")
    return found


def _token(asked: Asked) -> frozenset[str]:
    """The service token goes out with the event stream, and is ours."""
    mine = asked.path == "api/messages/stream/" and asked.values("authorization") == [f"Token {TOKEN}"]
    return frozenset({"authorization"}) if mine else frozenset()


def all_breaches(monitor: Laboratory, *names: str) -> str:
    return "\n".join(fault for asked in monitor.received for fault in breaches(asked, frozenset(names)))


@asynccontextmanager
async def pair(**settings: object) -> AsyncIterator[tuple[Laboratory, Gateway]]:
    async with (
        laboratory() as monitor,
        gateway(monitor.url, monitor_host=NAME, monitor_token=TOKEN, **settings) as running,
    ):
        yield monitor, running


def test_a_request_that_carries_too_much_is_noticed() -> None:
    bad = (("host", NAME), ("cookie", "a=b"), ("x-forwarded-for", "::1"), ("x-remote-user", "root"))
    said = breaches(Asked("GET", "panda/", "", bad, b""), frozenset({"alice"}))
    assert [fault.rpartition(" ")[2] for fault in said] == ["cookie", "x-forwarded-for", "root"]


async def test_nothing_that_a_stranger_forges_arrives() -> None:
    async with pair() as (monitor, running):
        for path in READS:
            await running.ask(f"/prod/{path}", headers={**BROWSER, **FORGED, "Cookie": "sessionid=stolen; csrftoken=x"})
        assert all_breaches(monitor) == ""
        assert len(monitor.received) >= len(READS)


async def test_a_signed_in_reader_is_named_where_the_table_says_so_and_nowhere_else(alice: str) -> None:
    async with pair() as (monitor, running):
        for path in READS:
            await running.ask(f"/prod/{path}", headers={**FORGED, **as_reader(alice)})
        assert all_breaches(monitor, "alice") == ""
        named = {asked.path for asked in monitor.received if asked.user}
        assert named == {"prod/", "pcs/tasks/compose/", "pcs/api/physics-tags/", "ai/assessments/"}


@pytest.mark.parametrize("extra", [{}, FORGED], ids=["plain", "forged"])
async def test_no_write_of_a_stranger_arrives(extra: dict[str, str]) -> None:
    async with pair() as (monitor, running):
        for method, path in WRITES:
            headers = {**extra, "Origin": running.url, "Sec-Fetch-Site": "same-origin"}
            reply = await running.ask(f"/prod/{path}", method, headers=headers, data=b"{}")
            assert reply.status in (302, 401, 403, 404, 405), f"{method} {path}: {reply.status}"
        assert [asked for asked in monitor.received if asked.path != "panda/system/status.json"] == []


async def test_no_write_of_somebody_whom_the_monitor_does_not_know_arrives(stranger: str) -> None:
    async with pair() as (monitor, running):
        for method, path in WRITES:
            headers = {**as_reader(stranger), "Origin": running.url, "Sec-Fetch-Site": "same-origin"}
            reply = await running.ask(f"/prod/{path}", method, headers=headers, data=b"{}")
            assert reply.status >= 400, f"{method} {path}: {reply.status}"
        assert [asked for asked in monitor.received if asked.path != "panda/system/status.json"] == []


@pytest.mark.parametrize(
    "foreign",
    [
        {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"},
        {"Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "null"},
        {},
    ],
    ids=["cross-site", "origin", "same-site", "typed", "null", "nothing said"],
)
async def test_no_write_from_another_site_arrives(foreign: dict[str, str], alice: str) -> None:
    async with pair() as (monitor, running):
        for method, path in WRITES:
            reply = await running.ask(f"/prod/{path}", method, headers={**as_reader(alice), **foreign}, data=b"{}")
            assert reply.status >= 400, f"{method} {path}: {reply.status}"
        assert [asked for asked in monitor.received if asked.path != "panda/system/status.json"] == []


async def test_a_write_of_a_reader_arrives_under_his_own_name(alice: str) -> None:
    async with pair() as (monitor, running):
        headers = {**as_reader(alice), **FORGED, "Origin": running.url, "Content-Type": "application/json"}
        reply = await running.ask("/prod/pcs/api/prod-configs/", "POST", headers=headers, data=b'{"name": "n"}')
        assert reply.status == 201
        assert b'"created_by":"alice"' in reply.body
        assert all_breaches(monitor, "alice") == ""


@pytest.mark.parametrize(
    "path",
    ["api/users/", "api//users/", "api/%75sers/", "API/../api/users/", "api/users", "./api/users/", "api/users/;x",
     "api%2Fusers/", "admin/", "%61dmin/", "panda/..%2fadmin/", "panda/%2e%2e/admin/", "static/../admin/", "mcp/",
     "logs/", "api/logs/", "accounts/login/../../admin/", "o/authorize/"],
)  # fmt: skip
async def test_what_is_never_shown_is_not_even_asked_for(path: str, alice: str) -> None:
    async with pair() as (monitor, running):
        reply = await running.ask(f"/prod/{path}", headers=as_reader(alice))
        assert b"pbkdf2" not in reply.body
        assert b"<h1>Administration" not in reply.body
        assert [asked.path for asked in monitor.received if asked.path != "panda/system/status.json"] == []


async def test_the_event_stream_is_asked_for_with_the_gateways_token_and_ends_after_its_last_reader(
    alice: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving, "LINGER_SECONDS", 0.0)
    async with pair() as (monitor, running):
        address = f"{running.url}/prod/api/messages/stream/?msg_types=payload_log_ready"
        async with running.session.get(address, headers={**FORGED, **as_reader(alice)}) as got:
            said = await got.content.readuntil(b'connected"}\n\n')
            assert (got.status, got.content_type) == (200, "text/event-stream")
            assert "Access-Control-Allow-Origin" not in got.headers
            assert said.startswith(b"event: connected\n")
        (asked,) = monitor.asked_for("api/messages/stream/")
        assert asked.values("authorization") == [f"Token {TOKEN}"]
        assert all_breaches(monitor, "alice") == ""
        async with asyncio.timeout(5):
            while not monitor.left:
                await asyncio.sleep(0.01)


async def test_no_cookie_of_the_monitor_reaches_a_reader(alice: str) -> None:
    async with pair() as (_, running):
        for path in READS:
            reply = await running.ask(f"/prod/{path}", headers=as_reader(alice))
            assert "Set-Cookie" not in reply.headers, path
