"""What the outer layer believes of a request's headers: nothing about identity, addresses only from front proxies."""

from __future__ import annotations

import ipaddress
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swf_remote.edge.exchange import KEY
from swf_remote.edge.intake import cleaned, is_trusted, reader_address

PROXIES = (ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("::1/128"))


def scope(*headers: tuple[bytes, bytes], peer: str | None = "203.0.113.5") -> dict[str, object]:
    client = (peer, 40000) if peer else None
    return {
        "type": "http",
        "headers": headers,
        "client": client,
        "scheme": "http",
        "path": "/prod/ä b",
        "raw_path": None,
    }


@pytest.mark.parametrize(
    ("peer", "chain", "address"),
    [
        ("203.0.113.5", "198.51.100.1", "203.0.113.5"),
        ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "192.0.2.66, 198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "198.51.100.1, 10.0.0.2", "198.51.100.1"),
        ("10.0.0.1", "nonsense, 10.0.0.2", "10.0.0.2"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("::1", "2001:db8::7", "2001:db8::7"),
        ("::ffff:10.0.0.1", "198.51.100.1", "198.51.100.1"),
    ],
)
def test_the_nearest_address_that_is_no_front_proxy_counts(peer: str, chain: str, address: str) -> None:
    assert reader_address(peer, [(b"x-forwarded-for", chain.encode())], PROXIES) == address


def test_repeated_lines_are_one_chain() -> None:
    lines = [(b"x-forwarded-for", b"192.0.2.66"), (b"x-forwarded-for", b"198.51.100.1")]
    assert reader_address("10.0.0.1", lines, PROXIES) == "198.51.100.1"


@given(st.lists(st.ip_addresses().map(str)), st.ip_addresses().map(str))
def test_nothing_that_a_stranger_says_changes_the_address(chain: list[str], peer: str) -> None:
    if not is_trusted(peer, PROXIES):
        assert reader_address(peer, [(b"x-forwarded-for", ", ".join(chain).encode())], PROXIES) == peer


@given(st.lists(st.tuples(st.binary(max_size=30), st.binary(max_size=30)), max_size=20))
def test_only_plain_names_get_in_and_none_that_asserts_something(headers: list[tuple[bytes, bytes]]) -> None:
    names = [name for name, _ in cleaned(scope(*headers), PROXIES)["headers"]]
    assert all(re.fullmatch(rb"[a-z0-9-]+", name) for name in names)
    assert not any(name.startswith(b"x-forwarded-") or name in (b"x-remote-user", b"forwarded") for name in names)
    assert names.count(b"x-request-id") == 1


def test_a_server_without_a_raw_path_or_a_client_is_borne() -> None:
    found = cleaned(scope(peer=None), PROXIES)
    assert found["raw_path"] == b"/prod/%C3%A4%20b"
    assert found[KEY].request_id


@pytest.mark.parametrize(
    ("said", "scheme"), [(b"https", "https"), (b"HTTPS", "https"), (b"gopher", "http"), (b"", "http")]
)
def test_a_front_proxy_tells_the_scheme(said: bytes, scheme: str) -> None:
    assert cleaned(scope((b"X-Forwarded-Proto", said), peer="10.0.0.1"), PROXIES)["scheme"] == scheme
