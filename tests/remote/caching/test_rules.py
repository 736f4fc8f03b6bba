"""What single fields of an answer mean for keeping it."""

from __future__ import annotations

import pytest

from swf_remote.proxy.caching import rules
from swf_remote.proxy.caching.entry import Front, facts_of
from swf_remote.proxy.caching.rules import Facts, Terms, Use

NOW = 1_800_000_000.0
TERMS = Terms(10.0, while_revalidating=10.0, on_error=86_400.0)


def facts(*fields: tuple[bytes, bytes], status: int = 200) -> Facts:
    return facts_of(status, fields, NOW, NOW)[0]


@pytest.mark.parametrize("age", [b"abc", b"-7200", b"7200.0", b"0;a=1", b"0, 0", b""])
def test_an_age_that_is_no_single_number_makes_the_answer_stale(age: bytes) -> None:
    kept = facts((b"cache-control", b"max-age=3600"), (b"age", age))
    assert rules.verdict(kept, TERMS, NOW).use is Use.VALIDATE


def test_two_lines_of_age_make_the_answer_stale() -> None:
    kept = facts((b"cache-control", b"max-age=3600"), (b"age", b"0"), (b"age", b"7200"))
    assert rules.verdict(kept, TERMS, NOW).use is Use.VALIDATE


def test_an_age_counts_against_the_lifetime() -> None:
    kept = facts((b"cache-control", b"max-age=3600"), (b"age", b" 3000 "))
    found = rules.verdict(kept, TERMS, NOW)
    assert (found.use, found.age) == (Use.FRESH, 3000)
    assert rules.verdict(kept, TERMS, NOW + 601).use is Use.VALIDATE


@pytest.mark.parametrize(("status", "stored"), [(200, True), (599, False)])
def test_what_must_be_understood_is_kept_only_with_a_known_status(status: int, stored: bool) -> None:
    answer = facts((b"cache-control", b"max-age=3600, must-understand"), status=status)
    assert rules.may_store("GET", {}, answer, TERMS) is stored


@pytest.mark.parametrize("status", [502, 503, 504])
def test_an_old_failure_does_not_stand_in_for_a_newer_one(status: int) -> None:
    kept = facts((b"cache-control", b"max-age=2"), status=status)
    assert not rules.verdict(kept, TERMS, NOW + 3).on_error


def test_a_304_leaves_digests_of_the_body_alone() -> None:
    kept = facts((b"content-md5", b"first"), (b"x-note", b"first"))
    news = facts((b"content-md5", b"second"), (b"x-note", b"second"), status=304)
    found = rules.freshened(kept, news).headers
    assert (found[b"content-md5"], found[b"x-note"]) == (b"first", b"second")


@pytest.mark.parametrize(
    ("old", "told", "after"),
    [
        (b"text/plain", b"text/plain;charset=utf-8", b"text/plain;charset=utf-8"),
        (b"text/plain", b"text/csv", b"text/plain"),
        (b"text/html", b"text/html;charset=utf-16", b"text/html"),
    ],
)
def test_a_304_may_rename_only_what_was_read_as_no_language(old: bytes, told: bytes, after: bytes) -> None:
    front = Front(facts((b"content-type", old)), ((b"content-type", old),))
    renamed = front.freshened(facts((b"content-type", told), status=304))
    assert renamed.facts.headers[b"content-type"] == after
    assert (b"content-type", after) in renamed.fields
