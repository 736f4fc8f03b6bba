"""Posts to real web servers, which may fail at any point; and to places where none may go."""

from __future__ import annotations

import hashlib
import hmac
import socket
import ssl
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Any

import pytest

from swf_remote.alarms.delivery import connecting
from swf_remote.alarms.delivery.allowed import Origin, read_allowed
from swf_remote.alarms.delivery.connecting import addresses_of, anywhere
from swf_remote.alarms.delivery.transports import Parcel, Result
from swf_remote.alarms.delivery.webhook import Webhooks, signature
from tests.remote.alarms.delivery.news import NOW
from tests.remote.alarms.delivery.web_servers import HANG, REFUSE, RESET, WebHook, answer, web_server
from tests.remote.upstream.certificates import Authority

SECRET = "a-secret-of-the-gateway"
BODY = '{"text":"é"}'


def parcel(url: str) -> Parcel:
    return Parcel("d1", (url,), "subject", {"format": "json", "body": BODY}, NOW)


def webhooks(hook: WebHook, **how: Any) -> Webhooks:
    known: dict[str, Any] = {"allowed": read_allowed(f"{hook.scheme}://127.0.0.1:{hook.port}"), "is_allowed": anywhere}
    return Webhooks(**(known | how))


def posted(hook: WebHook, **how: Any) -> Result:
    return webhooks(hook, **how).deliver(parcel(hook.url))


def test_a_post_that_is_accepted_is_delivered() -> None:
    with web_server() as hook:
        assert posted(hook) == Result(reached=(hook.url,), detail="200 ok")
        post = hook.posts[0]
    assert (post.method, post.target, post.body) == ("POST", "/hook", BODY.encode())
    assert post.headers["content-type"] == "application/json"
    assert post.headers["host"] == f"127.0.0.1:{hook.port}"


def test_the_query_of_an_address_is_sent_too() -> None:
    with web_server() as hook:
        webhooks(hook).deliver(parcel(f"{hook.url}?token=1&b=%20"))
        assert hook.posts[0].target == "/hook?token=1&b=%20"


def test_the_identifier_of_the_delivery_is_the_key_at_each_attempt() -> None:
    with web_server([answer(503)]) as hook:
        posted(hook)
        posted(hook)
        assert hook.keys() == ["d1", "d1"]


def test_a_post_is_signed_over_its_time_and_its_body() -> None:
    with web_server() as hook:
        posted(hook, secret=SECRET, clock=lambda: 1_764_402_840.9)
        header = hook.posts[0].headers["x-swf-signature"]
    expected = hmac.new(SECRET.encode(), b"1764402840." + BODY.encode(), hashlib.sha256).hexdigest()
    assert header == f"t=1764402840,v1={expected}" == signature(SECRET, 1_764_402_840, BODY.encode())


def test_without_a_secret_nothing_is_signed() -> None:
    with web_server() as hook:
        posted(hook)
        assert "x-swf-signature" not in hook.posts[0].headers


def test_the_secret_is_not_shown() -> None:
    assert SECRET not in repr(Webhooks(frozenset(), SECRET))


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_every_good_status_is_acceptance(status: int) -> None:
    with web_server([answer(status)]) as hook:
        assert posted(hook).reached == (hook.url,)


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 599])
def test_a_status_that_may_pass_is_tried_again(status: int) -> None:
    with web_server([answer(status, body=b"no")]) as hook:
        assert posted(hook) == Result(detail=f"{status} no")


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 413, 422])
def test_any_other_status_is_final(status: int) -> None:
    with web_server([answer(status, body=b"no")]) as hook:
        assert posted(hook) == Result(refused={hook.url: f"{status} no"}, detail=f"{status} no")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_not_followed(status: int) -> None:
    with web_server() as other, web_server() as hook:
        hook.answers.append(answer(status, f"Location: {other.url}/secret"))
        result = posted(hook, allowed=read_allowed(f"{_origin(hook)},{_origin(other)}"))
        assert other.posts == []
    assert "redirects are not followed" in result.refused[hook.url]
    assert "secret" not in result.detail


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120.0), ("0", 0.0), ("999999999999999", 999999999.0), ("-5", None), ("soon", None), ("", None),
        ("Sun, 29 Nov 2026 03:15:00 GMT", 60.0), ("Sun, 29 Nov 2026 03:00:00 GMT", 0.0), ("1.5", None),
    ],
)  # fmt: skip
def test_the_wait_that_is_asked_for_is_read(header: str, seconds: float | None) -> None:
    with web_server([answer(429, f"Retry-After: {header}")]) as hook:
        result = posted(hook, clock=lambda: NOW.replace(tzinfo=UTC).timestamp())
    assert result.wait == seconds


@pytest.mark.parametrize(
    "fault", [REFUSE, RESET, b"", b"HTTP/1.1 2", b"not HTTP\r\n\r\n", b"HTTP/1.1 200 OK\r\nA: " + b"x" * 70_000]
)
def test_a_server_that_fails_is_tried_again(fault: bytes) -> None:
    with web_server([fault]) as hook:
        result = posted(hook)
        assert not result.reached
        assert not result.refused
        assert result.detail
        assert posted(hook).reached == (hook.url,)


def test_an_answer_whose_body_breaks_off_is_an_answer() -> None:
    with web_server([b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf"]) as hook:
        assert posted(hook).reached == (hook.url,)


def test_of_a_body_without_end_only_the_beginning_is_read() -> None:
    with web_server([answer(200, body=b"x" * 5_000_000)]) as hook:
        result = posted(hook)
    assert result.reached == (hook.url,)
    assert len(result.detail) < 250


def test_a_server_that_says_nothing_is_left_when_the_time_is_over() -> None:
    with web_server([HANG]) as hook:
        result = posted(hook, seconds=0.3)
    assert not result.reached
    assert not result.refused


def test_nobody_listening_is_tried_again() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    hook = WebHook(port=port)
    assert "ConnectionRefusedError" in posted(hook).detail


def test_what_a_server_says_is_cleaned() -> None:
    with web_server([answer(500, body=b"a\r\nb\x00\xff" + b"x" * 3000)]) as hook:
        detail = posted(hook).detail
    assert detail.isprintable()
    assert len(detail) <= 250


def test_no_detail_names_the_secret_path_of_a_hook() -> None:
    for said in (answer(500), answer(404), answer(302, "Location: /x"), RESET):
        with web_server([said]) as hook:
            url = f"{hook.url}/very-secret"
            result = webhooks(hook).deliver(parcel(url))
        assert "very-secret" not in result.detail
        assert "very-secret" not in "".join(result.refused.values())


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


def test_https_is_checked_for_the_name(authority: Authority) -> None:
    trust = ssl.create_default_context(cafile=str(authority.file))
    with web_server(tls=authority.server("127.0.0.1").tls()) as hook:
        assert posted(hook, trust=trust).reached == (hook.url,)
    with web_server(tls=authority.server("other.example").tls()) as hook:
        result = posted(hook, trust=trust)
        assert hook.posts == []
    assert "CERTIFICATE_VERIFY_FAILED" in result.detail
    assert not result.reached


def test_https_of_an_authority_that_nobody_knows_is_not_believed(authority: Authority) -> None:
    with web_server(tls=authority.server("127.0.0.1").tls()) as hook:
        assert "CERTIFICATE_VERIFY_FAILED" in posted(hook).detail
        assert hook.posts == []


def _origin(hook: WebHook) -> str:
    return f"{hook.scheme}://127.0.0.1:{hook.port}"


def test_a_host_that_the_operator_does_not_list_is_not_asked() -> None:
    with web_server() as hook:
        result = posted(hook, allowed=read_allowed("chat.example"))
        assert hook.connections == 0
    assert "SWF_REMOTE_WEBHOOK_HOSTS" in result.refused[hook.url]


def test_an_address_inside_is_not_asked_though_the_operator_lists_it() -> None:
    with web_server() as hook:
        result = Webhooks(read_allowed(_origin(hook))).deliver(parcel(hook.url))
        assert hook.connections == 0
    assert "no public address" in result.refused[hook.url]


@pytest.mark.parametrize(
    "host", ["localhost", "2130706433", "0x7f.1", "127.1", "017700000001", "0", "[::1]", "[::ffff:127.0.0.1]"]
)
def test_no_spelling_of_this_machine_is_asked(host: str) -> None:
    with web_server() as hook:
        url = f"http://{host}:{hook.port}/hook"
        result = Webhooks(read_allowed(f"http://{host}:{hook.port}")).deliver(parcel(url))
        assert hook.connections == 0
    assert not result.reached


def _resolving(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """A name server that says these, one after the other; what was asked."""
    asked: list[str] = []

    def resolve(host: str, port: int, *_: Any, **__: Any) -> Any:
        if host != "chat.example":
            return real(host, port, *_, **__)
        asked.append(host)
        found = answers[min(len(asked), len(answers)) - 1]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in found]

    real = socket.getaddrinfo
    monkeypatch.setattr(connecting.socket, "getaddrinfo", resolve)
    return asked


@pytest.mark.parametrize("inside", ["127.0.0.1", "10.0.0.1", "169.254.169.254"])
def test_a_listed_name_that_leads_inside_is_not_asked(monkeypatch: pytest.MonkeyPatch, inside: str) -> None:
    _resolving(monkeypatch, [inside])
    with web_server() as hook:
        url = f"http://chat.example:{hook.port}/hook"
        result = Webhooks(frozenset({Origin("http", "chat.example", hook.port)})).deliver(parcel(url))
        assert hook.connections == 0
    assert inside in result.refused[url]


def test_a_name_that_leads_inside_and_outside_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    _resolving(monkeypatch, ["8.8.8.8", "127.0.0.1"])
    with web_server() as hook:
        url = f"http://chat.example:{hook.port}/hook"
        result = Webhooks(frozenset({Origin("http", "chat.example", hook.port)})).deliver(parcel(url))
        assert hook.connections == 0
    assert "127.0.0.1" in result.refused[url]


def test_the_name_is_asked_once_so_that_it_cannot_change_after_the_look(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = _resolving(monkeypatch, ["127.0.0.1"], ["127.0.0.9"])
    looked_at = []
    with web_server() as hook:
        url = f"http://chat.example:{hook.port}/hook"
        allowed = frozenset({Origin("http", "chat.example", hook.port)})
        result = Webhooks(allowed, is_allowed=lambda one: looked_at.append(one) is None).deliver(parcel(url))
        assert hook.posts[0].headers["host"] == f"chat.example:{hook.port}"
    assert result.reached == (url,)
    assert asked == ["chat.example"]
    assert looked_at == [ip_address("127.0.0.1")]


def test_a_name_that_nobody_knows_is_tried_again() -> None:
    allowed = read_allowed("nowhere.invalid")
    result = Webhooks(allowed).deliver(parcel("https://nowhere.invalid/hook"))
    assert not result.refused
    assert result.detail


def test_an_overlong_name_is_tried_again_and_does_no_harm() -> None:
    with pytest.raises(OSError, match="no name of a host"):
        addresses_of("a" * 100 + ".example", 443, anywhere)


@pytest.mark.parametrize(
    "url", ["ftp://chat.example/x", "http://u:p@chat.example/", "nonsense", "http://chat.example/\r\nX: y"]
)
def test_an_address_that_cannot_be_used_is_refused(url: str) -> None:
    result = Webhooks(read_allowed("http://chat.example, https://chat.example")).deliver(parcel(url))
    assert "cannot be used" in result.refused[url]


def test_a_time_that_asks_for_a_wait_may_lack_its_zone() -> None:
    with web_server([answer(503, "Retry-After: Sun, 29 Nov 2026 03:15:00 -0000")]) as hook:
        moment = datetime(2026, 11, 29, 3, 14, tzinfo=UTC).timestamp()
        assert posted(hook, clock=lambda: moment).wait == 60.0
