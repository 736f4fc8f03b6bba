"""What of a reader's request reaches the monitor, and who may write."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from django.conf import settings as django_settings
from django.contrib.auth.models import User
from django.test import Client

from tests.remote.gateways import Gateway, gateway
from tests.remote.upstream.scripted import (
    Connection,
    Scripted,
    answer,
    say,
    scripted,
)

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
JSON = {"Accept": "application/json"}


async def any_request(connection: Connection) -> None:
    """Answers whatever comes, again and again; pages show their path."""
    while True:
        head = await connection.reader.readuntil(b"\r\n\r\n")
        length = next((int(v) for v in values(head, b"content-length")), 0)
        body = await connection.reader.readexactly(length) if length else await chunks(connection, head)
        if b"status.json" not in head:
            connection.seen.heads.append(head)
            connection.seen.bodies.append(body)
        path = head.split(b" ")[1]
        if head.startswith(b"HEAD") and b"/odd/" in path:
            await say(answer(b"", status="405 Method Not Allowed"))(connection)
        else:
            whole = answer(b'<html><body><a href="%s">here</a></body></html>' % path, kind="text/html")
            await say(whole.partition(b"\r\n\r\n")[0] + b"\r\n\r\n" if head.startswith(b"HEAD") else whole)(connection)


def values(head: bytes, name: bytes) -> list[bytes]:
    pairs = [line.partition(b":") for line in head.split(b"\r\n")[1:]]
    return [value.strip() for key, _, value in pairs if key.lower() == name]


async def chunks(connection: Connection, head: bytes) -> bytes:
    body = b""
    if values(head, b"transfer-encoding") == [b"chunked"]:
        while size := int(await connection.reader.readline(), 16):
            body += await connection.reader.readexactly(size)
            await connection.reader.readline()
        await connection.reader.readline()
    return body


@asynccontextmanager
async def pair(**settings: object) -> AsyncIterator[tuple[Scripted, Gateway]]:
    async with scripted([any_request]) as monitor, gateway(monitor.url, **settings) as running:
        yield monitor, running


def signed_in(name: str, *, known: bool = True, staff: bool = False) -> dict[str, str]:
    """The cookie header of a reader of this name."""
    user = User.objects.create_user(name, is_staff=staff)
    user.profile.known_at_monitor = known
    user.profile.save()
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    name = django_settings.SESSION_COOKIE_NAME
    return {"Cookie": f"{name}={client.cookies[name].value}"}


@pytest.fixture
def alice() -> dict[str, str]:
    return signed_in("alice")


@pytest.fixture
def stranger() -> dict[str, str]:
    return signed_in("stranger", known=False)


def own_page(running: Gateway) -> dict[str, str]:
    return {"Origin": running.url, "Content-Type": "application/json"}


async def test_the_query_reaches_the_monitor_byte_for_byte() -> None:
    query = "status=failed&status=done&empty=&q=a+b%20c;d&x=%FF%2F&status=failed"
    async with pair() as (monitor, running):
        await running.ask(f"/prod/panda/jobs/?{query}")
        assert monitor.request_line() == f"GET /swf-monitor/panda/jobs/?{query} HTTP/1.1"


async def test_the_first_page_is_the_monitors_hub() -> None:
    async with pair() as (monitor, running):
        await running.ask("/prod/")
        assert monitor.request_line() == "GET /swf-monitor/prod/ HTTP/1.1"


async def test_links_come_back_below_our_mount() -> None:
    async with pair() as (_, running):
        assert 'href="/prod/panda/jobs/"' in (await running.ask("/prod/panda/jobs/")).text


async def test_forged_identity_never_reaches_the_monitor(alice: dict[str, str]) -> None:
    forged = {
        "X-Remote-User": "admin",
        "X_Remote_User": "admin",
        "X-Forwarded-For": "127.0.0.1",
        "Forwarded": "for=127.0.0.1",
        "Authorization": "Token admin",
    }
    async with pair() as (monitor, running):
        for target in ("/prod/panda/jobs/", "/prod/pcs/tags/", "/prod/static/x.png"):
            await running.ask(target, headers=forged | alice)
            head = monitor.heads[-1].lower()
            assert b"admin" not in head
            assert b"cookie" not in head
            assert b"forwarded" not in head


async def test_a_reader_is_named_only_where_the_table_says_so(alice: dict[str, str]) -> None:
    async with pair() as (monitor, running):
        await running.ask("/prod/panda/jobs/", headers=alice)
        assert monitor.header_values("x-remote-user") == []
        await running.ask("/prod/pcs/tags/", headers=alice)
        assert monitor.header_values("x-remote-user") == ["alice"]


async def test_a_reader_whom_the_monitor_does_not_know_is_not_named(stranger: dict[str, str]) -> None:
    async with pair() as (monitor, running):
        await running.ask("/prod/pcs/tags/", headers=stranger)
        assert monitor.header_values("x-remote-user") == []


async def test_a_write_goes_out_under_the_readers_name_with_its_body(alice: dict[str, str]) -> None:
    async with pair() as (monitor, running):
        headers = alice | own_page(running)
        reply = await running.ask("/prod/pcs/api/tags/", "POST", headers=headers, data=b'{"a": 1}')
        assert (reply.status, monitor.bodies) == (200, [b'{"a": 1}'])
        assert monitor.header_values("x-remote-user") == ["alice"]


async def refusal_of(running: Gateway, headers: dict[str, str], target: str = "/prod/pcs/api/tags/") -> tuple[int, str]:
    reply = await running.ask(target, "POST", headers=JSON | headers, data=b"x=1")
    return reply.status, json.loads(reply.body)["kind"]


async def test_a_write_without_a_login_is_refused() -> None:
    async with pair() as (monitor, running):
        assert await refusal_of(running, own_page(running)) == (401, "login-required")
        assert monitor.heads == []


async def test_a_write_from_another_site_is_refused(alice: dict[str, str]) -> None:
    async with pair() as (monitor, running):
        for origin in (
            {"Origin": "https://evil.example"},
            {"Origin": "null"},
            {},
            {"Sec-Fetch-Site": "cross-site", "Origin": running.url},
            {"Sec-Fetch-Site": "none"},
        ):
            assert await refusal_of(running, alice | origin) == (403, "cross-origin")
        assert monitor.heads == []


async def test_a_write_that_would_run_without_a_name_is_refused(stranger: dict[str, str]) -> None:
    async with pair() as (monitor, running):
        assert await refusal_of(running, stranger | own_page(running)) == (403, "unknown-at-monitor")
        assert monitor.heads == []


async def test_a_page_that_is_only_read_takes_no_write(alice: dict[str, str]) -> None:
    async with pair() as (monitor, running):
        reply = await running.ask("/prod/panda/jobs/", "POST", headers=JSON | alice | own_page(running))
        assert (reply.status, "GET" in reply.headers["Allow"]) == (405, True)
        assert monitor.heads == []


async def test_closed_parts_are_refused_and_the_monitor_hears_nothing(alice: dict[str, str]) -> None:
    async with pair() as (monitor, running):
        for target in ("/prod/admin/", "/prod/api/users/", "/prod/logs/", "/prod/%61dmin/", "/prod/api-auth/login/"):
            assert (await running.ask(target, headers=JSON | alice)).status == 403
        for target in (
            "/prod/panda/../admin/",
            "/prod/panda/%2e%2e/admin/",
            "/prod//admin/",
            "/prod/panda%2f..%2fadmin/",
        ):
            assert (await running.ask(target, headers=JSON | alice)).status in (400, 404)
        assert monitor.heads == []


async def test_a_staff_page_asks_for_a_login_and_then_for_staff(alice: dict[str, str]) -> None:
    async with pair() as (_, running):
        anonymous = await running.ask("/prod/panda/system/?x=1", headers={"Accept": "text/html"})
        assert anonymous.status == 302
        assert anonymous.headers["Location"] == "/prod/accounts/login/?next=/prod/panda/system/%3Fx%3D1"
        assert (await running.ask("/prod/panda/system/", headers=JSON | alice)).status == 403


async def test_staff_may_see_a_staff_page() -> None:
    chief = await asyncio.to_thread(signed_in, "chief", staff=True)
    async with pair() as (_, running):
        assert (await running.ask("/prod/panda/system/", headers=chief)).status == 200


async def test_an_upload_above_the_limit_is_refused_when_announced_and_while_it_streams(alice: dict[str, str]) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b"x" * 100

    async with pair(upload_limit=1000) as (_, running):
        headers = JSON | alice | own_page(running)
        for data in (b"x" * 2000, endless()):
            reply = await running.ask("/prod/pcs/api/tags/", "POST", headers=headers, data=data)
            assert (reply.status, json.loads(reply.body)["kind"]) == (413, "body-too-large")


async def test_a_body_of_unknown_length_reaches_the_monitor_whole(alice: dict[str, str]) -> None:
    async def parts() -> AsyncIterator[bytes]:
        yield b"one,"
        yield b"two"

    async with pair() as (monitor, running):
        await running.ask("/prod/pcs/api/tags/", "POST", headers=alice | own_page(running), data=parts())
        assert monitor.bodies == [b"one,two"]


@pytest.mark.parametrize("target", ["/prod/panda/jobs/", "/prod/api/panda/jobs/", "/prod/pcs/odd/"])
async def test_head_is_answered_where_the_monitor_knows_get_only(target: str) -> None:
    async with pair() as (_, running):
        reply = await running.ask(target, "HEAD")
        assert (reply.status, reply.body) == (200, b"")


async def test_a_proxied_answer_says_how_it_came_to_be() -> None:
    async with pair() as (_, running):
        headers = (await running.ask("/prod/panda/jobs/")).headers
        assert headers["X-SWF-Cache"] == "bypass"
        assert headers["Server-Timing"].startswith("upstream;dur=")
        assert len(headers.getall("X-Request-ID")) == 1


async def test_the_account_corner_shows_who_is_signed_in(alice: dict[str, str]) -> None:
    page = answer(b'<html><body><div class="nav-auth">old</div></body></html>', kind="text/html")

    async def with_corner(connection: Connection) -> None:
        while True:
            await connection.reader.readuntil(b"\r\n\r\n")
            await say(page)(connection)

    async with scripted([with_corner]) as monitor, gateway(monitor.url) as running:
        assert "alice" in (await running.ask("/prod/panda/jobs/", headers=alice)).text
        assert "/prod/accounts/login/?next=/prod/panda/jobs/" in (await running.ask("/prod/panda/jobs/")).text
