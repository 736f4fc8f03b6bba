"""Who is meant by what people type."""

from __future__ import annotations

import pytest

from swf_remote.alarms.routing.addresses import is_address
from swf_remote.alarms.routing.recipients import resolve

TEAMS = {
    "@prodops": "bob@lab.example; carol@lab.example\nALICE@lab.example",
    "@nested": "@prodops dave@lab.example",
    "@empty": " ,\n",
    "@wrong": "nonsense erin@lab.example",
}


@pytest.mark.parametrize(
    "text", ["a@x.example,b@x.example", "a@x.example; b@x.example", " a@x.example\t\r\n b@x.example "]
)
def test_addresses_are_separated_by_commas_semicolons_and_blanks(text: str) -> None:
    assert resolve(text, {}).addresses == ("a@x.example", "b@x.example")


def test_a_team_stands_for_its_members_in_the_place_where_it_is_named() -> None:
    found = resolve("zoe@lab.example @prodops yan@lab.example", TEAMS)
    assert [one.partition("@")[0] for one in found.addresses] == ["zoe", "bob", "carol", "ALICE", "yan"]
    assert found.teams == ("@prodops",)
    assert found.warnings == ()


def test_an_address_counts_once_without_regard_to_case_as_it_was_first_written() -> None:
    assert resolve("alice@lab.example @prodops Bob@LAB.example", TEAMS).addresses == (
        "alice@lab.example", "bob@lab.example", "carol@lab.example",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        ("@unknown", "@unknown: there is no such team"),
        ("@Prodops", "@Prodops: there is no such team"),
        ("@empty", "@empty: the team has no members"),
        ("nonsense", "nonsense: is no e-mail address"),
        ("x\x00y", "'x\\x00y': is no e-mail address"),
    ],
)
def test_what_cannot_be_used_is_told(text: str, warning: str) -> None:
    found = resolve(f"{text} zoe@lab.example", TEAMS)
    assert found.addresses == ("zoe@lab.example",)
    assert found.warnings == (warning,)


def test_a_team_within_a_team_is_not_followed() -> None:
    found = resolve("@nested", TEAMS)
    assert found.addresses == ("dave@lab.example",)
    assert found.warnings == ("@prodops of the team @nested: a team within a team is not followed",)


def test_a_wrong_member_is_told_with_its_team() -> None:
    assert resolve("@wrong", TEAMS).warnings == ("nonsense of the team @wrong: is no e-mail address",)


def test_the_one_on_duty_stands_for_the_team() -> None:
    found = resolve("zoe@lab.example @prodops/oncall", TEAMS, {"@prodops": "carol@lab.example"})
    assert found == (("zoe@lab.example", "carol@lab.example"), (), ("@prodops/oncall",))


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        ("@prodops/oncall", "@prodops/oncall: nobody is on duty; the team has no rotation"),
        ("@unknown/oncall", "@unknown/oncall: there is no such team"),
        ("@empty/oncall", "@empty/oncall: the team has no members"),
        ("@prodops/", "@prodops/: there is no such team"),
        ("@prodops/oncall/oncall", "@prodops/oncall/oncall: there is no such team"),
    ],
)
def test_where_nobody_is_on_duty_that_is_told(text: str, warning: str) -> None:
    assert resolve(text, TEAMS, {"@nested": "dave@lab.example"}) == ((), (warning,), ())


def test_no_text_is_nobody() -> None:
    assert resolve(" ,; \n", TEAMS) == ((), (), ())


@pytest.mark.parametrize(
    "text", ["a@b", "first.last+tag@sub.lab.example", "o'hara@lab-1.example", "a" * 64 + "@x.example"]
)
def test_plain_addresses_are_addresses(text: str) -> None:
    assert is_address(text)


@pytest.mark.parametrize(
    "text",
    [
        "", "a", "@b", "a@", "a@@b", "a@b@c", ".a@b", "a.@b", "a..b@c", "a@-b", "a@b-", "a@b..c", "a b@c", '"a b"@c',
        "a@[127.0.0.1]", "a@b\n", "a\r\nRCPT TO:<e@x>@b", "ä@b", "a@ä", "a@b>", "<a@b>", "a@b,c", "a@" + "b" * 64,
        "a" * 250 + "@x.example",
    ],
)  # fmt: skip
def test_anything_else_is_none(text: str) -> None:
    assert not is_address(text)
