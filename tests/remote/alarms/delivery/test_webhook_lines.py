"""Webhooks as people type them."""

from __future__ import annotations

import pytest

from swf_remote.alarms.delivery.allowed import read_allowed
from swf_remote.alarms.delivery.formats import MOST_HOOKS, Hook, read_hooks, shown

HOOK = "https://chat.example/hooks/secret"


@pytest.mark.parametrize("form", ["json", "mattermost", "slack", "matrix"])
def test_a_line_is_a_format_and_an_address(form: str) -> None:
    assert read_hooks(f"  {form}   {HOOK} ") == ((Hook(form, HOOK),), ())


def test_without_a_format_it_is_our_own() -> None:
    assert read_hooks(HOOK).hooks == (Hook("json", HOOK),)


def test_empty_lines_and_remarks_do_not_count() -> None:
    assert read_hooks(f"\n# the shift's channel\nslack {HOOK}\n\n").hooks == (Hook("slack", HOOK),)


def test_a_fragment_is_left_off() -> None:
    assert read_hooks(f"{HOOK}#x").hooks == (Hook("json", HOOK),)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("teams https://chat.example/x", "'teams' is no format; there are json, mattermost, slack, matrix"),
        ("slack", "write a format and an address"),
        ("slack https://a.example/ x", "write a format and an address"),
        ("slack ftp://chat.example/x", "it is no https address"),
        ("slack https://u:p@chat.example/x", "it holds a user name"),
        ("slack https://chat.example/\x00", "it holds characters that no address has"),
        ("slack https://chät.example/", "it holds characters that no address has"),
        ("slack https://chat.example:99999/", "Port out of range"),
        (f"slack https://chat.example/{'x' * 2000}", "write a format and an address"),
    ],
)
def test_a_line_that_cannot_be_used_is_told_with_its_number(line: str, words: str) -> None:
    hooks, warnings = read_hooks(f"slack {HOOK}\n{line}")
    assert hooks == (Hook("slack", HOOK),)
    assert len(warnings) == 1
    assert warnings[0].startswith("Webhook in line 2 cannot be used: ")
    assert words in warnings[0]


def test_an_address_counts_once() -> None:
    hooks, warnings = read_hooks(f"slack {HOOK}\njson {HOOK}")
    assert hooks == (Hook("slack", HOOK),)
    assert "twice" in warnings[0]


def test_an_alarm_has_a_bounded_number() -> None:
    hooks, warnings = read_hooks("\n".join(f"https://chat.example/{number}" for number in range(MOST_HOOKS + 2)))
    assert len(hooks) == MOST_HOOKS
    assert len(warnings) == 2


def test_an_address_that_the_operator_does_not_list_is_told_when_the_list_is_given() -> None:
    allowed = read_allowed("chat.example, chat.example:8443, http://plain.example")
    good = "https://chat.example/x\nhttps://chat.example:8443/x\nhttp://plain.example/x"
    assert read_hooks(good, allowed).warnings == ()
    bad = "http://chat.example/x\nhttps://chat.example:8444/x\nhttps://plain.example/x\nhttps://other.example/x"
    assert len(read_hooks(bad, allowed).warnings) == 4


def test_what_is_shown_of_an_address_holds_no_secret() -> None:
    assert shown("https://chat.example:8443/hooks/secret?token=secret") == "https://chat.example:8443/…"
    assert shown("no address") == "an address that cannot be read"
