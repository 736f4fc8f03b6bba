"""What holds for every answer, whoever gives it: hosts, methods, identity headers, request ids, security headers."""

from __future__ import annotations

import json
import re

import pytest
from starlette.types import Receive, Scope, Send

from swf_remote.edge.assets import STATIC_FOLDER
from swf_remote.edge.exchange import exchange_of
from swf_remote.edge.problem import AnswerAbortedError, Problem, ProblemError
from swf_remote.proxy.coding.decoding import Decoding
from tests.remote.gateways import edge_around

pytestmark = pytest.mark.slow

PAGE = {"Accept": "text/html"}


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Tells what the layers behind the edge see."""
    seen = {
        "headers": [[name.decode(), value.decode("latin-1")] for name, value in scope["headers"]],
        "client": scope["client"][0],
        "scheme": scope["scheme"],
        "path": scope["path"],
    }
    exchange_of(scope).proxied = scope["path"].startswith("/prod/panda/")
    kind = b"text/html" if scope["path"].endswith("/") else b"application/json"
    headers = [(b"content-type", kind), (b"x-frame-options", b"SAMEORIGIN"), (b"content-security-policy", b"*")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(seen).encode()})


async def test_the_root_and_the_bare_mount_lead_to_the_first_page() -> None:
    async with edge_around(echo) as gateway:
        for target in ("/", "/prod"):
            reply = await gateway.ask(target)
            assert (reply.status, reply.headers["Location"]) == (302, "/prod/")


async def test_the_icon_that_browsers_ask_for_by_themselves_is_ours() -> None:
    async with edge_around(echo) as gateway:
        reply = await gateway.ask("/favicon.ico")
        assert reply.status == 302
        icon = await gateway.ask(reply.headers["Location"])
        assert (icon.status, icon.headers["Content-Type"]) == (200, "image/svg+xml")


async def test_addresses_outside_of_the_mount_are_not_found() -> None:
    async with edge_around(echo) as gateway:
        assert (await gateway.ask("/production/")).status == 404
        assert (await gateway.ask("/swf-monitor/panda/")).status == 404


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "a b"])
async def test_another_host_name_is_refused(host: str) -> None:
    async with edge_around(echo) as gateway:
        answer = await gateway.raw(f"GET /prod/ HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        assert answer.startswith(b"HTTP/1.1 400 ")


async def test_two_host_headers_are_refused() -> None:
    async with edge_around(echo) as gateway:
        request = b"GET /prod/ HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        assert (await gateway.raw(request)).startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "BREW", "PROPFIND"])
async def test_methods_that_nothing_here_uses_are_refused_and_the_others_named(method: str) -> None:
    async with edge_around(echo) as gateway:
        request = f"{method} /prod/panda/ HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
        head = (await gateway.raw(request.encode())).split(b"\r\n\r\n")[0].lower()
        assert b" 405 " in head.split(b"\r\n")[0]
        assert b"allow: get, head, options, post, put, patch, delete" in head


@pytest.mark.parametrize(
    "name",
    ["X-Remote-User", "x-remote-user", "X_Remote_User", "X-Forwarded-For", "X-Forwarded-Host", "Forwarded", "X.Odd"],
)
async def test_headers_that_claim_an_identity_or_an_address_never_get_in(name: str) -> None:
    async with edge_around(echo) as gateway:
        reply = await gateway.ask("/prod/panda/x", headers={name: "alice", "Accept": "*/*"})
        seen = json.loads(reply.body)
        assert "alice" not in [value for _, value in seen["headers"]]
        assert seen["client"] == "127.0.0.1"


async def test_a_trusted_proxy_tells_the_readers_address_and_scheme() -> None:
    async with edge_around(echo, trusted_proxies="127.0.0.0/8") as gateway:
        headers = {"X-Forwarded-For": "198.51.100.9, 203.0.113.7", "X-Forwarded-Proto": "https"}
        seen = json.loads((await gateway.ask("/prod/panda/x", headers=headers)).body)
        assert (seen["client"], seen["scheme"]) == ("203.0.113.7", "https")


async def test_a_request_id_is_ours_and_reaches_both_the_inside_and_the_reader() -> None:
    async with edge_around(echo) as gateway:
        reply = await gateway.ask("/prod/panda/x", headers={"X-Request-ID": "forged-by-a-reader"})
        inside = dict(json.loads(reply.body)["headers"])["x-request-id"]
        assert reply.headers.getall("X-Request-ID") == [inside]
        assert inside != "forged-by-a-reader"


@pytest.mark.parametrize(("given", "kept"), [("abcDEF-123.456", True), ("short", False), ("with space1", False)])
async def test_a_trusted_proxy_may_name_a_request_if_the_name_is_harmless(given: str, kept: bool) -> None:
    async with edge_around(echo, trusted_proxies="127.0.0.1") as gateway:
        reply = await gateway.ask("/prod/panda/x", headers={"X-Request-ID": given})
        assert (reply.headers["X-Request-ID"] == given) is kept


async def test_too_many_or_too_large_headers_are_refused() -> None:
    async with edge_around(echo) as gateway:
        assert (await gateway.ask("/prod/x", headers={f"X-{n}": "1" for n in range(150)})).status == 431
        assert (await gateway.ask("/prod/x", headers={"Cookie": "a" * 40_000})).status == 431


async def test_an_endless_address_is_refused() -> None:
    async with edge_around(echo) as gateway:
        assert (await gateway.ask("/prod/x?" + "a" * 20_000)).status == 414


async def test_an_unexpected_failure_is_a_problem_page_with_the_request_id_and_no_traceback() -> None:
    async def broken(scope: Scope, receive: Receive, send: Send) -> None:
        raise RuntimeError("secret of the house")

    async with edge_around(broken) as gateway:
        reply = await gateway.ask("/prod/panda/", headers=PAGE)
        assert reply.status == 500
        assert reply.headers["X-Request-ID"] in reply.text
        assert "secret of the house" not in reply.text
        assert "Traceback" not in reply.text


async def test_a_problem_is_json_for_programs() -> None:
    async def refusing(scope: Scope, receive: Receive, send: Send) -> None:
        raise ProblemError(Problem(403, "not-exposed", "Not here", "Go elsewhere"))

    async with edge_around(refusing) as gateway:
        reply = await gateway.ask("/prod/panda/", headers={"Accept": "application/json"})
        assert reply.headers["Content-Type"] == "application/problem+json"
        assert json.loads(reply.body)["kind"] == "not-exposed"


async def test_each_kind_of_client_gets_a_problem_in_its_own_form() -> None:
    async def refusing(scope: Scope, receive: Receive, send: Send) -> None:
        raise ProblemError(Problem(403, "not-exposed", "Not here", "Go elsewhere"))

    async with edge_around(refusing) as gateway:
        for method, target, headers, kind in (
            ("GET", "/prod/panda/", PAGE, "text/html; charset=utf-8"),
            ("GET", "/prod/panda/", {"Accept": "*/*"}, "application/problem+json"),
            ("GET", "/prod/panda/", PAGE | {"X-Requested-With": "XMLHttpRequest"}, "application/problem+json"),
            ("GET", "/prod/panda/", PAGE | {"Sec-Fetch-Dest": "empty"}, "application/problem+json"),
            ("GET", "/prod/x/", {"Accept": "text/event-stream"}, "text/event-stream; charset=utf-8"),
            ("POST", "/prod/mcp/", {"Accept": "application/json, text/event-stream"}, "application/json"),
            ("GET", "/prod/mcp/", PAGE, "text/html; charset=utf-8"),
        ):
            reply = await gateway.ask(target, method, headers=headers)
            assert (target, reply.status, reply.headers["Content-Type"]) == (target, 403, kind)
            assert reply.headers["X-Request-ID"] in reply.text


@pytest.mark.parametrize("fault", [AnswerAbortedError("cut"), RuntimeError("bug")])
async def test_an_answer_that_breaks_off_is_never_ended_cleanly(fault: Exception) -> None:
    async def half(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"half of", "more_body": True})
        raise fault

    async with edge_around(half) as gateway:
        answer = await gateway.raw(b"GET /prod/panda/ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        assert b"half of" in answer
        assert not answer.endswith(b"0\r\n\r\n")


async def test_a_problem_answers_head_without_a_body() -> None:
    async with edge_around(echo) as gateway:
        reply = await gateway.ask("/nowhere", "HEAD")
        assert (reply.status, reply.body) == (404, b"")


async def test_own_files_have_entity_tags_and_ranges() -> None:
    async with edge_around(echo) as gateway:
        whole = await gateway.ask("/prod/assets/web/site.css", headers={"Accept-Encoding": "identity"})
        again = await gateway.ask("/prod/assets/web/site.css", headers={"If-None-Match": whole.headers["ETag"]})
        part = await gateway.ask("/prod/assets/web/site.css", headers={"Range": "bytes=0-9"})
        assert (whole.status, again.status, part.status) == (200, 304, 206)
        assert part.body == whole.body[:10]


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd"])
async def test_own_texts_come_in_the_coding_that_the_reader_takes(coding: str) -> None:
    async with edge_around(echo) as gateway:
        plain = await gateway.ask("/prod/assets/web/site.css", headers={"Accept-Encoding": "identity"})
        packed = await gateway.ask("/prod/assets/web/site.css", headers={"Accept-Encoding": coding})
        tag = packed.headers["ETag"]
        again = await gateway.ask(
            "/prod/assets/web/site.css", headers={"If-None-Match": tag, "Accept-Encoding": coding}
        )
        assert packed.headers["Content-Encoding"] == coding
        assert int(packed.headers["Content-Length"]) < len(plain.body) / 2
        assert b"".join(Decoding((coding.encode(),)).pieces(packed.body)) == plain.body
        assert again.status == 304
        assert {reply.headers["Vary"] for reply in (plain, packed, again)} == {"Accept-Encoding"}


async def test_an_own_file_that_is_no_text_is_not_compressed() -> None:
    async with edge_around(echo) as gateway:
        font = next(iter((STATIC_FOLDER / "vendor").glob("bootstrap-icons*/font/fonts/*.woff2")))
        target = f"/prod/assets/{font.relative_to(STATIC_FOLDER)}"
        assert "Content-Encoding" not in (await gateway.ask(target, headers={"Accept-Encoding": "gzip"})).headers


async def test_a_fingerprinted_file_is_kept_for_ever_and_any_other_is_asked_about() -> None:
    async with edge_around(echo) as gateway:
        assert "immutable" in (await gateway.ask("/prod/assets/web/site.css?v=1")).headers["Cache-Control"]
        assert (await gateway.ask("/prod/assets/web/site.css")).headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize(
    "target", ["/prod/assets/../settings.py", "/prod/assets/%2e%2e/settings.py", "/prod/assets/no.css"]
)
async def test_files_outside_of_the_folder_do_not_exist(target: str) -> None:
    async with edge_around(echo) as gateway:
        answer = await gateway.raw(f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
        assert answer.startswith(b"HTTP/1.1 404 ")


@pytest.mark.parametrize("target", ["/prod/panda/", "/prod/assets/web/site.css", "/nowhere", "/prod/healthz"])
async def test_every_answer_tells_how_long_the_gateway_took(target: str) -> None:
    async with edge_around(echo) as gateway:
        (timing,) = (await gateway.ask(target)).headers.getall("Server-Timing")
        assert re.fullmatch(r"gateway;dur=\d+\.\d", timing)


async def test_an_answer_that_cannot_be_put_on_the_wire_becomes_a_page_with_an_id() -> None:
    async def unwritable(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"x", b"two\nlines")]})
        await send({"type": "http.response.body", "body": b"hello"})

    async with edge_around(unwritable) as gateway:
        reply = await gateway.ask("/prod/panda/")
        assert reply.status == 500
        assert reply.headers["X-Request-ID"] in reply.text


async def test_an_answer_that_was_asked_for_tells_how_long_the_monitor_took() -> None:
    async def asking(scope: Scope, receive: Receive, send: Send) -> None:
        exchange_of(scope).upstream_seconds = 0.1234
        await echo(scope, receive, send)

    async with edge_around(asking) as gateway:
        timing = (await gateway.ask("/prod/panda/")).headers["Server-Timing"]
        assert re.fullmatch(r"upstream;dur=123\.4, gateway;dur=\d+\.\d", timing)
