"""HTTP/2 to a server that is not ours: nginx, on a certificate made for the test."""

from __future__ import annotations

import asyncio
import getpass
import os
import shutil
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from swf_remote.proxy.upstream import UpstreamClient
from tests.remote.gateways import free_port
from tests.remote.upstream.certificates import NAME, Authority
from tests.remote.upstream.test_upstream_client import Request, body_of, client_of, pieces

NGINX = shutil.which("nginx") or next((path for path in ["/usr/sbin/nginx"] if Path(path).exists()), None)
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        NGINX is None and not os.environ.get("CI"), reason="nginx is missing; install it with: sudo make system-deps"
    ),
]
LARGE = bytes(range(256)) * 40_000
CONFIGURATION = """
user {user}; daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log info;
events {{ worker_connections 200; }}
http {{
  log_format lines '$connection $server_protocol $status $request_method $uri';
  access_log {folder}/access.log lines;
  client_body_temp_path {folder}/bodies; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  client_max_body_size 50m; keepalive_requests {requests_per_connection};
  server {{
    listen 127.0.0.1:{port} ssl{protocol}; server_name {name}; root {folder}/site;
    ssl_certificate {folder}/chain.pem; ssl_certificate_key {folder}/key.pem;
    location /swf-monitor/put/ {{ dav_methods PUT; create_full_put_path on; }}
  }}
}}
"""


@dataclass(frozen=True)
class Nginx:
    """A running nginx in front of a folder."""

    folder: Path
    process: asyncio.subprocess.Process
    client: UpstreamClient

    def log(self) -> list[list[str]]:
        """Connection, protocol, status, method and path of each request."""
        return [line.split() for line in (self.folder / "access.log").read_text().splitlines()]


@pytest.fixture
def nginx(tmp_path: Path) -> Callable[..., object]:
    @asynccontextmanager
    async def running(*, http2: bool = True, requests_per_connection: int = 10_000) -> AsyncIterator[Nginx]:
        authority, port = Authority(tmp_path), free_port()
        issued = authority.server().issued
        issued.private_key_pem.write_to_path(str(tmp_path / "key.pem"))
        (tmp_path / "chain.pem").write_bytes(b"".join(pem.bytes() for pem in issued.cert_chain_pems))
        site = tmp_path / "site" / "swf-monitor"
        (site / "put").mkdir(parents=True)
        (site / "page").write_bytes(b"here")
        (site / "large").write_bytes(LARGE)
        file = tmp_path / "nginx.conf"
        values = {
            "user": getpass.getuser(),
            "folder": tmp_path,
            "port": port,
            "name": NAME,
            "requests_per_connection": requests_per_connection,
        }
        file.write_text(CONFIGURATION.format(protocol=" http2" if http2 else "", **values))
        assert NGINX is not None
        process = await asyncio.create_subprocess_exec(NGINX, "-c", str(file), "-p", str(tmp_path), stderr=-3)
        try:
            await accepts(port)
            url = f"https://127.0.0.1:{port}/swf-monitor"
            async with client_of(url, monitor_host=NAME, monitor_ca_file=authority.file) as client:
                yield Nginx(tmp_path, process, client)
        finally:
            process.terminate()
            await process.wait()

    return running


async def accepts(port: int) -> None:
    async with asyncio.timeout(20):
        while True:
            try:
                _reader, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.05)
            else:
                writer.close()
                return


PAGE = Request(target="/swf-monitor/page")


async def test_requests_at_once_share_one_connection(nginx: Callable) -> None:
    async with nginx() as server:
        assert await asyncio.gather(*(body_of(server.client, PAGE) for _ in range(80))) == [b"here"] * 80
        assert {(line[0], line[1]) for line in server.log()} == {(server.log()[0][0], "HTTP/2.0")}


async def test_without_its_offer_each_has_its_own_in_http_1(nginx: Callable) -> None:
    async with nginx(http2=False) as server:
        assert await asyncio.gather(*(body_of(server.client, PAGE) for _ in range(20))) == [b"here"] * 20
        assert {line[1] for line in server.log()} == {"HTTP/1.1"}


async def test_large_bodies_pass_whole_both_ways_while_pages_are_asked_for(nginx: Callable) -> None:
    async with nginx() as server:
        upload = Request("PUT", "/swf-monitor/put/one", (("Host", NAME), ("Content-Length", str(len(LARGE)))))
        parts = [LARGE[begin : begin + 100_000] for begin in range(0, len(LARGE), 100_000)]
        *pages, down, up = await asyncio.gather(
            *(body_of(server.client, PAGE) for _ in range(10)),
            body_of(server.client, Request(target="/swf-monitor/large")),
            server.client.send(upload, body=pieces(*parts)),
        )
        up.close()
        assert (pages, down == LARGE, up.status) == ([b"here"] * 10, True, 201)
        assert (server.folder / "site/swf-monitor/put/one").read_bytes() == LARGE


async def test_head_and_not_found_pass(nginx: Callable) -> None:
    async with nginx() as server:
        head = await server.client.send(Request("HEAD", "/swf-monitor/large"))
        assert (head.status, dict(head.raw_headers)[b"content-length"]) == (200, str(len(LARGE)).encode())
        assert [chunk async for chunk in head.chunks()] == []
        head.close()
        missing = await server.client.send(Request(target="/swf-monitor/none"))
        missing.close()
        assert missing.status == 404


async def test_no_request_is_lost_where_the_server_ends_its_connections_by_and_by(nginx: Callable) -> None:
    async with nginx(requests_per_connection=10) as server:
        for _ in range(20):
            assert await asyncio.gather(*(body_of(server.client, PAGE) for _ in range(8))) == [b"here"] * 8
        assert len({line[0] for line in server.log()}) > 10


async def test_a_reload_of_the_server_loses_no_request(nginx: Callable) -> None:
    async with nginx() as server:
        assert await body_of(server.client, PAGE) == b"here"
        asking = asyncio.gather(*(body_of(server.client, Request(target="/swf-monitor/large")) for _ in range(4)))
        await asyncio.sleep(0)
        server.process.send_signal(signal.SIGHUP)
        assert [body == LARGE for body in await asking] == [True] * 4
        for _ in range(20):
            assert await body_of(server.client, PAGE) == b"here"
