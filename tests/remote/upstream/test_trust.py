"""How the monitor proves who it is: real handshakes, good and bad; nothing is sent to a monitor that fails them."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
import threading
from contextlib import suppress

import pytest

from swf_remote.configuration_rules import problems_of
from swf_remote.proxy import upstream
from swf_remote.proxy.failures import LinkCause, LinkDownError, Phase, TlsError, TlsFault, UpstreamTimeoutError
from swf_remote.proxy.link import Proof
from swf_remote.proxy.trust import Pin, parse_pins
from tests.remote.gateways import settings_for
from tests.remote.upstream.certificates import NAME, Authority, Server
from tests.remote.upstream.scripted import Connection, answer, read_request, say, scripted, wait_for_close
from tests.remote.upstream.test_upstream_client import Request, body_of, client_of

pytestmark = pytest.mark.slow

OTHER_PIN = "sha256/" + "A" * 43 + "="


async def outcome(server: Server | ssl.SSLContext, **settings: object) -> str | TlsFault:
    """What a gateway with these settings gets from this monitor; a refused one must have received nothing."""
    tls = server.tls() if isinstance(server, Server) else server
    script = [read_request(), say(answer(b"safe")), wait_for_close()]
    async with scripted(script, tls=tls) as monitor:
        url = monitor.url.replace("http:", "https:")
        async with client_of(url, **{"monitor_host": NAME} | settings) as client:
            try:
                return (await body_of(client, Request())).decode()
            except TlsError as error:
                assert monitor.heads == []
                assert error.operators_words
                return error.fault


async def test_the_certificate_is_checked_for_the_monitors_own_name(authority: Authority) -> None:
    assert await outcome(authority.server(), monitor_ca_file=authority.file) == "safe"


@pytest.mark.parametrize("name", ["other.example", "127.0.0.1"])
async def test_a_certificate_of_another_name_is_refused(authority: Authority, name: str) -> None:
    assert await outcome(authority.server(name), monitor_ca_file=authority.file) is TlsFault.NAME


async def test_a_certificate_of_an_authority_unknown_to_the_system_is_refused(authority: Authority) -> None:
    assert await outcome(authority.server()) is TlsFault.AUTHORITY


async def test_a_certificate_of_another_authority_than_the_named_one_is_refused(
    authority: Authority, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = Authority(tmp_path_factory.mktemp("other"))
    assert await outcome(other.server(), monitor_ca_file=authority.file) in (TlsFault.AUTHORITY, TlsFault.CERTIFICATE)


async def test_an_expired_certificate_is_refused(authority: Authority) -> None:
    server = authority.server(begins=-9, ends=-2)
    assert await outcome(server, monitor_ca_file=authority.file) is TlsFault.EXPIRED


async def test_a_certificate_of_tomorrow_is_refused(authority: Authority) -> None:
    server = authority.server(begins=2, ends=9)
    assert await outcome(server, monitor_ca_file=authority.file) is TlsFault.NOT_YET


@pytest.mark.parametrize("pin", ["key_pin", "certificate_pin"])
async def test_a_pin_alone_proves_the_monitor_though_no_authority_does(authority: Authority, pin: str) -> None:
    server = authority.server("any.example", begins=-9, ends=-2)
    assert await outcome(server, monitor_pin=getattr(server, pin)) == "safe"


@pytest.mark.parametrize("pin", ["key_pin", "certificate_pin"])
async def test_another_key_than_the_pinned_one_is_refused(authority: Authority, pin: str) -> None:
    assert await outcome(authority.server(), monitor_pin=getattr(authority.server(), pin)) is TlsFault.PIN


async def test_of_several_pins_one_is_enough_so_that_keys_can_be_changed(authority: Authority) -> None:
    server = authority.server()
    assert await outcome(server, monitor_pin=f"{OTHER_PIN}, {server.key_pin}") == "safe"


async def test_with_an_authority_named_both_the_pin_and_the_authority_have_to_agree(
    authority: Authority, tmp_path_factory: pytest.TempPathFactory
) -> None:
    server, stranger = authority.server(), Authority(tmp_path_factory.mktemp("other")).server()
    assert await outcome(server, monitor_ca_file=authority.file, monitor_pin=server.key_pin) == "safe"
    assert await outcome(server, monitor_ca_file=authority.file, monitor_pin=OTHER_PIN) is TlsFault.PIN
    pinned_stranger = await outcome(stranger, monitor_ca_file=authority.file, monitor_pin=stranger.key_pin)
    assert pinned_stranger in (TlsFault.AUTHORITY, TlsFault.CERTIFICATE)


async def test_every_new_connection_is_checked_not_only_the_first(authority: Authority) -> None:
    """The monitor is replaced by another while the gateway holds its address."""
    server, impostor = authority.server(), authority.server()
    script = [read_request(), say(answer(b"safe", headers=["Connection: close"]))]
    async with scripted(script, tls=server.tls()) as monitor:
        port = monitor.port
        async with client_of(f"https://127.0.0.1:{port}/swf-monitor", monitor_pin=server.key_pin) as client:
            assert await body_of(client, Request()) == b"safe"
            assert await body_of(client, Request()) == b"safe"
            assert monitor.connections == 2
            client._trust.pins._pins = parse_pins(impostor.key_pin)
            with pytest.raises(TlsError) as caught:
                await client.send(Request())
    assert (caught.value.fault, len(monitor.heads)) == (TlsFault.PIN, 2)


async def test_verification_can_be_switched_off(authority: Authority) -> None:
    assert await outcome(authority.server("other.example", ends=0), monitor_tls_verify="off") == "safe"


class OldServer(threading.Thread):
    """One connection with an old TLS; blocking, since such a server takes leave by an alert that asyncio swallows."""

    def __init__(self, tls: ssl.SSLContext) -> None:
        super().__init__(daemon=True)
        self._tls = tls
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.spoke = ""

    def run(self) -> None:
        with self._listener, self._listener.accept()[0] as connection, suppress(ssl.SSLError, OSError):
            self.spoke = self._tls.wrap_socket(connection, server_side=True).version() or ""


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
@pytest.mark.parametrize("settings", [{}, {"monitor_tls_verify": "off"}, {"monitor_pin": OTHER_PIN}])
async def test_old_tls_is_never_spoken(
    authority: Authority, version: ssl.TLSVersion, settings: dict[str, object]
) -> None:
    tls = authority.server().tls()
    tls.set_ciphers("ALL:@SECLEVEL=0")
    tls.minimum_version, tls.maximum_version = ssl.TLSVersion.TLSv1, version
    server = OldServer(tls)
    server.start()
    async with client_of(f"https://127.0.0.1:{server.port}/swf-monitor", **settings) as client:
        with pytest.raises(TlsError) as caught:
            await client.send(Request())
    await asyncio.to_thread(server.join, 10)
    assert (caught.value.fault, server.spoke) == (TlsFault.HANDSHAKE, "")


async def test_a_connection_that_ends_in_the_handshake_is_the_tunnels_fault_and_nothing_was_sent() -> None:
    async def hang_up(connection: Connection) -> None:
        connection.writer.close()

    async with (
        scripted([hang_up]) as monitor,
        client_of(monitor.url.replace("http:", "https:"), monitor_pin=OTHER_PIN) as client,
    ):
        with pytest.raises(LinkDownError) as caught:
            await client.send(Request())
    assert (caught.value.cause, caught.value.sent) == (LinkCause.RESET, False)


async def test_a_monitor_without_tls_is_a_tls_failure() -> None:
    async with (
        scripted([say(b"HTTP/1.1 400 Bad Request\r\n\r\n")]) as monitor,
        client_of(monitor.url.replace("http:", "https:"), monitor_tls_verify="off") as client,
    ):
        with pytest.raises(TlsError) as caught:
            await client.send(Request())
    assert caught.value.fault is TlsFault.HANDSHAKE


async def test_the_log_tells_operators_the_key_that_was_shown_once_and_not_per_request(
    authority: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    server = authority.server()
    async with scripted([wait_for_close()], tls=server.tls()) as monitor:
        url = monitor.url.replace("http:", "https:")
        with caplog.at_level(logging.ERROR, "swf_remote.tls"):
            async with client_of(url, monitor_pin=OTHER_PIN) as client:
                for _ in range(3):
                    with pytest.raises(TlsError):
                        await client.send(Request())
    assert [server.key_pin in record.getMessage() for record in caplog.records] == [True]


@pytest.mark.parametrize(
    ("settings", "proof"),
    [
        ({"monitor_url": "http://127.0.0.1:1/m"}, Proof.PLAIN),
        ({}, Proof.AUTHORITY),
        ({"monitor_pin": OTHER_PIN}, Proof.PIN),
        ({"monitor_tls_verify": "off"}, Proof.NONE),
    ],
)
async def test_the_state_of_the_link_says_what_is_asked_of_the_certificate(
    settings: dict[str, str], proof: Proof
) -> None:
    async with client_of(**{"url": settings.pop("monitor_url", "https://127.0.0.1:1/m")} | settings) as client:
        assert client.proof is proof


@pytest.mark.parametrize(
    "pin",
    [
        "sha256/short",
        "sha1/" + "A" * 43 + "=",
        "A" * 43 + "=",
        "cert-sha256/zz",
        "cert-sha256/" + "0" * 62,
        "sha256/" + "A" * 44,
        f"{OTHER_PIN} {OTHER_PIN}",
    ],
)
def test_a_pin_that_is_none_is_one_line_at_the_start(pin: str) -> None:
    found = list(problems_of(settings_for("https://127.0.0.1:1/swf-monitor", monitor_pin=pin)))
    assert [name for name, _ in found] == ["monitor_pin"]
    with pytest.raises(ValueError):
        parse_pins(pin)


@pytest.mark.parametrize(
    ("url", "verify"), [("http://127.0.0.1:1/swf-monitor", "on"), ("https://127.0.0.1:1/swf-monitor", "off")]
)
def test_a_pin_that_would_not_be_looked_at_is_refused_at_the_start(url: str, verify: str) -> None:
    found = list(problems_of(settings_for(url, monitor_pin=OTHER_PIN, monitor_tls_verify=verify)))
    assert [name for name, _ in found] == ["monitor_pin"]


def test_colons_as_openssl_prints_them_are_fine_in_a_certificates_pin() -> None:
    text = ":".join(["AB"] * 32)
    assert parse_pins(f"cert-sha256/{text}") == (Pin(of_key=False, digest=b"\xab" * 32),)


async def test_a_monitor_that_accepts_and_never_shakes_hands_is_a_connect_timeout(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(upstream, "CONNECT_SECONDS", 0.3)
    async with (
        scripted([wait_for_close()]) as monitor,
        client_of(monitor.url.replace("http:", "https:"), monitor_tls_verify="off") as client,
    ):
        with pytest.raises(UpstreamTimeoutError) as caught:
            await client.send(Request())
        await asyncio.wait_for(monitor.closed_by_client.wait(), 5)
    assert caught.value.phase is Phase.CONNECT
