"""Fixtures of the upstream tests: an authority, and a scripted monitor that speaks HTTP/2 with a client for it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from swf_remote.proxy.upstream import UpstreamClient
from tests.remote.upstream.certificates import NAME, Authority
from tests.remote.upstream.scripted_http2 import Http2Monitor, Script, http2_monitor
from tests.remote.upstream.test_upstream_client import client_of


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def talk(authority: Authority) -> Callable[..., object]:
    """A scripted monitor and a client that trusts it."""

    @asynccontextmanager
    async def both(*scripts: Script, **options: object) -> AsyncIterator[tuple[Http2Monitor, UpstreamClient]]:
        async with (
            http2_monitor(authority.server(), *scripts, **options) as monitor,
            client_of(monitor.url, monitor_host=NAME, monitor_ca_file=authority.file) as client,
        ):
            yield monitor, client

    return both
