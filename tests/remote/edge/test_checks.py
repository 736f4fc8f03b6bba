"""``swf-remote check`` warns about a link that works but is not safe."""

from __future__ import annotations

import pytest

from swf_remote.operations.checks import warnings_for
from tests.remote.gateways import settings_for

LOCAL = "https://localhost:18443/swf-monitor"


@pytest.mark.parametrize(
    ("settings", "ids"),
    [
        ({"monitor_url": LOCAL, "monitor_host": "monitor.example"}, []),
        ({"monitor_url": "http://127.0.0.1:18443/swf-monitor"}, []),
        ({"monitor_url": LOCAL, "monitor_tls_verify": "off"}, ["swf_remote.W001"]),
        ({"monitor_url": LOCAL}, ["swf_remote.W002"]),
        ({"monitor_url": "http://monitor.example/swf-monitor"}, ["swf_remote.W003"]),
    ],
)
def test_a_doubtful_link_is_a_warning(settings: dict[str, str], ids: list[str]) -> None:
    assert [one.id for one in warnings_for(settings_for(**settings))] == ids
