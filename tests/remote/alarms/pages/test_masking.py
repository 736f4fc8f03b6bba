"""Addresses are hidden in whatever form they stand on a page."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swf_remote.alarms.pages.masking import HIDDEN, public_facts, without_addresses


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("write to a.b@example.org, now", f"write to {HIDDEN}, now"),
        ('href="?q=a.b%40example.org&x"', f'href="?q={HIDDEN}&x"'),
        ("a&#64;example.org", HIDDEN),
        ("<b>x+y@sub.example.org</b>", f"<b>{HIDDEN}</b>"),
        ("@prodops and task@BNL stay", "@prodops and task@BNL stay"),
        ("\N{LATIN SMALL LETTER U WITH DIAERESIS}x@ex\N{LATIN SMALL LETTER A WITH DIAERESIS}mple.org", HIDDEN),
    ],
)
def test_addresses_are_hidden(text: str, masked: str) -> None:
    assert without_addresses(text) == masked


@given(st.emails(domains=st.sampled_from(["example.org", "a.b.example"])), st.text(max_size=30), st.text(max_size=30))
def test_the_domain_of_no_address_is_left(address: str, before: str, after: str) -> None:
    domain = address.rpartition("@")[2]
    assert f"@{domain}" not in without_addresses(f"{before} {address} {after}".replace(f"@{domain}", f"x@{domain}"))


def test_long_texts_cost_little() -> None:
    begin = time.process_time()
    without_addresses("a" * 300_000 + "@" + "b" * 300_000)
    without_addresses("a@" * 300_000)
    assert time.process_time() - begin < 2


def test_whom_a_message_went_to_is_left_out_of_imported_facts() -> None:
    facts = {"recipients": ["a"], "per": [{"recipients": "b", "subject": "s"}], "n": 1}
    assert public_facts(facts) == {"per": [{"subject": "s"}], "n": 1}
