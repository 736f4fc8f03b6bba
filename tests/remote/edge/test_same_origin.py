"""Which writes come from a page of ours."""

from __future__ import annotations

import pytest

from swf_remote.edge.origin import same_origin

HOST = "monitor.example"
PUBLIC = "https://monitor.example/prod"


@pytest.mark.parametrize(
    ("headers", "ours"),
    [
        ({b"sec-fetch-site": b"same-origin"}, True),
        ({b"sec-fetch-site": b"same-origin", b"origin": b"https://evil.example"}, True),
        ({b"sec-fetch-site": b"same-site", b"origin": b"https://monitor.example"}, False),
        ({b"sec-fetch-site": b"cross-site"}, False),
        ({b"sec-fetch-site": b"none"}, False),
        ({b"origin": b"https://monitor.example"}, True),
        ({b"origin": b"https://monitor.example:443"}, True),
        ({b"origin": b"https://MONITOR.example"}, True),
        ({b"origin": b"http://monitor.example"}, False),
        ({b"origin": b"https://monitor.example:8443"}, False),
        ({b"origin": b"https://monitor.example.evil.example"}, False),
        ({b"origin": b"https://monitor.example@evil.example"}, False),
        ({b"origin": b"null"}, False),
        ({b"origin": b""}, False),
        ({b"origin": b"https://[::1"}, False),
        ({}, False),
        ({b"referer": b"https://monitor.example/prod/"}, False),
    ],
)
def test_sec_fetch_site_decides_else_origin_else_nothing(headers: dict[bytes, bytes], ours: bool) -> None:
    assert same_origin(headers, HOST, PUBLIC) is ours


def test_two_origins_are_none() -> None:
    assert not same_origin([(b"origin", b"https://monitor.example"), (b"origin", b"https://evil.example")], HOST)


def test_the_public_address_counts_when_a_front_proxy_sends_another_host() -> None:
    assert same_origin({b"origin": b"https://monitor.example"}, "127.0.0.1:8000", PUBLIC)


def test_without_a_public_address_the_host_of_the_request_counts() -> None:
    assert same_origin({b"origin": b"http://127.0.0.1:8000"}, "127.0.0.1:8000")
    assert not same_origin({b"origin": b"http://127.0.0.1:9000"}, "127.0.0.1:8000")
