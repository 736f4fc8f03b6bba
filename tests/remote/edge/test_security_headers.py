"""The security headers of every kind of answer, and the policy that fits each."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Mapping

import pytest
from aiohttp.typedefs import CIMultiDictProxy
from starlette.types import Receive, Scope, Send

from swf_remote.edge.exchange import exchange_of
from swf_remote.edge.security import FIXED
from tests.remote.edge.test_gateway_failures import QUIET, settled
from tests.remote.gateways import Gateway, Reply, edge_around, gateway
from tests.remote.upstream.scripted import Connection, answer, scripted

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

HTML = {"Accept": "text/html"}
JSON = {"Accept": "application/json"}
PAGE = b"<!doctype html><html><head></head><body><script>1</script></body></html>"
SAID = {
    "/swf-monitor/panda/jobs/": answer(
        PAGE, kind="text/html", headers=['ETag: "1"', "Content-Security-Policy: script-src *", "X-Frame-Options: ALLOW"]
    ),
    "/swf-monitor/panda/same/": b'HTTP/1.1 304 Not Modified\r\nETag: "1"\r\n\r\n',
    "/swf-monitor/api/panda/jobs/": answer(b"{}", kind="application/json"),
    "/swf-monitor/api/panda/same/": b'HTTP/1.1 304 Not Modified\r\nETag: "1"\r\n\r\n',
    "/swf-monitor/panda/away/": answer(status="302 Found", headers=["Location: /swf-monitor/panda/"]),
    "/swf-monitor/panda/bad/": b"nonsense\r\n\r\n",
    "/swf-monitor/static/a.svg": answer(b"<svg/>", kind="image/svg+xml"),
}

# What is asked → the status that comes.
ANSWERS: dict[str, tuple[str, str, Mapping[str, str], int]] = {
    "own page": ("GET", "/prod/status/", HTML, 200),
    "own page, head only": ("HEAD", "/prod/status/", HTML, 200),
    "log-in page": ("GET", "/prod/accounts/login/", HTML, 200),
    "own data": ("GET", "/prod/healthz", {}, 200),
    "form without its token": ("POST", "/prod/accounts/login/", HTML, 403),
    "way to the log-in": ("GET", "/prod/account/", HTML, 302),
    "first page": ("GET", "/", HTML, 302),
    "own file": ("GET", "/prod/assets/web/site.css", {}, 200),
    "own file, unchanged": ("GET", "/prod/assets/web/site.css", {"If-None-Match": "*"}, 304),
    "no such file": ("GET", "/prod/assets/web/none.css", HTML, 404),
    "outside of the mount": ("GET", "/elsewhere", HTML, 404),
    "problem for a program": ("GET", "/elsewhere", JSON, 404),
    "closed part": ("GET", "/prod/admin/", HTML, 403),
    "part that stays inside": ("GET", "/prod/panda-database/", HTML, 403),
    "another host": ("GET", "/prod/", HTML | {"Host": "evil.example"}, 400),
    "odd method": ("PROPFIND", "/prod/panda/", HTML, 405),
    "write from elsewhere": ("POST", "/prod/pcs/tasks/", HTML | {"Sec-Fetch-Site": "cross-site"}, 403),
    "stream without a log-in": ("GET", "/prod/api/messages/stream/", {"Accept": "text/event-stream"}, 401),
    "monitor's page": ("GET", "/prod/panda/jobs/", HTML, 200),
    "monitor's page, unchanged": ("GET", "/prod/panda/same/", HTML, 304),
    "monitor's data": ("GET", "/prod/api/panda/jobs/", JSON, 200),
    "monitor's data, unchanged": ("GET", "/prod/api/panda/same/", JSON, 304),
    "monitor's redirect": ("GET", "/prod/panda/away/", HTML, 302),
    "monitor's picture": ("GET", "/prod/static/a.svg", {}, 200),
    "failing monitor": ("GET", "/prod/panda/bad/", HTML, 502),
}


async def speak(connection: Connection) -> None:
    """A monitor that answers by path, on any number of requests."""
    while True:
        head = await connection.reader.readuntil(b"\r\n\r\n")
        path = head.split(b" ", 2)[1].decode()
        connection.writer.write(SAID.get(path, answer(b"{}", kind="application/json")))
        await connection.writer.drain()


@pytest.fixture
async def running() -> AsyncIterator[Gateway]:
    async with (
        scripted([speak]) as monitor,
        gateway(monitor.url, public_url="https://monitor.example/prod", **QUIET) as found,
    ):
        yield await settled(found)


def policy_of(headers: CIMultiDictProxy[str]) -> dict[str, str]:
    (policy,) = headers.getall("Content-Security-Policy")
    return {part.split(" ", 1)[0]: part.split(" ", 1)[1] for part in policy.split("; ")}


async def test_every_kind_of_answer_carries_every_security_header_exactly_once(running: Gateway) -> None:
    for what, (method, target, headers, status) in ANSWERS.items():
        reply = await running.ask(target, method, headers=headers)
        assert (what, reply.status) == (what, status)
        for name, value in FIXED:
            assert (what, reply.headers.getall(name.decode())) == (what, [value.decode()])
        assert (what, reply.headers.getall("Strict-Transport-Security")) == (what, ["max-age=31536000"])
        policy = policy_of(reply.headers)
        wanted = ("object-src", "form-action", "frame-ancestors", "connect-src")
        assert [policy[name] for name in wanted] == ["'none'", "'self'", "'none'", "'self'"], what
        assert policy["base-uri"] in ("'self'", "'none'"), what


async def test_every_kind_of_answer_carries_an_id_of_its_own_and_its_times_exactly_once(running: Gateway) -> None:
    seen = set()
    for what, (method, target, headers, _status) in ANSWERS.items():
        reply = await running.ask(target, method, headers=headers)
        ((request_id,), (timing,)) = (reply.headers.getall(name) for name in ("X-Request-ID", "Server-Timing"))
        assert re.fullmatch(r"(upstream;dur=\d+\.\d, )?gateway;dur=\d+\.\d", timing), what
        assert timing.startswith("upstream") is (what.startswith("monitor's") or what == "failing monitor"), what
        seen.add(request_id)
    assert len(seen) == len(ANSWERS)


@pytest.mark.parametrize(
    "refused",
    [
        b"GET /prod/ HTTP/1.1\r\nHost : 127.0.0.1\r\n\r\n",
        b"nonsense\r\n\r\n",
        b"GET /prod/ HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + b"x" * 70_000 + b"\r\n\r\n",
        b"POST /prod/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"GET /prod/ HTTP/1.1\r\nHost: elsewhere\r\nConnection: close\r\n\r\n",
        b"BREW /prod/ HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n",
    ],
)
async def test_what_the_strict_server_refuses_carries_them_too(running: Gateway, refused: bytes) -> None:
    head = (await running.raw(refused)).partition(b"\r\n\r\n")[0]
    assert re.match(rb"HTTP/1.1 4\d\d ", head)
    assert len(re.findall(rb"\r\nx-request-id: [0-9a-f]{16}", head)) == 1
    assert len(re.findall(rb"\r\nserver-timing: gateway;dur=", head)) == 1


@pytest.mark.parametrize(
    "what", ["own page", "log-in page", "form without its token", "closed part", "failing monitor"]
)
async def test_own_pages_run_only_what_carries_the_answers_nonce(running: Gateway, what: str) -> None:
    method, target, headers, _ = ANSWERS[what]
    first, second = [await running.ask(target, method, headers=headers) for _ in range(2)]
    assert nonce_of(first) != nonce_of(second)
    for reply in (first, second):
        policy = policy_of(reply.headers)
        assert policy["default-src"] == "'none'"
        assert policy["script-src"] == policy["style-src"] == f"'nonce-{nonce_of(reply)}'"
        assert "unsafe" not in reply.headers["Content-Security-Policy"]
        tags = re.findall(r"<(?:script|link rel=\"stylesheet\")[^>]*>", reply.text)
        assert len(tags) >= 4
        assert all(f'nonce="{nonce_of(reply)}"' in tag for tag in tags)


def nonce_of(reply: Reply) -> str:
    found = re.search(r"'nonce-([A-Za-z0-9_-]{20,})'", reply.headers["Content-Security-Policy"])
    assert found
    return found[1]


async def test_requests_at_the_same_time_do_not_share_a_nonce(running: Gateway) -> None:
    replies = await asyncio.gather(*(running.ask("/prod/status/", headers=HTML) for _ in range(20)))
    assert len({nonce_of(reply) for reply in replies}) == 20
    assert all(f'nonce="{nonce_of(reply)}"' in reply.text for reply in replies)


async def test_a_page_with_a_nonce_is_never_confirmed_by_304_which_would_bring_another_nonce(running: Gateway) -> None:
    for target in ("/prod/status/", "/prod/accounts/login/"):
        reply = await running.ask(target, headers=HTML | {"If-None-Match": "*"})
        assert reply.status == 200
        assert "ETag" not in reply.headers


@pytest.mark.parametrize("what", ["monitor's page", "monitor's page, unchanged"])
async def test_pages_of_the_monitor_may_use_their_inline_scripts_and_the_tables_hosts_only(
    running: Gateway, what: str
) -> None:
    method, target, headers, _ = ANSWERS[what]
    scripts = policy_of((await running.ask(target, method, headers=headers)).headers)["script-src"].split()
    assert scripts[:2] == ["'self'", "'unsafe-inline'"]
    assert "https://cdn.datatables.net" in scripts
    assert not {"https:", "*", "'unsafe-eval'"} & set(scripts)


@pytest.mark.parametrize("what", ["monitor's data", "monitor's data, unchanged", "monitor's picture"])
async def test_what_is_no_page_may_run_nothing_when_opened_alone(running: Gateway, what: str) -> None:
    method, target, headers, _ = ANSWERS[what]
    policy = policy_of((await running.ask(target, method, headers=headers)).headers)
    assert policy["default-src"] == "'none'"
    assert "script-src" not in policy


async def plain(scope: Scope, receive: Receive, send: Send) -> None:
    exchange_of(scope).proxied = True
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": json.dumps({}).encode()})


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"public_url": "https://monitor.example/prod"}, ["max-age=31536000"]),
        ({"public_url": "https://monitor.example/prod", "hsts_seconds": 600}, ["max-age=600"]),
        ({"public_url": "https://monitor.example/prod", "hsts_seconds": 0}, []),
        ({"public_url": "http://127.0.0.1:8000/prod"}, []),
        ({}, []),
    ],
)
async def test_browsers_are_told_to_stay_with_tls_where_there_is_tls(
    settings: dict[str, object], said: list[str]
) -> None:
    async with edge_around(plain, **settings) as found:
        assert (await found.ask("/prod/panda/x")).headers.getall("Strict-Transport-Security", []) == said
