"""Where webhooks may go."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from swf_remote.alarms.delivery.allowed import Origin, is_public, origin_of, read_allowed


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.8.8.8", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
        "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1", "::", "::1", "fe80::1",
        "fc00::1", "fd12::1", "fec0::1", "ff02::1", "2001:db8::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
        "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2002:a00:1::1",
    ],
)  # fmt: skip
def test_addresses_inside_are_not_public(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", ["8.8.8.8", "130.199.0.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_ordinary_addresses_are_public(address: str) -> None:
    assert is_public(ip_address(address))


def test_the_list_names_hosts_with_https_unless_it_says_otherwise() -> None:
    assert read_allowed(" Chat.Example, b.example:8443 ,http://c.example:8080,,") == {
        Origin("https", "chat.example", 443),
        Origin("https", "b.example", 8443),
        Origin("http", "c.example", 8080),
    }


@pytest.mark.parametrize(
    "entry", ["*.example", "https://a.example/path", "a b", "ftp://a.example", "a@b.example", "a:0"]
)
def test_an_entry_that_is_no_host_is_told(entry: str) -> None:
    with pytest.raises(ValueError, match="holds"):
        read_allowed(f"good.example, {entry}")


def test_a_dot_at_the_end_and_large_letters_make_no_other_host() -> None:
    assert origin_of("HTTPS://Chat.Example.:443/x") == Origin("https", "chat.example", 443)
